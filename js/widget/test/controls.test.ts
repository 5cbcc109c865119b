import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts, Initializer, Reply } from "../../shared/protocol";
import { below } from "../src/controls/below";
import { fitting } from "../src/controls/Chooser";
import { DryRun } from "../src/controls/dryrun";
import { TreeModel } from "../src/store/tree";
import { treeMessage } from "./store-kit";

const REPLY = { kind: "reply", ok: true } as Reply;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("a dry run asks once of a choice that stands", async () => {
  const asked: string[] = [];
  const dry = new DryRun((question: string) => {
    asked.push(question);
    return Promise.resolve(REPLY);
  }, 5);
  for (const question of ["n", "no", "normal"]) dry.want(question);
  assert.equal(dry.answer.value.stale, true);
  await pause(30);
  assert.deepEqual(asked, ["normal"]);
  assert.deepEqual(dry.answer.value, { reply: REPLY, stale: false });
});

test("while a busy kernel leaves it unanswered no further one is sent", async () => {
  const asked: string[] = [];
  const answers: ((reply: Reply) => void)[] = [];
  const dry = new DryRun((question: string) => {
    asked.push(question);
    return new Promise<Reply>((resolve) => answers.push(resolve));
  }, 1);
  for (const question of ["a", "b", "c"]) {
    dry.want(question);
    await pause(8);
  }
  assert.deepEqual(asked, ["a"]);
  answers[0]?.(REPLY);
  await pause(1);
  assert.deepEqual(asked, ["a", "c"]);
  assert.equal(dry.answer.value.stale, true);
  answers[1]?.(REPLY);
  await pause(1);
  assert.equal(dry.answer.value.stale, false);
});

test("a form that is gone asks nothing more", async () => {
  let asked = 0;
  const dry = new DryRun(() => {
    asked += 1;
    return Promise.resolve(REPLY);
  }, 1);
  dry.want(1);
  dry.stop();
  await pause(8);
  assert.equal(asked, 0);
});

const TREE = treeMessage({
  name: "",
  type: "Sequential",
  children: [
    { name: "0", type: "Linear", children: [{ name: "weight" }, { name: "bias" }] },
    {
      name: "1",
      type: "BatchNorm1d",
      children: [{ name: "weight" }, { name: "bias" }, { name: "running_mean", kind: "buffer" }],
    },
    {
      name: "2",
      type: "Linear",
      children: [{ name: "weight" }, { name: "bias", kind: "none" }],
    },
  ],
});

test("what can be chosen below a module: layer types and parameter names, counted", () => {
  const tree = new TreeModel(TREE);
  assert.deepEqual(below(tree, 0), {
    types: [
      { name: "Linear", count: 2 },
      { name: "BatchNorm1d", count: 1 },
    ],
    parameters: [
      { name: "weight", count: 3 },
      { name: "bias", count: 2 },
    ],
  });
  assert.deepEqual(below(tree, 8).parameters, [{ name: "weight", count: 1 }]);
});

test("what is offered first can be done", () => {
  const catalog = ["constant_", "xavier_uniform_", "zeros_"].map(
    (name) => ({ name, source: "torch" }) as Initializer,
  );
  const unfit = (names: string[]) =>
    ({ unfit: Object.fromEntries(names.map((name) => [name, "no"])) }) as Facts;
  assert.equal(fitting(catalog, null)?.name, "xavier_uniform_");
  assert.equal(fitting(catalog, unfit(["xavier_uniform_"]))?.name, "zeros_");
  assert.equal(fitting(catalog, unfit(["xavier_uniform_", "zeros_"]))?.name, "constant_");
  assert.equal(fitting([], null), null);
});
