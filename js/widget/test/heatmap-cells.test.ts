import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame, Layout, Picture } from "../../shared/protocol";
import { colourOf, type Limits, palette, unpack } from "../src/heatmap/colours";
import { describe, spanText } from "../src/heatmap/describe";
import { geometry } from "../src/heatmap/geometry";
import { alignedTexts, exactText, grouped, shortText } from "../src/heatmap/numbers";
import { clearGaps, paintCells } from "../src/heatmap/paint";
import type { FrameModel } from "../src/store/cells";

const ROOM = { width: 360, height: 300, longest: [40, 64], free: 8 } as const;

const MATRIX: Layout = {
  shape: [300, 200],
  rows: 300,
  cols: 200,
  outer: [300, 200],
  kernel: [1, 1],
  gap: [0, 0],
  sliders: [],
};
const KERNELS: Layout = {
  shape: [2, 2, 3, 4, 3],
  rows: 9,
  cols: 7,
  outer: [2, 2],
  kernel: [4, 3],
  gap: [1, 1],
  sliders: [3],
};

function shown(layout: Layout, picture: Partial<Picture>, cells: Partial<FrameModel>): FrameModel {
  const whole: Picture = {
    layout,
    sliders: [],
    window: [0, layout.rows, 0, layout.cols],
    block: [1, 1],
    exact: true,
    planes: [],
    texts: {},
    limits: [-1, 1],
    limits_text: "",
    dtype: "float32",
    scale: "shared",
    shared_scale: "one scale",
    ...picture,
  };
  const frame = { kind: "frame", lens: "value", picture: whole } as Frame;
  return { frame, value: null, low: null, high: null, changed: null, ...cells };
}

test("each cell has the colour of its value, gaps are transparent", () => {
  const limits: Limits = [-1, 1];
  const values = Float32Array.from(
    { length: 63 },
    (_, n) => [0, 0.5, -1, 7, Number.NaN, Number.NEGATIVE_INFINITY][n % 6] ?? 0,
  );
  const out = new Uint32Array(63);
  paintCells(out, values, limits, palette("dark"));
  clearGaps(out, KERNELS, geometry([0, 9, 0, 7], [1, 1], ROOM));
  for (const [n, packed] of out.entries()) {
    const gap = Math.floor(n / 7) === 4 || n % 7 === 3;
    if (gap) assert.equal(packed, 0);
    else assert.deepEqual(unpack(packed), colourOf(values[n] ?? 0, limits, "dark"));
  }
});

test("cells that stand for more than a gap are no gaps", () => {
  const out = new Uint32Array(4 * 3).fill(7);
  clearGaps(out, KERNELS, geometry([0, 9, 0, 7], [2, 3], ROOM));
  assert.ok(out.every((packed) => packed === 7));
});

test("an exact cell is told by its index and every digit it has", () => {
  const value = new Float32Array([0.1, -1e-9, Number.NaN]);
  const layout = { ...MATRIX, shape: [1, 3], rows: 1, cols: 3, outer: [1, 3] };
  const model = shown(layout, { texts: { "1": "9007199254740993" } }, { value });
  const cells = geometry([0, 1, 0, 3], [1, 1], ROOM);
  const at = (col: number) => describe(model, cells, { row: 0, col });
  assert.deepEqual(at(0), { index: "[0, 0]", value: "0.1", note: "" });
  assert.equal(at(1)?.value, "9007199254740993");
  assert.equal(at(2)?.value, "NaN");
});

test("a complex cell is its magnitude, a bool one True or False", () => {
  const layout = { ...MATRIX, shape: [1, 2], rows: 1, cols: 2, outer: [1, 2] };
  const cells = geometry([0, 1, 0, 2], [1, 1], ROOM);
  const at = (dtype: string, col: number) =>
    describe(shown(layout, { dtype }, { value: new Float32Array([0, 1]) }), cells, { row: 0, col });
  assert.deepEqual(at("complex64", 1), { index: "[0, 1]", value: "1", note: "magnitude" });
  assert.deepEqual(at("bool", 0), { index: "[0, 0]", value: "False", note: "" });
  assert.deepEqual(at("bool", 1), { index: "[0, 1]", value: "True", note: "" });
});

