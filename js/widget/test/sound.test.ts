/** What is no tree, or of another version, is refused with a sentence; the page goes on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import golden from "../../../tests/contract/tree_changes.json";
import type { ToBrowser, Tree } from "../../shared/protocol";
import { parseFilter } from "../src/store/filter";
import { flawOf } from "../src/store/sound";
import type { Store } from "../src/store/store";
import { TreeModel } from "../src/store/tree";
import { Kernel, NET, started, treeMessage } from "./store-kit";

const GOOD = treeMessage(NET);
const ROWS = GOOD.names.length;

function bent(change: (tree: Record<string, unknown[]>) => unknown): Tree {
  const tree = structuredClone(GOOD);
  change(tree as unknown as Record<string, unknown[]>);
  return tree;
}

const sizeOf = ({ tree }: Pick<Store, "tree">) => tree.value?.size ?? 0;

const BENT: Record<string, Tree> = {
  "a row that is its own parent": bent(({ parents }) => parents?.splice(2, 1, 2)),
  "two rows that are each other's parents": bent(({ parents }) => parents?.splice(1, 2, 2, 1)),
  "a parent that comes later": bent(({ parents }) => parents?.splice(2, 1, 5)),
  "a parent that is not above": bent(({ parents }) => parents?.splice(ROWS - 1, 1, 2)),
  "a parent far beyond": bent(({ parents }) => parents?.splice(2, 1, 2 ** 31)),
  "a root that has a parent": bent(({ parents }) => parents?.splice(0, 1, 0)),
  "two roots": bent(({ parents }) => parents?.splice(1, 1, -1)),
  "a fraction": bent(({ parents }) => parents?.splice(2, 1, 0.5)),
  "a negative count": bent(({ counts }) => counts?.splice(2, 1, -4)),
  "a count beyond 2**53": bent(({ counts }) => counts?.splice(2, 1, 2 ** 53)),
  "a text for a number": bent(({ parents }) => parents?.splice(2, 1, "1")),
  NaN: bent(({ parents }) => parents?.splice(2, 1, Number.NaN)),
  "a hole": bent(({ parents }) => delete parents?.[2]),
  "a name that is null": bent(({ names }) => names?.splice(2, 1, null)),
  "a short column": bent(({ states }) => states?.pop()),
  "a long column": bent(({ names }) => names?.push("more")),
  "a missing column": bent((tree) => delete tree.kinds),
  "a column that is a text": bent((tree) => Object.assign(tree, { names: "abc" })),
  "a type that is not there": bent(({ type_of }) => type_of?.splice(2, 1, 99)),
  "a size that is negative": bent(({ shapes }) => shapes?.splice(2, 1, [-1])),
  "a tie with no row": bent((tree) =>
    Object.assign(tree, { ties: [{ kind: "same", rows: [99] }] }),
  ),
  "ties that are null": bent((tree) => Object.assign(tree, { ties: null })),
  "notes that are null": bent((tree) => Object.assign(tree, { notes: null })),
  "nothing but a kind": { kind: "tree" } as Tree,
};

for (const [name, tree] of Object.entries(BENT)) {
  test(`no tree: ${name}`, () => {
    assert.notEqual(flawOf(tree), "");
    const kernel = new Kernel();
    kernel.kept = [{ content: tree, buffers: [] }];
    const { store, end } = started(kernel);
    assert.equal(sizeOf(store), 0);
    assert.match(store.status.value.notice, /saved picture cannot be read.*Run the cell again/);
    kernel.speak({ kind: "status", busy: false, waiting: 0, polls: false, notice: "" });
    kernel.speak(GOOD);
    assert.equal(sizeOf(store), ROWS, "the kernel's own tree is taken");
    assert.equal(store.status.value.notice, "");
    kernel.speak(tree);
    assert.equal(sizeOf(store), ROWS, "and stays");
    assert.match(store.status.value.notice, /cannot read the tree/);
    assert.equal(store.trouble.value, "", "it is said once");
    kernel.speak(GOOD);
    assert.equal(store.status.value.notice, "");
    end();
  });
}

test("every tree that Python wrote is one", () => {
  for (const { before, after } of golden as unknown as { before: Tree; after: Tree }[]) {
    assert.equal(flawOf(before), "");
    assert.equal(flawOf(after), "");
  }
  assert.equal(flawOf(GOOD), "");
  assert.equal(flawOf({ ...GOOD, revision: -1 }), "");
});

for (const [name, content] of Object.entries({
  "a kind that is not known": { kind: "tree2", rows: [] },
  "another shape of a known kind": { kind: "panels", open: [] },
  "panels that are none": { kind: "panels", panels: 3, closed: null },
})) {
  test(`a saved message of another version: ${name}`, () => {
    const kernel = new Kernel();
    kernel.kept = [
      { content: GOOD, buffers: [] },
      { content: content as unknown as ToBrowser, buffers: [] },
    ];
    const { store, end } = started(kernel);
    assert.equal(sizeOf(store), ROWS, "what can be read is shown");
    assert.match(store.status.value.notice, /of another version/);
    end();
  });
}

test("a change that leads to no tree leaves the present one", () => {
  const [first] = golden as unknown as { before: Tree; change: ToBrowser }[];
  if (!first) throw new Error("there is no change");
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(first.before);
  const { size } = store.tree.value ?? { size: 0 };
  for (const wrong of [{ start: -3 }, { rows: {} }, { removed: 0.5, start: 1e9 }]) {
    kernel.speak({ ...first.change, ...wrong } as ToBrowser);
    assert.equal(store.tree.value?.size, size);
  }
  end();
});

test("a glob with many stars takes no more than its length times that of a name", () => {
  const name = "a".repeat(20_000);
  const tree = new TreeModel(
    treeMessage({ name: "", type: "Net", children: [{ name: `${name}.weight` }] }),
  );
  for (const glob of [`${"*a".repeat(400)}b`, `*${"a*".repeat(400)}?b`, "?*".repeat(900)]) {
    const { matches } = parseFilter(glob, tree);
    assert.equal(matches?.(1), !glob.endsWith("b"));
  }
  const { matches } = parseFilter("a*a.w?igh*", tree);
  assert.equal(matches?.(1), true);
  for (const [glob, found] of [
    ["*", true],
    ["*weight", true],
    ["a*x", false],
    ["?", false],
  ] as const)
    assert.equal(parseFilter(glob, tree).matches?.(1), found, glob);
});
