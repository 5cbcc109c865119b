import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { elementsBetween, indexToPlane, isGap, planeToIndex } from "../../shared/layout";
import type { Layout } from "../../shared/protocol";

type Place = [row: number, col: number, sliders: number[], index: number[] | null];

/** Written by Python. Tests run in js/. */
const GOLDEN: (Layout & { cells: Place[] })[] = JSON.parse(
  readFileSync("../tests/contract/layout.json", "utf8"),
);

for (const { cells, ...layout } of GOLDEN) {
  test(`the plane of (${layout.shape}) is Python's`, () => {
    for (const [row, col, sliders, index] of cells) {
      assert.deepEqual(planeToIndex(layout, row, col, sliders), index, `${row}, ${col}`);
      assert.equal(isGap(layout, 0, row) || isGap(layout, 1, col), index === null);
      if (index) assert.deepEqual(indexToPlane(layout, index), { row, col, sliders });
    }
  });

  test(`outside of (${layout.shape}) there is nothing`, () => {
    assert.equal(planeToIndex(layout, layout.rows, 0), null);
    assert.equal(planeToIndex(layout, 0, layout.cols), null);
    assert.equal(planeToIndex(layout, -1, 0), null);
    if (layout.shape.length) assert.equal(indexToPlane(layout, layout.shape), null);
    assert.equal(indexToPlane(layout, [...layout.shape, 0]), null);
  });

  test(`rows and columns of (${layout.shape}) without the gaps are its elements`, () => {
    const rows = elementsBetween(layout, 0, 0, layout.rows);
    const cols = elementsBetween(layout, 1, 0, layout.cols);
    const shown = layout.sliders.reduce((count, size) => count / Math.max(1, size), 1);
    const all = layout.shape.reduce((count, size) => count * size, 1);
    if (all) assert.equal(rows * cols, Math.round(all * shown));
  });
}
