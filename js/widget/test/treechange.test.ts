/** Trees and their changes that Python wrote (tests/conversation/test_tree_change.py). */

import assert from "node:assert/strict";
import { test } from "node:test";
import golden from "../../../tests/contract/tree_changes.json";
import type { Tree, TreeChange } from "../../shared/protocol";
import { TreeModel } from "../src/store/tree";
import { changedTree } from "../src/store/treechange";

interface Golden {
  name: string;
  before: Tree;
  change: TreeChange;
  after: Tree;
}

for (const { name, before, change, after } of golden as unknown as Golden[]) {
  test(`a change leads to the tree that Python has: ${name}`, () => {
    const kept = structuredClone(before);
    assert.deepEqual(changedTree(new TreeModel(before), change), after);
    assert.deepEqual(before, kept, "the tree that was is left as it was");
    assert.equal(new TreeModel(after).size, after.names.length);
  });
}
