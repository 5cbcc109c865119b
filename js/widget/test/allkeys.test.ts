import assert from "node:assert/strict";
import { test } from "node:test";
import { HEATMAP_KEYS } from "../src/heatmap/keys";
import { ANYWHERE_KEYS } from "../src/keys";
import { KEY_LIST, marksOf } from "../src/shell/allkeys";
import { TREE_KEYS } from "../src/tree/keys";

/** Keys of the tables, as they are called on a keyboard. */
const MARKS: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  PageUp: "PgUp",
  PageDown: "PgDn",
  Escape: "Esc",
  " ": "Space",
  "-": "−",
  "=": "+", // the same key, without Shift
  z: "Z",
  y: "Y",
};

/** "Alt+=" as the list has it: "Alt+−". */
function written(name: string): string {
  return name
    .split(/\+(?=.)/)
    .map((key) => MARKS[key] ?? key)
    .join("+");
}

function listed(where: string): Set<string> {
  const group = KEY_LIST.find((found) => found.where === where);
  return new Set(group?.lines.flatMap(([keys]) => keys.split(" ")));
}

/** Each table, and what the list has beside it: keys that are text, or typed ahead. */
const TABLES: [where: string, table: object, more: string[]][] = [
  ["Tree", TREE_KEYS, ["a–z", "0–9"]],
  ["Picture", HEATMAP_KEYS, ["0–9"]],
  ["Anywhere", ANYWHERE_KEYS, []],
];

for (const [where, table, more] of TABLES) {
  test(`${where}: every key that does something is listed, and no other`, () => {
    const wanted = new Set([...Object.keys(table).map(written), ...more]);
    assert.ok(wanted.size > more.length);
    assert.deepEqual([...listed(where)].sort(), [...wanted].sort());
  });
}

test("keys pressed together are one mark each", () => {
  assert.deepEqual(marksOf("Ctrl+Shift+Z"), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(marksOf("Alt++"), ["Alt", "+"]);
  assert.deepEqual(marksOf("+"), ["+"]);
});

test("no line is there twice", () => {
  for (const { lines } of KEY_LIST) {
    assert.equal(new Set(lines.map(([keys]) => keys)).size, lines.length);
  }
});
