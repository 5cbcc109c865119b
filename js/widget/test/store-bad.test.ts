/** Messages that the page does not understand: it says so and goes on. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Frame, PanelState, Plane, ToBrowser } from "../../shared/protocol";
import { Kernel, NET, reply, started, treeMessage } from "./store-kit";

const STATE: PanelState = {
  panel: "a",
  path: ["0", "weight"],
  lens: "value",
  generation: 0,
  window: null,
  cells: [8, 8],
  sliders: [],
};

const FACTS: ToBrowser = {
  kind: "facts",
  panel: "a",
  path: ["0", "weight"],
  name: "0.weight",
  slot_kind: "parameter",
  type_name: "Parameter",
  shape: [2, 2],
  dtype: "float32",
  device: "cpu",
  requires_grad: true,
  state: "ready",
  reason: "",
  note: "",
  access: [],
  ties: [],
  lenses: [],
  locked: "",
  unfit: {},
  twins: [],
  untrainable: "",
};

function picture(revision: number, ...planes: Plane[]): Frame {
  const layout = { shape: [2, 2], rows: 2, cols: 2, outer: [], kernel: [], gap: [], sliders: [] };
  return {
    kind: "frame",
    panel: "a",
    generation: 0,
    revision,
    cause: "view",
    lens: "value",
    message: "",
    picture: {
      layout,
      sliders: [],
      window: [0, 2, 0, 2],
      block: [1, 1],
      exact: true,
      planes,
      texts: {},
      limits: [-1, 1],
      limits_text: "",
      dtype: "float32",
      scale: "own",
      shared_scale: "",
    },
    statistics: null,
    bars: null,
  };
}

const PLANE: Plane = { role: "value", encoding: "f4", buffer: 0 };

const EVERY: ToBrowser[] = [
  treeMessage(NET),
  { kind: "briefs", revision: 1, briefs: [] },
  { kind: "panels", panels: [STATE], closed: [] },
  FACTS,
  picture(3, PLANE),
  {
    kind: "journal",
    entries: [],
    undo: "",
    redo: "",
    code: "",
    whole: true,
    code_kept: 0,
    first: 0,
  },
  { kind: "catalog", initializers: [], functions: [], examples: [] },
  { kind: "status", busy: false, waiting: 0, polls: false, notice: "" },
  reply(),
];

/** A page that is open on one panel, and quiet on the console. */
function page(t: TestContext) {
  t.mock.method(console, "error", () => undefined);
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  for (const message of EVERY.slice(0, 4)) kernel.speak(message);
  return { kernel, store, end };
}

test("every kind of message is understood as it is sent", (t) => {
  const { kernel, store, end } = page(t);
  for (const message of EVERY) kernel.speak(message, new DataView(new ArrayBuffer(16)));
  assert.equal(store.trouble.value, "");
  assert.equal(store.panels.value[0]?.frame.value?.value?.length, 4);
  end();
});

for (const message of EVERY) {
  for (const value of [undefined, null, 7.5, "?", Number.NaN, {}, []]) {
    const what = `a ${message.kind} with ${JSON.stringify(value)} for a field`;
    test(`${what} does not stop the next`, (t) => {
      const { kernel, store, end } = page(t);
      for (const name of Object.keys(message)) {
        if (name === "kind") continue;
        const { [name]: _, ...rest } = message as unknown as Record<string, unknown>;
        const bad = value === undefined ? rest : { ...rest, [name]: value };
        kernel.speak(bad as unknown as ToBrowser, new DataView(new ArrayBuffer(16)));
      }
      kernel.speak(treeMessage(NET, 9));
      kernel.speak({ kind: "panels", panels: [STATE], closed: [] });
      assert.equal(store.tree.value?.revision, 9);
      assert.equal(store.panels.value[0]?.id, "a");
      assert.equal(store.connection.value, "live");
      end();
    });
  }
}

test("a message of a kind that this page does not know is told in a sentence", (t) => {
  const { kernel, store, end } = page(t);
  for (const kind of ["nonsense", "", "constructor", "__proto__"]) {
    store.trouble.value = "";
    kernel.speak({ kind } as unknown as ToBrowser);
    assert.match(store.trouble.value, /a message that this page does not know/);
  }
  kernel.speak({ kind: "journal" } as unknown as ToBrowser);
  assert.match(store.trouble.value, /\(journal: its entries should be a list and is missing\)/);
  assert.equal(store.journal.value, null);
  end();
});

test("a picture whose buffers are missing, short, long or odd is a sentence in its own panel", (t) => {
  const { kernel, store, end } = page(t);
  const told: [Plane, ...DataView[]][] = [
    [PLANE],
    [{ ...PLANE, buffer: 3 }, new DataView(new ArrayBuffer(16))],
    [PLANE, new DataView(new ArrayBuffer(12))],
    [PLANE, new DataView(new ArrayBuffer(15))],
    [PLANE, new DataView(new ArrayBuffer(400))],
    [{ ...PLANE, encoding: "f8" }, new DataView(new ArrayBuffer(16))],
    [PLANE, new DataView(new ArrayBuffer(0))],
  ];
  for (const [index, [plane, ...buffers]] of told.entries()) {
    kernel.speak(picture(index + 1, plane), ...buffers);
    const shown = store.panels.value[0]?.frame.value;
    assert.equal(shown?.frame.message, "The picture that the kernel sent cannot be read.");
    assert.equal(shown?.frame.picture, null);
  }
  kernel.speak(picture(99, PLANE), new DataView(new ArrayBuffer(16)));
  assert.equal(store.panels.value[0]?.frame.value?.value?.length, 4);
  assert.equal(store.trouble.value, "");
  end();
});

test("cells that are NaN are cells", (t) => {
  const { kernel, store, end } = page(t);
  kernel.speak(picture(1, PLANE), new DataView(new Float32Array(4).fill(Number.NaN).buffer));
  assert.equal(store.panels.value[0]?.frame.value?.value?.length, 4);
  end();
});
