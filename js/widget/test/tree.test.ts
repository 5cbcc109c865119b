import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { parseFilter } from "../src/store/filter";
import { Rows } from "../src/store/rows";
import { TreeModel } from "../src/store/tree";
import { barsPath } from "../src/style/bars";
import { indexAt, scrolledTo, topsOf } from "../src/tree/geometry";
import { readable, shapeText } from "../src/tree/names";
import { NET, treeMessage } from "./store-kit";

// 0 Sequential, 1 "0", 2 0.weight, 3 0.bias, 4 "1", 5 "2", 6 2.weight, 7 "3", 8 3.weight
const TREE = new TreeModel(treeMessage(NET));

function rowsOf(tree = TREE) {
  const model = signal<TreeModel | null>(tree);
  return { rows: new Rows(model), model };
}

function found(text: string): number[] {
  const { matches } = parseFilter(text, TREE);
  return [...Array(TREE.size).keys()].filter((row) => matches?.(row));
}

test("rows know their place among their siblings", () => {
  assert.deepEqual([...TREE.depth], [0, 1, 2, 2, 1, 1, 2, 1, 2]);
  assert.deepEqual([...TREE.end], [9, 4, 3, 4, 5, 7, 7, 9, 9]);
  assert.deepEqual([...TREE.setSize], [1, 4, 2, 2, 4, 4, 1, 4, 1]);
  assert.deepEqual([...TREE.positionInSet], [1, 1, 1, 2, 2, 3, 1, 4, 1]);
  assert.deepEqual(TREE.children(0), [1, 4, 5, 7]);
});

test("paths lead to rows and back", () => {
  for (let row = 0; row < TREE.size; row++) assert.equal(TREE.row(TREE.path(row)), row);
  assert.equal(TREE.dotted(8), "3.weight");
  assert.equal(TREE.row(["3", "bias"]), -1);
  assert.equal(TREE.row(["9", "weight"]), -1);
});

test("tie groups have letters beside their colours", () => {
  const [group] = TREE.tiesOf(8);
  assert.deepEqual(group?.rows, [6, 8]);
  assert.equal(group?.label, "A");
  assert.deepEqual(TREE.tiesOf(2), []);
  const many = treeMessage(NET);
  many.ties = Array.from({ length: 30 }, () => ({ kind: "same" as const, rows: [2, 3] }));
  assert.equal(new TreeModel(many).ties[27]?.label, "AB");
});

test("a shared module is a group after those of tensors, and is not called tied", () => {
  const message = treeMessage(NET);
  message.shared_modules = [{ rows: [5, 7], proof: "net[2] is net[3]" }];
  const tree = new TreeModel(message);
  const [group] = tree.tiesOf(7);
  assert.deepEqual(group && [group.kind, group.index, group.rows], ["module", 1, [5, 7]]);
  assert.equal(group?.proof, "net[2] is net[3]");
  assert.equal(tree.tiesOf(6)[0]?.label, "A");
  const { matches } = parseFilter("tied", tree);
  assert.deepEqual(
    [6, 7, 8].filter((row) => matches?.(row)),
    [6, 8],
  );
});

const FILTERS: [string, number[]][] = [
  ["weight", [2, 6, 8]],
  ["WEIGHT", [2, 6, 8]],
  ["0.w", [2]],
  ["*.weight", [2, 6, 8]],
  ["?.bias", [3]],
  ["weigh*", []],
  ["sequential", [0]],
  ["type:Linear", [1, 2, 3, 5, 6]],
  ["type:lazy", [7, 8]],
  ["type:*linear", [1, 2, 3, 5, 6, 7, 8]],
  ["shape:256x20", [2]],
  ["shape:256,*", [2]],
  ["shape:*x256", [6, 8]],
  ["shape:(256)", [3]],
  ["dtype:bf", [8]],
  ["frozen", [3]],
  ["tied", [6, 8]],
  ["tied dtype:float32", [6]],
  ["type:Linear shape:10,256 tied", [6]],
  ["name:tied", []],
  ["a.b[c", []],
];

for (const [text, rows] of FILTERS) {
  test(`the filter "${text}"`, () => assert.deepEqual(found(text), rows));
}

