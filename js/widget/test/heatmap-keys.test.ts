import assert from "node:assert/strict";
import { test } from "node:test";
import { press, type Steered } from "../src/heatmap/keys";

/** What a key does, in words. */
function pressed(
  key: string,
  typing = false,
  modifiers: Partial<KeyboardEvent> = {},
  selected = false,
) {
  const done: string[] = [];
  const note =
    (name: string) =>
    (...values: unknown[]) => {
      done.push([name, ...values].join(" "));
    };
  const heatmap: Steered = {
    selected: typing || selected,
    typing,
    step: note("step"),
    page: note("page"),
    rowEnd: note("rowEnd"),
    corner: note("corner"),
    enter: note("enter"),
    type: note("type"),
    leave: () => typing,
    zoom: note("zoom"),
    fit: note("fit"),
  };
  const event = { key, ctrlKey: false, metaKey: false, altKey: false, ...modifiers };
  const taken = press(event as KeyboardEvent, heatmap);
  return taken ? done.join() : null;
}

const TABLE: [key: string, does: string][] = [
  ["ArrowUp", "step -1 0"],
  ["ArrowDown", "step 1 0"],
  ["ArrowLeft", "step 0 -1"],
  ["ArrowRight", "step 0 1"],
  ["PageUp", "page -1"],
  ["PageDown", "page 1"],
  ["Home", "rowEnd -1"],
  ["End", "rowEnd 1"],
  ["Enter", "enter"],
  ["F2", "enter"],
];

for (const [key, does] of TABLE) {
  test(`${key}: ${does}, with and without a selected cell`, () => {
    assert.equal(pressed(key), does);
    assert.equal(pressed(key, true), does);
  });
}

test("Ctrl+Home and Ctrl+End go to the corners", () => {
  assert.equal(pressed("Home", true, { ctrlKey: true }), "corner -1");
  assert.equal(pressed("End", false, { metaKey: true }), "corner 1");
});

test("+ − 0 zoom while nothing is selected, and begin a number where a cell is", () => {
  assert.equal(pressed("+"), "zoom 1");
  assert.equal(pressed("="), "zoom 1");
  assert.equal(pressed("-"), "zoom -1");
  assert.equal(pressed("0"), "fit");
  for (const key of "+-0.7naitf")
    assert.equal(pressed(key, true), key === "a" ? null : `type ${key}`);
});

test("with Alt they zoom always", () => {
  const alt = { altKey: true };
  assert.equal(pressed("+", true, alt), "zoom 1");
  assert.equal(pressed("-", true, alt), "zoom -1");
  assert.equal(pressed("0", true, alt), "fit");
});

test("Escape is the shell's where nothing is selected", () => {
  assert.equal(pressed("Escape", true), "");
  assert.equal(pressed("Escape", false), null);
});

test("where a selected cell cannot be typed in, a number asks for the reason", () => {
  assert.equal(pressed("7", false, {}, true), "type 7");
  assert.equal(pressed("0", false, {}, true), "fit");
});

test("what means nothing here is left to others", () => {
  for (const key of ["b", "x", "Tab", "/"]) assert.equal(pressed(key, true), null);
  for (const key of ["s", "z", "1"]) assert.equal(pressed(key, true, { ctrlKey: true }), null);
  assert.equal(pressed("7"), null);
});
