import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Frame, PanelState, ToBrowser, TreeChange } from "../../shared/protocol";
import { Kernel, NET, reply, started, treeMessage } from "./store-kit";

const done = (id: string) => reply({ id, title: "done", changed: 1 });

function state(panel: string, generation = 0): PanelState {
  return {
    panel,
    path: ["0"],
    lens: "value",
    generation,
    window: null,
    cells: [8, 8],
    sliders: [],
  };
}

function frame(panel: string, revision: number, generation = 0): Frame {
  const parts = { message: "none", picture: null, statistics: null, bars: null };
  return { kind: "frame", panel, generation, revision, cause: "view", lens: "value", ...parts };
}

const panels = (...states: PanelState[]): ToBrowser => ({
  kind: "panels",
  panels: states,
  closed: [],
});

test("it says hello at once, and is live as soon as anything is heard", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  assert.equal(kernel.heard("hello").length, 1);
  assert.equal(store.connection.value, "connecting");
  kernel.speak(treeMessage(NET));
  assert.equal(store.connection.value, "live");
  assert.equal(store.tree.value?.name(0), "Sequential");
  end();
});

test("unanswered, the saved picture stands and is marked; a late kernel takes over", async () => {
  const kernel = new Kernel();
  kernel.kept = [
    { content: treeMessage(NET, 9), buffers: [] },
    { content: panels(state("old")), buffers: [] },
    { content: frame("old", 40), buffers: [] },
  ];
  const { store, end } = started(kernel, 5);
  assert.equal(store.connection.value, "connecting");
  assert.equal(store.tree.value?.revision, 9);
  await wait(20);
  assert.equal(store.connection.value, "saved");
  kernel.speak(panels(state("old")));
  kernel.speak(frame("old", 1));
  assert.equal(store.connection.value, "live");
  assert.equal(store.panels.value[0]?.frame.value?.frame.revision, 1);
  end();
});

test("with nothing saved it goes on waiting: a running cell may be why nobody answers", async () => {
  const { store, end } = started(new Kernel(), 5);
  await wait(20);
  assert.equal(store.connection.value, "connecting");
  end();
});

test("where nothing can be sent from the start, there is no kernel", () => {
  const kernel = new Kernel();
  kernel.dead = true;
  assert.equal(started(kernel).store.connection.value, "lost");
  kernel.kept = [{ content: treeMessage(NET), buffers: [] }];
  assert.equal(started(kernel).store.connection.value, "saved");
});

test("a restarted kernel: the picture stands, intents are told, the mark says lost", async () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(treeMessage(NET));
  const asked = store.ask({ kind: "undo" });
  kernel.dead = true;
  kernel.cut();
  assert.equal(store.connection.value, "lost");
  assert.match((await asked).error, /restarted/);
  assert.equal((await store.ask({ kind: "undo" })).ok, false);
  assert.ok(store.tree.value);
  end();
});

test("a line that was cut and mended: hello again, and the views are told of", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(treeMessage(NET));
  const before = store.hellos.value;
  kernel.cut();
  assert.equal(kernel.heard("hello").length, 2);
  assert.equal(store.hellos.value, before + 1);
  kernel.speak(treeMessage(NET, 2));
  assert.equal(store.connection.value, "live");
  end();
});

test("an intent gets the reply with its id, in any order", async () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(treeMessage(NET));
  const first = store.ask({ kind: "undo" });
  const second = store.ask({ kind: "redo" });
  const [undo] = kernel.heard("undo");
  const [redo] = kernel.heard("redo");
  assert.ok(undo && redo && undo.id !== redo.id);
  kernel.speak(done(redo.id));
  kernel.speak(done(redo.id)); // a second answer is nobody's
  assert.equal((await second).id, redo.id);
  kernel.speak(done(undo.id));
  assert.equal((await first).id, undo.id);
  end();
});

test("a panel is there as soon as it is opened, and once only", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  const id = store.open(["0", "weight"]);
  assert.equal(store.open(["0", "weight"]), id);
  assert.equal(kernel.heard("open").length, 1);
  kernel.speak(panels(state("other")));
  assert.deepEqual(
    store.panels.value.map((panel) => panel.id),
    ["other", id],
  );
  kernel.speak(panels(state("other"), state(id)));
  store.close("other");
  kernel.speak(panels(state("other"), state(id))); // said before it heard of the close
  assert.deepEqual(
    store.panels.value.map((panel) => panel.id),
    [id],
  );
  kernel.speak({ kind: "panels", panels: [], closed: [{ panel: id, reason: "gone" }] });
  assert.equal(store.panels.value.length, 0);
  assert.equal(store.closed.value[0]?.reason, "gone");
  end();
});

