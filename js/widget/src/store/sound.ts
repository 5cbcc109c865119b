/** Whether a tree is one that can be walked: what was saved may be damaged or of another version. */

import type { Tree } from "../../../shared/protocol";

/** What is wrong with a tree; "" if nothing is. Nothing is believed of it but that it is an object. */
export function flawOf(tree: Tree): string {
  const rows = Array.isArray(tree.names) ? tree.names.length : -1;
  for (const name of COLUMNS) {
    const column: unknown = tree[name];
    if (!Array.isArray(column) || column.length !== rows) return `its ${name} are not one per row`;
    for (const one of column) if (!FITS[name](one, tree)) return `one of its ${name} is wrong`;
  }
  if (!isCount(tree.revision) && tree.revision !== -1) return "its revision is not a number";
  if (typeof tree.model !== "string") return "its class has no name";
  if (!isRecord(tree.notes) || !Object.values(tree.notes).every(isText))
    return "its notes are wrong";
  if (!isRecord(tree.totals)) return "its totals are missing";
  if (!Array.isArray(tree.warnings) || !tree.warnings.every(isText))
    return "its warnings are wrong";
  for (const groups of [tree.ties, tree.shared_modules]) {
    if (!Array.isArray(groups) || !groups.every((group) => isGroup(group, rows))) {
      return "a tie leads to no row";
    }
  }
  return flawOfParents(tree.parents);
}

const COLUMNS = [
  "names",
  "parents",
  "kinds",
  "type_of",
  "shapes",
  "dtype_of",
  "counts",
  "trainable",
  "states",
] as const;

const FITS: Record<(typeof COLUMNS)[number], (one: unknown, tree: Tree) => boolean> = {
  names: isText,
  parents: (one) => Number.isSafeInteger(one),
  kinds: isText,
  type_of: (one, tree) => isPlace(one, tree.types),
  shapes: (one) => one === null || (Array.isArray(one) && one.every(isCount)),
  dtype_of: (one, tree) => isPlace(one, tree.dtypes),
  counts: isCount,
  trainable: (one) => one === null || typeof one === "boolean",
  states: isText,
};

/** In a depth-first walk a row's parent is the row before it, or one above that. */
function flawOfParents(parents: readonly number[]): string {
  const open: number[] = [];
  for (const [row, parent] of parents.entries()) {
    while (open.length && open.at(-1) !== parent) open.pop();
    if (row === 0 ? parent !== -1 : !open.length) return `row ${row} has no parent before it`;
    open.push(row);
  }
  return "";
}

function isText(one: unknown): boolean {
  return typeof one === "string";
}

function isCount(one: unknown): boolean {
  return Number.isSafeInteger(one) && (one as number) >= 0;
}

function isPlace(one: unknown, words: unknown): boolean {
  return one === -1 || (isCount(one) && Array.isArray(words) && isText(words[one as number]));
}

function isRecord(one: unknown): one is Record<string, unknown> {
  return typeof one === "object" && one !== null && !Array.isArray(one);
}

function isGroup(group: unknown, rows: number): boolean {
  const own = isRecord(group) ? group.rows : null;
  return Array.isArray(own) && own.every((row) => isCount(row) && row < rows);
}
