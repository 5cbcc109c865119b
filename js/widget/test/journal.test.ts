import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Journal } from "../../shared/protocol";
import { journalAfter } from "../src/store/journal";

function line(number: number, more: Partial<Entry> = {}): Entry {
  const nothing = {
    names: [],
    changed: 0,
    skipped: [],
    left_out: 0,
    seed: "",
    warnings: [],
    code: "",
  };
  const edit = { stands: true, error: "", of: "edit", can_be_brought_back: false } as const;
  return { title: `edit ${number}`, number, ...nothing, ...edit, ...more };
}

function said(entries: Entry[], more: Partial<Journal> = {}): Journal {
  const rest = { undo: "", redo: "", code: "", whole: false, code_kept: 0, first: 0 };
  return { kind: "journal", entries, ...rest, ...more };
}

const whole = said([line(0), line(1)], { whole: true, code: "one\ntwo\n", undo: "edit 1" });
const numbers = (journal: Journal) => journal.entries.map(({ number }) => number);

test("what is whole replaces all that was there", () => {
  assert.equal(journalAfter(said([line(7)], { code: "old" }), whole), whole);
});

test("a page that has nothing takes what it is told as it is", () => {
  const first = said([line(3)]);
  assert.equal(journalAfter(null, first), first);
});

test("a new line comes last, and its code after what is kept", () => {
  const after = journalAfter(whole, said([line(2)], { code: "three\n", code_kept: 8 }));
  assert.deepEqual(numbers(after), [0, 1, 2]);
  assert.equal(after.code, "one\ntwo\nthree\n");
});

test("a line that has changed stays in its place, and an undo takes from the code", () => {
  const undone = line(1, { stands: false });
  const after = journalAfter(whole, said([undone], { code_kept: 4, redo: "edit 1" }));
  assert.deepEqual(numbers(after), [0, 1]);
  assert.equal(after.entries[1]?.stands, false);
  assert.equal(after.code, "one\n");
  assert.equal(after.undo, "");
  assert.equal(after.redo, "edit 1");
});

test("lines before the first that Python still shows are left out", () => {
  const after = journalAfter(whole, said([line(2), line(3)], { first: 2 }));
  assert.deepEqual(numbers(after), [2, 3]);
});

test("what comes out of order is put in order", () => {
  assert.deepEqual(numbers(journalAfter(whole, said([line(3), line(2)]))), [0, 1, 2, 3]);
});

test("code of which nothing is kept is all new", () => {
  assert.equal(journalAfter(whole, said([], { code: "other" })).code, "other");
});

test("the journal that was there is left as it was", () => {
  journalAfter(whole, said([line(1, { stands: false }), line(2)]));
  assert.deepEqual(numbers(whole), [0, 1]);
  assert.equal(whole.entries[1]?.stands, true);
});
