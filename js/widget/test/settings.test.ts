/** What the host may wish for, and what of it makes no sense. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { colourOf } from "../src/heatmap/colours";
import { cellsFor } from "../src/heatmap/window";
import { settingsIn } from "../src/style/settings";

const USUAL = { fontScale: 1, colours: "blue-orange", cells: 256, liveRate: 0 };

test("a host that says nothing gets the usual", () => {
  assert.deepEqual(
    settingsIn(() => ""),
    USUAL,
  );
});

test("what a stylesheet says is taken, with its blanks", () => {
  const said: Record<string, string> = {
    "--paramwidget-font-scale": " 1.75",
    "--paramwidget-colours": " grey ",
    "--paramwidget-cells": "64",
    "--paramwidget-live-rate": "2.5",
  };
  assert.deepEqual(
    settingsIn((property) => said[property] ?? ""),
    { fontScale: 1.75, colours: "grey", cells: 64, liveRate: 2.5 },
  );
});

test("nonsense is as ever, and too much is the most there is", () => {
  assert.deepEqual(
    settingsIn(() => "red"),
    USUAL,
  );
  const { fontScale, cells, liveRate } = settingsIn(() => "100000");
  assert.deepEqual([fontScale, cells, liveRate], [4, 256, 30]);
});

test("fewer cells may be asked for", () => {
  assert.equal(cellsFor(1000, 1000, 64), 62);
  assert.equal(cellsFor(40, 1000, 64), 40);
});

test("every pair of colours tells the sign and the size", () => {
  for (const colours of ["blue-orange", "purple-green", "grey"] as const) {
    const seen = [-1, -0.5, 0, 0.5, 1].map((value) =>
      colourOf(value, [-1, 1], "light", colours).join(),
    );
    assert.equal(new Set(seen).size, 5, colours);
  }
});
