/** Makes the tree that a change leads to out of the one it was. */

import type { Tree, TreeChange, TreeRows } from "../../../shared/protocol";
import type { TreeModel } from "./tree";

export function changedTree({ message, depth }: TreeModel, change: TreeChange): Tree {
  const { kind: _, before: __, start, removed, rows, changed, changed_rows, ...whole } = change;
  const before: TreeRows = { ...message, depths: [...depth] };
  const column = (name: keyof TreeRows) => {
    const old: unknown[] = before[name];
    const now = [...old.slice(0, start), ...rows[name], ...old.slice(start + removed)];
    for (const [at, row] of changed.entries()) now[row] = changed_rows[name][at];
    return [name, now];
  };
  const names = Object.keys(rows) as (keyof TreeRows)[];
  const { depths, ...columns } = Object.fromEntries(names.map(column)) as TreeRows;
  return { ...message, ...columns, ...whole, parents: parentsOf(depths) };
}

/** In a depth-first walk the row above is the last one that is less deep. */
function parentsOf(depths: readonly number[]): number[] {
  const open: number[] = [];
  return depths.map((depth, row) => {
    open.length = depth;
    open.push(row);
    return depth ? (open[depth - 1] ?? -1) : -1;
  });
}
