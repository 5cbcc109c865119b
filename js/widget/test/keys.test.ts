import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stroke, staysInside } from "../src/keys";

function stroke(keys: string): Stroke {
  const parts = keys.split("+");
  const [ctrlKey, metaKey, altKey, shiftKey] = ["Ctrl", "Cmd", "Alt", "Shift"].map((modifier) =>
    parts.includes(modifier),
  ) as [boolean, boolean, boolean, boolean];
  return { key: parts.at(-1) ?? "", ctrlKey, metaKey, altKey, shiftKey };
}

const CASES: [keys: string, inTree: boolean, inText: boolean][] = [
  ["b", true, true],
  ["x", true, true],
  ["ArrowDown", true, true],
  ["Enter", true, true],
  ["Shift+Enter", true, true],
  ["Escape", true, true],
  ["Backspace", true, true],
  [" ", true, true],
  ["Ctrl+z", true, true],
  ["Ctrl+Shift+Z", true, true],
  ["Cmd+z", true, true],
  ["Ctrl+y", true, true],
  ["Ctrl+c", false, true],
  ["Ctrl+v", false, true],
  ["Ctrl+ArrowLeft", false, true],
  ["Ctrl+s", false, false],
  ["Cmd+s", false, false],
  ["Ctrl+Shift+C", false, true],
  ["Ctrl+k", false, false],
  ["Alt+ArrowLeft", false, true],
  ["Tab", false, false],
  ["Shift+Tab", false, false],
  ["F5", false, false],
  ["Control", false, false],
];

for (const [keys, inTree, inText] of CASES) {
  test(`${keys} stays inside: in the tree ${inTree}, in a field ${inText}`, () => {
    assert.equal(staysInside(stroke(keys), false), inTree);
    assert.equal(staysInside(stroke(keys), true), inText);
  });
}