test("a filter that is wrong or unfinished is no error that throws", () => {
  assert.equal(parseFilter("  ", TREE).matches, null);
  assert.match(parseFilter("shape:big", TREE).problem, /256x20/);
  assert.equal(parseFilter("shape:big", TREE).matches, null);
  assert.equal(found("type:").length, TREE.size);
  assert.equal(found("unknown:word").length, 0);
});

test("rows are folded and unfolded, and the filter shows matches with those above them", () => {
  const { rows } = rowsOf();
  assert.deepEqual([...rows.visible.value], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  rows.setOpen([1, 7], false);
  assert.deepEqual([...rows.visible.value], [0, 1, 4, 5, 6, 7]);
  rows.setFilter("bias");
  assert.deepEqual([...rows.visible.value], [0, 1, 3]);
  assert.deepEqual([...(rows.matching.value ?? [])], [1, 1, 0, 2, 0, 0, 0, 0, 0]);
  rows.setOpen([1], false);
  assert.deepEqual([...rows.visible.value], [0, 1]);
  rows.setFilter("");
  assert.deepEqual([...rows.visible.value], [0, 1, 4, 5, 6, 7]);
});

test("the focus follows its path through another structure, and hides with what hides it", () => {
  const { rows, model } = rowsOf();
  rows.setFocus(8);
  const other = { ...NET, children: NET.children?.slice(2) ?? [] };
  model.value = new TreeModel(treeMessage(other, 2));
  assert.equal(rows.focus.value, 4);
  rows.setOpen([3], false);
  assert.equal(rows.focus.value, 3);
  model.value = null;
  assert.equal(rows.focus.value, 0);
});

test("a row is revealed through folded modules and a filter that leaves it out", () => {
  const { rows } = rowsOf();
  rows.setOpen([0, 7], false);
  rows.setFilter("bias");
  rows.reveal(["3", "weight"]);
  assert.equal(rows.focus.value, 8);
  assert.equal(rows.filter.value, "");
  rows.reveal(["nowhere"]);
  assert.equal(rows.focus.value, 8);
});

test("a tree of 100,000 rows is filtered and walked whole", () => {
  const children = Array.from({ length: 33_333 }, (_, n) => ({
    name: `${n}`,
    type: "Linear",
    children: [{ name: "weight" }, { name: "bias" }],
  }));
  const big = new TreeModel(treeMessage({ name: "", type: "Big", children }));
  const { rows } = rowsOf(big);
  assert.equal(rows.visible.value.length, 33_334); // of a large tree the upper level only
  rows.setFilter("*.bias");
  assert.equal(rows.visible.value.length, 66_667);
  assert.equal(big.row(["33332", "bias"]), 99_999);
});

test("rows of two heights: where each stands, and which is at a height", () => {
  const tops = topsOf(Int32Array.of(0, 1, 2, 3), TREE, { short: 20, tall: 50 });
  assert.deepEqual([...tops], [0, 20, 40, 90, 140]);
  assert.deepEqual(
    [-5, 0, 19, 20, 89, 90, 500].map((y) => indexAt(tops, y)),
    [0, 0, 0, 1, 2, 3, 3],
  );
  assert.equal(indexAt(new Float64Array(1), 7), 0);
  assert.equal(scrolledTo(tops, 3, 0, 100), 40);
  assert.equal(scrolledTo(tops, 1, 60, 100), 20);
  assert.equal(scrolledTo(tops, 2, 30, 100), 30);
});

test("names are made readable, never trusted", () => {
  assert.equal(readable("a\nb\tc"), "a⏎b⇥c");
  assert.equal(readable("a\u0000\u007f"), "a⟨U+0000⟩⟨U+007F⟩");
  assert.equal(readable("safe\u202egpj.exe\u2066"), "safe⟨U+202E⟩gpj.exe⟨U+2066⟩");
  assert.equal(readable("half\ud800"), "half⟨U+D800⟩");
  assert.equal(readable(""), '""');
  assert.equal(readable("  "), '"  "');
  assert.equal(readable("x".repeat(10_000)).length, 240);
  assert.equal(readable("שלום 🎉"), "שלום 🎉");
  assert.equal(shapeText([256, 20]), "256 × 20");
  assert.equal(shapeText([]), "scalar");
});

test("a bar that holds anything is seen", () => {
  const room = { width: 64, height: 18, hairline: 1 };
  assert.equal(barsPath([0, 0], room), "");
  assert.equal(barsPath([1 / 255, 1], room), "M0 18v-1h32V18zM32 18v-18h32V18z");
});
