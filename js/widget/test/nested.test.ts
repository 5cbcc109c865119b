/** What is wrong deep inside a message is found as well: its fields are checked as declared. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import frames from "../../../tests/contract/frames.json";
import type { Entry, Frame, Journal, TieOffer, ToBrowser } from "../../shared/protocol";
import { flawOf } from "../src/store/sound";
import { Kernel, NET, reply, started, treeMessage } from "./store-kit";

const ENTRY: Entry = {
  title: "ones_ on 0.weight",
  names: ["0.weight"],
  changed: 1,
  skipped: ["0.bias: is a bias"],
  seed: "7",
  warnings: ["a warning"],
  code: "net[0].weight",
  stands: true,
  error: "",
  of: "edit",
  number: 0,
  left_out: 0,
  can_be_brought_back: false,
};

function journal(entries: Entry[], more: Partial<Journal> = {}): Journal {
  const rest = { undo: "ones_", redo: "", code: "", whole: true, code_kept: 0, first: 0 };
  return { kind: "journal", entries, ...rest, ...more };
}

const OFFER: TieOffer = {
  first: ["0", "weight"],
  second: ["1", "weight"],
  first_name: "0.weight",
  second_name: "1.weight",
  locked: "",
};

const TREE = { ...treeMessage(NET), notes: { "2": "a note" }, warnings: ["a warning"] };

const FILLED: ToBrowser[] = [
  TREE,
  { kind: "tienews", lost: [OFFER], gained: [OFFER] },
  {
    kind: "briefs",
    revision: 1,
    briefs: [{ row: 2, mean: "0", std: "1", bars: [0, 255], sampled: false, alarm: "" }],
  },
  {
    kind: "panels",
    panels: [
      {
        panel: "a",
        path: ["0", "weight"],
        lens: "value",
        generation: 0,
        window: [0, 2, 0, 2],
        cells: [8, 8],
        sliders: [0],
      },
    ],
    closed: [{ panel: "b", reason: "gone" }],
  },
  journal([ENTRY]),
  {
    kind: "catalog",
    initializers: [
      {
        name: "normal_",
        source: "torch",
        summary: "",
        doc: "",
        arguments: [{ name: "std", type: "choice", default: "1", choices: ["1"] }],
        random: true,
      },
    ],
    functions: [{ call: "abs(a)", means: "|a|" }],
    examples: ["w * 2"],
  },
  reply({
    changed: 1,
    warnings: ["a warning"],
    preview: {
      count: 1,
      names: ["0.weight"],
      skipped: [{ reason: "frozen", count: 1, names: ["0.bias"] }],
      promise: "",
      warnings: ["a warning"],
    },
    entry: 3,
    stake: "a1",
  }),
  (frames as unknown as { content: Frame }[])[0]?.content as Frame,
];

/** The message once more for each value in it, which is of another sort there. */
function* bent(message: ToBrowser): Generator<[string, ToBrowser]> {
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    if (path.length && value !== null && path[0] !== "kind") paths.push(path);
    if (Array.isArray(value)) value.forEach((one, at) => void walk(one, [...path, at]));
    else if (typeof value === "object" && value)
      for (const [name, one] of Object.entries(value)) walk(one, [...path, name]);
  };
  walk(message, []);
  for (const path of paths) {
    for (const wrong of [null, {}, [null], "?", 0.5, true]) {
      const copy = structuredClone(message);
      const last = path.at(-1) ?? "";
      const holder = path.slice(0, -1).reduce<object>((at, name) => Reflect.get(at, name), copy);
      const right: unknown = Reflect.get(holder, last);
      if (typeof right === typeof wrong && Array.isArray(right) === Array.isArray(wrong)) continue;
      Reflect.set(holder, last, wrong);
      yield [`${path.join(".")} = ${JSON.stringify(wrong)}`, copy];
    }
  }
}

/** What may be null, or is a number that needs no integer. */
const FREE = [
  /^shapes\.\d+ = null/,
  /^trainable\.\d+ = null/,
  /window = null/,
  /^preview = null/,
  /^picture = null/,
  /default = null/,
];

for (const message of FILLED) {
  test(`a ${message.kind} with anything wrong inside is none`, () => {
    assert.equal(flawOf(message), "");
    for (const [what, wrong] of bent(message)) {
      if (!FREE.some((free) => free.test(what))) assert.notEqual(flawOf(wrong), "", what);
    }
  });
}

test("the sentence says where it is wrong", () => {
  const wrong = (entry: unknown) => flawOf(journal([ENTRY, entry as Entry]));
  assert.equal(wrong(null), "its entries[1] should be an object and is null");
  assert.equal(
    wrong({ ...ENTRY, names: [3] }),
    "its entries[1].names[0] should be a string and is 3",
  );
  const { code: _, ...bare } = ENTRY;
  assert.equal(wrong(bare), "its entries[1].code should be a string and is missing");
});

test("fields that an older version did not send may be missing", () => {
  const { of: _, number: __, can_be_brought_back: ___, ...old } = ENTRY;
  assert.equal(flawOf(journal([old as Entry])), "");
});

function page(t: TestContext) {
  t.mock.method(console, "error", () => undefined);
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(TREE);
  return { kernel, store, end };
}

test("a journal that was missed is asked for anew before anything is added to it", (t) => {
  const { kernel, store, end } = page(t);
  kernel.speak(journal([ENTRY], { code: "one\n" }));
  kernel.speak(journal([null as unknown as Entry], { whole: false, code: "two\n", code_kept: 4 }));
  assert.equal(store.journal.value?.entries.length, 1);
  assert.equal(kernel.heard("hello").length, 1);
  const third = { ...ENTRY, number: 2 };
  kernel.speak(journal([third], { whole: false, code: "three\n", code_kept: 8 }));
  assert.equal(store.journal.value?.code, "one\n", "not what comes after a gap");
  assert.equal(kernel.heard("hello").length, 2);
  const second = { ...ENTRY, number: 1 };
  kernel.speak(journal([ENTRY, second, third], { code: "one\ntwo\nthree\n" }));
  kernel.speak(journal([{ ...ENTRY, number: 3 }], { whole: false, code: "four\n", code_kept: 14 }));
  assert.equal(store.journal.value?.entries.length, 4);
  assert.equal(store.journal.value?.code, "one\ntwo\nthree\nfour\n");
  assert.equal(kernel.heard("hello").length, 2);
  end();
});

test("a picture with something wrong inside is a sentence in its panel", (t) => {
  const { kernel, store, end } = page(t);
  kernel.speak(FILLED[3] as ToBrowser);
  const frame = FILLED.at(-1) as Frame;
  let { revision } = frame;
  for (const wrong of [
    { limits: {} },
    { layout: null },
    { planes: [null] },
    { texts: { "0": 1 } },
  ]) {
    revision += 1;
    const picture = { ...frame.picture, ...wrong } as Frame["picture"];
    kernel.speak({ ...frame, panel: "a", revision, picture });
    const shown = store.panels.value[0]?.frame.value?.frame;
    assert.equal(shown?.picture, null);
    assert.match(shown?.message ?? "", /cannot be read/);
  }
  assert.equal(store.trouble.value, "");
  end();
});
