import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../shared/protocol";
import { cellAt, cellOf, elementOf, geometry, spanOf } from "../src/heatmap/geometry";
import {
  around,
  cellsFor,
  extent,
  following,
  isWhole,
  niceStep,
  panned,
  placed,
  sameWindow,
  stepped,
  ticks,
  type Window,
  whole,
  zoomed,
} from "../src/heatmap/window";

const ROOM = { width: 360, height: 300, longest: [40, 64], free: 8 } as const;

export function matrix(rows: number, cols: number): Layout {
  const outer = [rows, cols];
  return { shape: outer, rows, cols, outer, kernel: [1, 1], gap: [0, 0], sliders: [] };
}

/** 8 x 3 kernels of 5 x 5. */
const KERNELS: Layout = {
  shape: [8, 3, 5, 5],
  rows: 47,
  cols: 17,
  outer: [8, 3],
  kernel: [5, 5],
  gap: [1, 1],
  sliders: [],
};

test("a cell per element where it fits, else whole pixels that fill the room", () => {
  assert.equal(cellsFor(20, 360), 20);
  assert.equal(cellsFor(256, 300), 256);
  assert.equal(cellsFor(4096, 360), 180); // 2 pixels each
  assert.equal(cellsFor(4096, 720), 240); // 3 pixels each
  assert.equal(cellsFor(4096, 200), 200);
  assert.equal(cellsFor(300, 1000), 250);
  assert.equal(cellsFor(0, 300), 1);
});

test("cells are whole pixels, near square while they are large", () => {
  const small = geometry([0, 5, 0, 5], [1, 1], ROOM);
  assert.deepEqual(small.cell, [40, 64]);
  const tall = geometry([0, 256, 0, 20], [1, 1], ROOM);
  assert.deepEqual(tall.cell, [1, 8]);
  assert.deepEqual(tall.size, [256, 160]);
  const crowded = geometry([0, 400, 0, 400], [1, 1], ROOM);
  assert.deepEqual(crowded.cell, [0.75, 0.9]);
});

test("points, cells and elements are found from each other", () => {
  const shown = geometry([100, 201, 40, 80], [10, 2], ROOM);
  assert.deepEqual(shown.cells, [11, 20]);
  const [height, width] = shown.cell;
  const cell = cellAt(shown, 3 * width + 1, 10 * height + 1);
  assert.deepEqual(cell, { row: 10, col: 3 });
  assert.deepEqual(elementOf(shown, { row: 10, col: 3 }), { row: 200, col: 46 });
  assert.deepEqual(spanOf(shown, { row: 10, col: 3 }), [200, 201, 46, 48]);
  assert.deepEqual(cellOf(shown, { row: 200, col: 47 }), { row: 10, col: 3 });
  assert.equal(cellOf(shown, { row: 99, col: 47 }), null);
  assert.equal(cellAt(shown, -1, 0), null);
  assert.equal(cellAt(shown, 0, shown.size[0]), null);
});

test("zooming keeps the place under the cursor, and stays on the plane", () => {
  const layout = matrix(1000, 1000);
  const zoomedIn = zoomed(whole(layout), layout, 0.5, { row: 500, col: 0 });
  assert.deepEqual(zoomedIn, [250, 750, 0, 500]);
  const out = zoomed(zoomedIn, layout, 2, { row: 500, col: 0 });
  assert.deepEqual(out, whole(layout));
  assert.ok(isWhole(out, layout));
  assert.deepEqual(zoomed([0, 1, 0, 1], layout, 0.5, { row: 0, col: 0 }), [0, 1, 0, 1]);
});

test("zooming out of a single element goes on", () => {
  const layout = matrix(9, 9);
  let window: Window = [4, 5, 4, 5];
  for (let n = 0; n < 6; n++) window = zoomed(window, layout, 1.5, { row: 4, col: 4 });
  assert.deepEqual(window, whole(layout));
});

test("zooming into thin cells first makes them square", () => {
  const layout = matrix(256, 20);
  const first = zoomed(whole(layout), layout, 0.5, { row: 0, col: 0 }, [1, 8]);
  assert.deepEqual(extent(first), [128, 20]);
  const square = zoomed(first, layout, 0.5, { row: 0, col: 0 }, [6, 8]);
  assert.deepEqual(extent(square), [64, 10]);
});

test("a window is moved onto the plane, never cut", () => {
  const layout = matrix(100, 50);
  assert.deepEqual(placed(-5, 45, [10, 10], layout), [0, 10, 40, 50]);
  assert.deepEqual(placed(3, 3, [500, 500], layout), [0, 100, 0, 50]);
  assert.deepEqual(panned([10, 20, 10, 20], layout, 5, -20), [15, 25, 0, 10]);
  assert.deepEqual(around({ row: 50, col: 25 }, [10, 4], layout), [45, 55, 23, 27]);
});

test("the view follows a cell by as little as shows it", () => {
  const layout = matrix(100, 100);
  const window: Window = [10, 20, 10, 20];
  assert.equal(following(window, layout, { row: 12, col: 19 }), window);
  assert.deepEqual(following(window, layout, { row: 20, col: 9 }), [11, 21, 9, 19]);
  assert.deepEqual(following(window, layout, { row: 0, col: 99 }), [0, 10, 90, 100]);
});

test("steps go over gaps and stop at the edge", () => {
  assert.deepEqual(stepped({ row: 4, col: 0 }, KERNELS, 1, 0), { row: 6, col: 0 });
  assert.deepEqual(stepped({ row: 6, col: 0 }, KERNELS, -1, 0), { row: 4, col: 0 });
  assert.deepEqual(stepped({ row: 0, col: 16 }, KERNELS, 0, 1), { row: 0, col: 16 });
  assert.deepEqual(stepped({ row: 46, col: 16 }, KERNELS, -99, -99), { row: 0, col: 0 });
  assert.deepEqual(stepped({ row: 0, col: 0 }, KERNELS, 99, 99), { row: 46, col: 16 });
});

test("rulers count elements, or kernels, in round steps", () => {
  assert.deepEqual(
    [1, 1.2, 3, 7, 11, 230].map((least) => niceStep(least)),
    [1, 2, 5, 10, 20, 500],
  );
  assert.deepEqual(ticks(matrix(100, 100), 0, [10, 60], 20), [
    { position: 20, label: 20 },
    { position: 40, label: 40 },
  ]);
  assert.deepEqual(ticks(KERNELS, 1, [0, 17], 6), [
    { position: 0, label: 0 },
    { position: 6, label: 1 },
    { position: 12, label: 2 },
  ]);
});

test("null is the whole window", () => {
  const layout = matrix(5, 5);
  assert.ok(sameWindow(null, [0, 5, 0, 5], layout));
  assert.ok(!sameWindow(null, [0, 5, 0, 4], layout));
});
