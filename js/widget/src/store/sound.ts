/** Whether a message can be taken: what was saved may be damaged or of another version. */

import { FIELDS, type Frame, type Sort, type ToBrowser, type Tree } from "../../../shared/protocol";

/** Throws what is wrong with a message; all that is believed of it is its kind. */
export function check(content: ToBrowser): void {
  const flaw = flawOf(content);
  if (flaw) throw new Error(flaw);
}

/** What is wrong with a message; "" if nothing is. */
export function flawOf(content: ToBrowser): string {
  const fields = Object.hasOwn(FIELDS, content.kind) ? flawOfFields(content, content.kind) : "";
  if (fields) return `its ${fields}`;
  return content.kind === "tree" ? flawOfTree(content) : "";
}

/** The frame without what it shows, which may be wrong where the rest is not. */
export function bareFrame(frame: Frame, message = frame.message): Frame {
  return { ...frame, message, picture: null, statistics: null, bars: null };
}

/** "rows[2].kind should be a string and is null": the first field that is not as declared. */
function flawOfFields(value: object, part: string): string {
  for (const [name, sort] of Object.entries(FIELDS[part] ?? {})) {
    const field = name.replace("?", "");
    const found: unknown = Reflect.get(value, field);
    if (found === undefined && field !== name) continue;
    const flaw = flawOfSort(found, sort);
    if (flaw) return field + flaw;
  }
  return "";
}

function flawOfSort(value: unknown, sort: Sort): string {
  if (typeof sort === "string") {
    const part = Object.hasOwn(FIELDS, sort);
    if (!part) return fits(value, sort) ? "" : isNot(value, sort);
    if (!isObject(value)) return isNot(value, "object");
    const flaw = flawOfFields(value, sort);
    return flaw && `.${flaw}`;
  }
  const [holds, inner] = sort;
  if (holds === "maybe") return value === null ? "" : flawOfSort(value, inner);
  if (holds === "list")
    return Array.isArray(value) ? flawOfList(value, inner) : isNot(value, holds);
  return isObject(value) ? flawOfRecord(value, inner) : isNot(value, "object");
}

function flawOfList(list: readonly unknown[], inner: Sort): string {
  for (let at = 0; at < list.length; at++) {
    const flaw = flawOfSort(list[at], inner); // a hole too is found so
    if (flaw) return `[${at}]${flaw}`;
  }
  return "";
}

function flawOfRecord(record: object, inner: Sort): string {
  for (const [key, value] of Object.entries(record)) {
    const flaw = flawOfSort(value, inner);
    if (flaw) return `[${JSON.stringify(key)}]${flaw}`;
  }
  return "";
}

function fits(value: unknown, sort: string): boolean {
  if (sort === "integer") return Number.isInteger(value);
  return sort === "number" ? Number.isFinite(value) : typeof value === sort;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNot(value: unknown, sort: string): string {
  const article = /^[aeiou]/.test(sort) ? "an" : "a";
  return ` should be ${article} ${sort} and is ${nameOf(value)}`;
}

function nameOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null || typeof value === "number") return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A tree can be walked: its fields are known to be of their sorts. */
function flawOfTree(tree: Tree): string {
  const rows = tree.names.length;
  for (const name of COLUMNS) {
    if (tree[name].length !== rows) return `its ${name} are not one per row`;
  }
  if (!tree.type_of.every((one) => isPlace(one, tree.types))) return "a type is not there";
  if (!tree.dtype_of.every((one) => isPlace(one, tree.dtypes))) return "a dtype is not there";
  if (!tree.counts.every(isCount)) return "one of its counts is wrong";
  if (!tree.shapes.every((shape) => shape?.every(isCount) ?? true)) return "a shape is wrong";
  if (!isCount(tree.revision) && tree.revision !== -1) return "its revision is not a number";
  for (const group of [...tree.ties, ...tree.shared_modules]) {
    if (!group.rows.every((row) => isCount(row) && row < rows)) return "a tie leads to no row";
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

function isCount(one: number): boolean {
  return Number.isSafeInteger(one) && one >= 0;
}

function isPlace(one: number, words: readonly string[]): boolean {
  return one === -1 || (isCount(one) && one < words.length);
}