test("a reduced cell says what it is", () => {
  const value = new Float32Array(3 * 2).fill(0.25);
  const low = value.map(() => -1);
  const high = value.map(() => 2.5);
  const model = shown(MATRIX, { block: [125, 100], exact: false }, { value, low, high });
  const cells = geometry([0, 300, 0, 200], [125, 100], ROOM);
  assert.deepEqual(describe(model, cells, { row: 0, col: 1 }), {
    index: "[0:125, 100:200]",
    value: "0.25",
    note: "mean of 125×100 elements, min −1, max 2.5",
  });
  assert.equal(describe(model, cells, { row: 2, col: 0 })?.index, "[250:300, 0:100]");
});

test("indices of kernels name the slider's axis, gaps have none", () => {
  const model = shown(KERNELS, { sliders: [2] }, { value: new Float32Array(63).fill(1) });
  const cells = geometry([0, 9, 0, 7], [1, 1], ROOM);
  assert.equal(describe(model, cells, { row: 6, col: 5 })?.index, "[1, 1, 2, 1, 1]");
  assert.equal(describe(model, cells, { row: 4, col: 0 }), null);
  assert.equal(describe(model, cells, { row: 0, col: 3 }), null);
});

test("the elements of a reduced cell are counted without the gaps", () => {
  const value = new Float32Array(4).fill(1);
  const model = shown(KERNELS, { block: [5, 4], exact: false, sliders: [1] }, { value });
  const cells = geometry([0, 9, 0, 7], [5, 4], ROOM);
  const described = describe(model, cells, { row: 0, col: 1 });
  assert.equal(described?.note, "mean of 4×3 elements");
  assert.equal(described?.index, "[0, 1, 1, :, :]");
});

test("a part of the plane as a slice", () => {
  assert.equal(spanText(MATRIX, [3, 4, 0, 200], []), "[3, 0:200]");
  assert.equal(spanText(KERNELS, [0, 9, 0, 7], [1]), "[0:2, 0:2, 1, :, :]");
  assert.equal(spanText(KERNELS, [5, 7, 1, 2], []), "[1, 0, 0, 0:2, 1]");
  const strip = { ...MATRIX, shape: [9], rows: 1, cols: 9, outer: [1, 9] };
  assert.equal(spanText(strip, [0, 1, 2, 5], []), "[2:5]");
});

test("the shortest text that is still the same number", () => {
  assert.equal(exactText(Math.fround(0.1), true), "0.1");
  assert.equal(exactText(Math.fround(1 / 3), true), "0.33333334");
  assert.equal(exactText(1 / 3, false), "0.3333333333333333");
  assert.equal(exactText(-2, true), "−2");
  assert.equal(exactText(Math.fround(1e-7), true), "1e−7");
  assert.equal(exactText(16777216, true), "1.6777216e7");
  assert.equal(exactText(-(2 ** 53 - 1), false), "−9007199254740991");
  assert.equal(exactText(Number.NEGATIVE_INFINITY, true), "−inf");
  assert.equal(exactText(-0, true), "−0");
});

test("few digits where there is little room", () => {
  assert.equal(shortText(0.0240963, 3), "0.0241");
  assert.equal(shortText(42, 2), "42");
  assert.equal(shortText(-1234, 3), "−1234");
  assert.equal(shortText(123456.7, 3), "1.23e5");
  assert.equal(shortText(12345.67, 3), "12346");
  assert.equal(shortText(42000, 3), "42000");
  assert.equal(shortText(130000, 3), "130000");
  assert.equal(shortText(0.00001234, 3), "1.23e−5");
  assert.equal(shortText(Number.NaN, 3), "NaN");
  assert.deepEqual(alignedTexts([0.3514, -0.0213, 0, Number.NaN], 3), [
    ...["0.351", "−0.021", "0.000", "NaN"],
  ]);
  assert.deepEqual(alignedTexts([12.345, -0.5], 3), ["12.3", "−0.5"]);
  assert.deepEqual(alignedTexts([42, -1], 3), ["42", "−1"]);
  assert.deepEqual(alignedTexts([1e-7, 2], 2), ["0.0", "2.0"]);
  assert.deepEqual(alignedTexts([1e-7], 2), ["1e−7"]);
  assert.equal(grouped(1234567), "1,234,567");
});
