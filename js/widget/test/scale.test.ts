import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame, Picture } from "../../shared/protocol";
import { marksAmong, scaleOf } from "../src/panel/scale";
import type { FrameModel } from "../src/store/cells";

type Scaled = Partial<Pick<Picture, "scale" | "shared_scale" | "limits_text">>;

function shown(
  limits: number[],
  lens = "value",
  values: number[] = [],
  gap = 0,
  scaled: Scaled = {},
): FrameModel {
  const limits_text = String(limits) === "-1,1" ? "±1" : "±3σ";
  const layout = { gap: [gap, gap] } as Picture["layout"];
  const shared = { scale: "shared", shared_scale: `one scale for ${lens}` } as const;
  const picture = { limits, limits_text, layout, ...shared, ...scaled } as Picture;
  const statistics = { nan: gap ? "1" : "0" } as Frame["statistics"];
  const frame = { kind: "frame", lens, picture, statistics } as Frame;
  return { frame, value: Float32Array.from(values), low: null, high: null, changed: null };
}

test("a panel has its own scale, as Python says", () => {
  const scale = scaleOf(shown([-2, 2]), null);
  assert.deepEqual(scale, { limits: [-2, 2], wheel: "blue-orange", text: "±3σ" });
});

test("one scale for all holds every panel's own", () => {
  const all = [shown([-2, 2]), null, shown([-0.5, 0.5]), shown([-9, 9], "grad")];
  assert.deepEqual(scaleOf(shown([-0.5, 0.5]), all).limits, [-2, 2]);
  assert.deepEqual(scaleOf(shown([-9, 9], "grad"), all).limits, [-9, 9]);
});

test("a single panel keeps the words of its scale", () => {
  const only = shown([-2, 2]);
  assert.equal(scaleOf(only, [only]).text, "±3σ");
});

test("a tensor of zeros is measured by the others, and measures none", () => {
  const all = [shown([-1, 1]), shown([-0.5, 0.5])];
  assert.deepEqual(scaleOf(shown([-1, 1]), all).limits, [-0.5, 0.5]);
  assert.deepEqual(scaleOf(shown([-0.5, 0.5]), all).limits, [-0.5, 0.5]);
  assert.deepEqual(scaleOf(shown([-1, 1]), [shown([-1, 1]), shown([-1, 1])]).limits, [-1, 1]);
});

test("the words of one scale are Python's", () => {
  const all = [shown([-2, 2], "grad"), shown([-9, 9], "grad")];
  assert.equal(scaleOf(shown([-2, 2], "grad"), all).text, "one scale for grad");
});

test("a lens with scales of its own shares none", () => {
  const own = (limits: number[]) => shown(limits, "abs", [], 0, { scale: "own" });
  const scale = scaleOf(own([-2, 2]), [own([-2, 2]), own([-9, 9])]);
  assert.deepEqual(scale, { limits: [-2, 2], wheel: "blue-orange", text: "±3σ" });
});

test("angles lie between -π and π, always", () => {
  const turn = (): FrameModel =>
    shown([-Math.PI, Math.PI], "angle", [], 0, { scale: "cyclic", limits_text: "±π" });
  const scale = scaleOf(turn(), [turn(), shown([-2, 2], "angle")]);
  assert.deepEqual(scale, { limits: [-Math.PI, Math.PI], wheel: "cyclic", text: "±π" });
});

test("the marks that occur are explained", () => {
  const values = [0, 2, Number.NaN, Number.NEGATIVE_INFINITY];
  assert.deepEqual(marksAmong(shown([-1, 1], "value", values), [-1, 1]), ["above", "-inf", "nan"]);
  assert.deepEqual(marksAmong(shown([-1, 1], "value", [0]), [-1, 1]), []);
});

test("a gap is not taken for NaN", () => {
  const withoutNan = shown([-1, 1], "value", [0, Number.NaN], 1);
  assert.deepEqual(marksAmong(withoutNan, [-1, 1]), ["nan"]); // the statistics know of one
  const clean = { ...withoutNan, frame: { ...withoutNan.frame, statistics: null } };
  assert.deepEqual(marksAmong(clean, [-1, 1]), []);
});
