/** Whether a message has the fields of its kind: one that has not is dropped before it does harm. */

import type { ToBrowser } from "../../../shared/protocol";

type Sort = "list" | "object" | "string" | "number" | "boolean";

type Fields = {
  [K in ToBrowser["kind"]]: Partial<Record<keyof Extract<ToBrowser, { kind: K }>, Sort>>;
};

const WHOLE = {
  revision: "number",
  types: "list",
  dtypes: "list",
  notes: "object",
  ties: "list",
  shared_modules: "list",
  totals: "object",
  warnings: "list",
} as const;

/** The fields that have to be there; those that may be null or missing are not listed. */
const FIELDS: Fields = {
  tree: {
    ...WHOLE,
    model: "string",
    names: "list",
    parents: "list",
    kinds: "list",
    type_of: "list",
    shapes: "list",
    dtype_of: "list",
    counts: "list",
    trainable: "list",
    states: "list",
  },
  treechange: {
    ...WHOLE,
    before: "number",
    start: "number",
    removed: "number",
    rows: "object",
    changed: "list",
    changed_rows: "object",
  },
  briefs: { revision: "number", briefs: "list" },
  panels: { panels: "list", closed: "list" },
  facts: {
    panel: "string",
    path: "list",
    name: "string",
    access: "list",
    ties: "list",
    lenses: "list",
    locked: "string",
    unfit: "object",
  },
  frame: {
    panel: "string",
    generation: "number",
    revision: "number",
    cause: "string",
    lens: "string",
    message: "string",
  },
  journal: { entries: "list", undo: "string", redo: "string", code: "string" },
  catalog: { initializers: "list", functions: "list", examples: "list" },
  status: { busy: "boolean", waiting: "number", polls: "boolean" },
  reply: { id: "string", ok: "boolean", error: "string", title: "string", warnings: "list" },
};

/** Throws an Error that says what is wrong with a message of a known kind. */
export function checkUnderstood(content: ToBrowser): void {
  const fields = Object.hasOwn(FIELDS, content.kind) ? FIELDS[content.kind] : {};
  for (const [name, sort] of Object.entries(fields)) {
    const found = sortOf(Reflect.get(content, name));
    if (found !== sort) throw new Error(`its ${name} should be a ${sort} and is ${found}`);
  }
}

function sortOf(value: unknown): Sort | "missing" {
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isFinite(value) ? "number" : "missing";
  const sort = typeof value;
  if (sort === "string" || sort === "boolean") return sort;
  return sort === "object" && value ? "object" : "missing";
}
