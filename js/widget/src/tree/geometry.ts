/** Where the rows of the tree are, in pixels: in a narrow tree a tensor may need two lines. */

import type { TreeModel } from "../store/tree";

export interface Heights {
  short: number;
  tall: number;
}

/** Modules and empty slots have nothing for a second line. */
export function isTall(tree: TreeModel, row: number): boolean {
  return !tree.isModule(row) && tree.kind(row) !== "none";
}

/** `tops[i]` is where row i of the visible ones begins; the last entry is the height of all. */
export function topsOf(
  visible: Int32Array,
  tree: TreeModel | null,
  heights: Heights,
): Float64Array {
  const tops = new Float64Array(visible.length + 1);
  for (let i = 0; i < visible.length; i++) {
    const height = tree && isTall(tree, visible[i] ?? 0) ? heights.tall : heights.short;
    tops[i + 1] = (tops[i] ?? 0) + height;
  }
  return tops;
}

/** The index of the row that covers the height `y`. */
export function indexAt(tops: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where to scroll so that a row is on screen, moving as little as can be. */
export function scrolledTo(tops: Float64Array, index: number, scroll: number, height: number) {
  const top = tops[index] ?? 0;
  const bottom = tops[index + 1] ?? top;
  if (top < scroll) return top;
  return bottom > scroll + height ? bottom - height : scroll;
}