test("a panel that is still open keeps its model: nothing is made anew", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(panels(state("a")));
  const [panel] = store.panels.value;
  kernel.speak(panels(state("b"), state("a", 4)));
  assert.equal(store.panels.value[1], panel);
  assert.equal(panel?.state.value.generation, 4);
  end();
});

test("stale frames are dropped", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(panels(state("a")));
  const shown = () => store.panels.value[0]?.frame.value?.frame;
  kernel.speak(frame("a", 5, 2));
  kernel.speak(frame("a", 4, 2));
  kernel.speak(frame("a", 5, 2));
  assert.equal(shown()?.revision, 5);
  kernel.speak(frame("a", 6, 1));
  assert.equal(shown()?.generation, 2);
  kernel.speak(frame("a", 7, 2));
  assert.equal(shown()?.revision, 7);
  kernel.speak(frame("unknown", 1));
  end();
});

test("of many looks the newest is sent, at a bounded rate; an older state does not undo it", async () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(panels(state("a")));
  for (let n = 1; n <= 30; n++) store.look("a", { window: [0, n, 0, n] });
  assert.equal(kernel.heard("look").length, 1);
  kernel.speak(panels(state("a", 1)));
  assert.equal(store.panels.value[0]?.state.value.generation, 30);
  await wait(80);
  const looks = kernel.heard("look");
  assert.equal(looks.length, 2);
  assert.deepEqual(looks[1]?.window, [0, 30, 0, 30]);
  assert.equal(looks[1]?.generation, 30);
  end();
});

test("a message that cannot be taken stops neither the next nor the widget", (t) => {
  const said = t.mock.method(console, "error", () => undefined);
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak({ kind: "tree" } as unknown as ToBrowser);
  kernel.speak({ kind: "unheard of" } as unknown as ToBrowser);
  kernel.speak(treeMessage(NET));
  assert.equal(said.mock.callCount(), 1);
  assert.equal(store.tree.value?.size, 9);
  end();
});

test("briefs are kept by row, those of another tree are not, and a row that moved keeps its own", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  const brief = (row: number) => ({
    row,
    mean: `${row}`,
    std: "",
    bars: [],
    sampled: false,
    alarm: "",
  });
  kernel.speak(treeMessage(NET, 1));
  kernel.speak({ kind: "briefs", revision: 1, briefs: [brief(2), brief(8)] });
  kernel.speak({ kind: "briefs", revision: 7, briefs: [brief(3)] });
  assert.equal(store.brief(2)?.mean, "2");
  assert.equal(store.brief(3), null);
  const shorter = { ...NET, children: NET.children?.slice(1) ?? [] };
  kernel.speak(treeMessage(shorter, 2));
  assert.equal(store.brief(5)?.mean, "8"); // 3.weight, now three rows further up
  assert.equal(store.brief(2), null);
  end();
});

test("a kernel of another version: its sentence stands, and nothing can be asked for", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  const status = (notice: string): ToBrowser => {
    return { kind: "status", busy: false, waiting: 0, polls: false, notice };
  };
  kernel.speak(status("These are different versions."));
  assert.equal(store.status.value.notice, "These are different versions.");
  assert.equal(store.editable.value, false);
  kernel.speak(status(""));
  assert.equal(store.editable.value, true);
  end();
});

test("a change to a tree that is not here: everything is asked for again", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  kernel.speak(treeMessage(NET, 5));
  kernel.speak({ kind: "treechange", before: 7, revision: 8 } as TreeChange);
  assert.equal(kernel.heard("hello").length, 2);
  assert.equal(store.tree.value?.revision, 5);
  end();
});

test("the news of ties stands until Python sends other", () => {
  const kernel = new Kernel();
  const { store, end } = started(kernel);
  const offer = {
    first: ["emb", "weight"],
    second: ["head", "weight"],
    first_name: "emb.weight",
    second_name: "head.weight",
    locked: "",
  };
  kernel.speak({ kind: "tienews", lost: [offer], gained: [] });
  assert.deepEqual(store.ties.news.value?.lost, [offer]);
  void store.ask({ kind: "tie", first: offer.first, second: offer.second });
  assert.deepEqual(kernel.heard("tie")[0]?.second, ["head", "weight"]);
  kernel.speak({ kind: "tienews", lost: [], gained: [] });
  assert.equal(store.ties.news.value?.lost.length, 0);
  end();
});
