/** Whether a message can be taken: what was saved may be damaged or of another version. */

import { REQUIRED, type ToBrowser, type Tree } from "../../../shared/protocol";

/** What is wrong with a message; "" if nothing is. All that is believed of it is its kind. */
export function flawOf(content: ToBrowser): string {
  return flawOfFields(content) || (content.kind === "tree" ? flawOfTree(content) : "");
}

type Sort = "list" | "object" | "string" | "number" | "boolean";

/** Each field is there and of its sort. */
function flawOfFields(content: ToBrowser): string {
  const fields = Object.hasOwn(REQUIRED, content.kind) ? REQUIRED[content.kind] : {};
  for (const [name, sort] of Object.entries<Sort>(fields)) {
    const found = sortOf(Reflect.get(content, name));
    if (found !== sort) return `its ${name} should be ${a(sort)} and is ${a(found)}`;
  }
  return "";
}

function a(sort: Sort | "missing"): string {
  if (sort === "missing") return sort;
  return `${sort === "object" ? "an" : "a"} ${sort}`;
}

function sortOf(value: unknown): Sort | "missing" {
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isFinite(value) ? "number" : "missing";
  const sort = typeof value;
  if (sort === "string" || sort === "boolean") return sort;
  return sort === "object" && value ? "object" : "missing";
}

/** A tree can be walked: its fields are known to be of their sorts. */
function flawOfTree(tree: Tree): string {
  const rows = tree.names.length;
  for (const name of COLUMNS) {
    const column: readonly unknown[] = tree[name];
    if (column.length !== rows) return `its ${name} are not one per row`;
    for (const one of column) if (!FITS[name](one, tree)) return `one of its ${name} is wrong`;
  }
  if (!isCount(tree.revision) && tree.revision !== -1) return "its revision is not a number";
  if (!Object.values(tree.notes).every(isText)) return "its notes are wrong";
  if (!tree.warnings.every(isText)) return "its warnings are wrong";
  for (const group of [...tree.ties, ...tree.shared_modules]) {
    if (!isGroup(group, rows)) return "a tie leads to no row";
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

function isPlace(one: unknown, words: readonly unknown[]): boolean {
  return one === -1 || (isCount(one) && isText(words[one as number]));
}

function isGroup(group: { rows: unknown } | null, rows: number): boolean {
  const own = group?.rows;
  return Array.isArray(own) && own.every((row) => isCount(row) && row < rows);
}
