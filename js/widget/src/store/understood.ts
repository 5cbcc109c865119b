/** Whether a message has the fields of its kind: one that has not is dropped before it does harm. */

import { REQUIRED, type ToBrowser } from "../../../shared/protocol";

type Sort = "list" | "object" | "string" | "number" | "boolean";

/** Throws an Error that says what is wrong with a message of a known kind. */
export function checkUnderstood(content: ToBrowser): void {
  const fields = Object.hasOwn(REQUIRED, content.kind) ? REQUIRED[content.kind] : {};
  for (const [name, sort] of Object.entries<Sort>(fields)) {
    const found = sortOf(Reflect.get(content, name));
    if (found !== sort) throw new Error(`its ${name} should be ${a(sort)} and is ${a(found)}`);
  }
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
