/** Makes the tree that a change leads to out of the one it was. */

import type { Tree, TreeChange, TreeRows } from "../../../shared/protocol";

/** The columns that a row has in both, by their common names. */
const COLUMNS = [
  "names",
  "kinds",
  "type_of",
  "shapes",
  "dtype_of",
  "counts",
  "trainable",
  "states",
] as const;

type Columns = Pick<Tree, (typeof COLUMNS)[number]>;

export function changedTree(before: Tree, change: TreeChange): Tree {
  const { start, removed, rows } = change;
  const columns = {} as Columns;
  for (const name of COLUMNS) replace(columns, name, before, change);
  const depths = depthsOf(before.parents);
  const now = [...depths.slice(0, start), ...rows.depths, ...depths.slice(start + removed)];
  const { revision, types, dtypes, notes, ties, shared_modules, totals, warnings } = change;
  const whole = { revision, types, dtypes, notes, ties, shared_modules, totals, warnings };
  return { ...before, ...columns, ...whole, parents: parentsOf(now) };
}

function replace<K extends keyof Columns>(
  into: Columns,
  name: K,
  before: Columns,
  { start, removed, rows, changed, changed_rows }: TreeChange,
): void {
  const column = (from: Columns | TreeRows) => from[name] as Columns[K][number][];
  const old = column(before);
  const now = [...old.slice(0, start), ...column(rows), ...old.slice(start + removed)];
  changed.forEach((row, at) => {
    const value = column(changed_rows)[at];
    if (value !== undefined) now[row] = value;
  });
  into[name] = now as Columns[K];
}

function depthsOf(parents: readonly number[]): number[] {
  const depths: number[] = [];
  for (const parent of parents) depths.push(parent < 0 ? 0 : (depths[parent] ?? 0) + 1);
  return depths;
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
