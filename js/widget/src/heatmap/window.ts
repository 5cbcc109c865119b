/** Which part of the plane is looked at: zooming, panning, and how many cells to ask for. */

import { isGap, pitch } from "../../../shared/layout";
import type { Layout } from "../../../shared/protocol";

/** Half-open, in rows and columns of the plane. */
export type Window = readonly [row0: number, row1: number, col0: number, col1: number];
export type Pair = readonly [rows: number, cols: number];
export interface Cell {
  row: number;
  col: number;
}

/** The most cells per direction that Python sends. */
export const MOST_CELLS = 256;

export function whole({ rows, cols }: Layout): Window {
  return [0, rows, 0, cols];
}

export function windowOf(window: readonly number[]): Window {
  const [row0 = 0, row1 = 0, col0 = 0, col1 = 0] = window;
  return [row0, row1, col0, col1];
}

export function isWhole([row0, row1, col0, col1]: Window, { rows, cols }: Layout): boolean {
  return row0 <= 0 && col0 <= 0 && row1 >= rows && col1 >= cols;
}

/** How many rows and columns a window has. */
export function extent([row0, row1, col0, col1]: Window): Pair {
  return [row1 - row0, col1 - col0];
}

/**
 * How many cells to ask for in one direction of `elements` that has `pixels` of the screen.
 *
 * One per element where that fits. Where it does not, so many that each is the same whole number
 * of pixels wide and together they fill the room.
 */
export function cellsFor(elements: number, pixels: number, most = MOST_CELLS): number {
  if (elements <= Math.min(most, pixels)) return Math.max(1, elements);
  const width = Math.max(1, Math.ceil(pixels / most));
  return Math.max(1, Math.min(most, Math.floor(pixels / width)));
}

/** A window of `size`, moved so that it lies on the plane. */
export function placed(row0: number, col0: number, size: Pair, layout: Layout): Window {
  const rows = Math.min(size[0], layout.rows);
  const cols = Math.min(size[1], layout.cols);
  const row = clamp(Math.round(row0), 0, layout.rows - rows);
  const col = clamp(Math.round(col0), 0, layout.cols - cols);
  return [row, row + rows, col, col + cols];
}

/**
 * The window with `factor` times as many rows and columns (below 1 zooms in), `at` staying where it
 * is on the screen. A direction in which the cells are already much longer than in the other one
 * is left alone, so that zooming into a long thin matrix makes its cells square first.
 */
export function zoomed(
  window: Window,
  layout: Layout,
  factor: number,
  at: Cell,
  cell: Pair = [1, 1],
): Window {
  const size = extent(window);
  const shortest = Math.min(cell[0], cell[1]);
  const next = (direction: 0 | 1) => {
    if (factor > 1) return Math.max(Math.round(size[direction] * factor), size[direction] + 1);
    const spared = cell[direction] * factor >= shortest && cell[0] !== cell[1];
    return spared ? size[direction] : Math.max(1, Math.round(size[direction] * factor));
  };
  const [rows, cols] = [next(0), next(1)];
  const row = at.row - ((at.row - window[0]) * rows) / Math.max(1, size[0]);
  const col = at.col - ((at.col - window[2]) * cols) / Math.max(1, size[1]);
  return placed(row, col, [rows, cols], layout);
}

/** The window moved by so many rows and columns. */
export function panned(window: Window, layout: Layout, rows: number, cols: number): Window {
  return placed(window[0] + rows, window[2] + cols, extent(window), layout);
}

/** The window moved just enough to show the cell; the same object if it already does. */
export function following(window: Window, layout: Layout, { row, col }: Cell): Window {
  const [row0, row1, col0, col1] = window;
  const down = row < row0 ? row - row0 : Math.max(0, row - row1 + 1);
  const right = col < col0 ? col - col0 : Math.max(0, col - col1 + 1);
  return down || right ? panned(window, layout, down, right) : window;
}

/** A window of about `size` around a cell. */
export function around({ row, col }: Cell, size: Pair, layout: Layout): Window {
  return placed(row - Math.floor(size[0] / 2), col - Math.floor(size[1] / 2), size, layout);
}

/** Whether both show the same; null is the whole plane. */
export function sameWindow(
  a: readonly number[] | null,
  b: readonly number[] | null,
  layout: Layout,
): boolean {
  const [first, second] = [a ?? whole(layout), b ?? whole(layout)];
  return first.every((value, n) => value === second[n]);
}

/**
 * One step from a cell, over gaps, staying on the plane. `step` rows or columns at a time where a
 * cell stands for that many.
 */
export function stepped(cell: Cell, layout: Layout, rows: number, cols: number): Cell {
  return {
    row: stepAlong(layout, 0, cell.row, rows),
    col: stepAlong(layout, 1, cell.col, cols),
  };
}

function stepAlong(layout: Layout, direction: 0 | 1, from: number, by: number): number {
  const size = direction === 0 ? layout.rows : layout.cols;
  const to = clamp(from + by, 0, size - 1);
  if (!isGap(layout, direction, to)) return to;
  return by < 0 ? to - 1 : to + 1;
}

/** Ticks of a ruler: positions on the plane and what to write there, at most one per `room`. */
export function ticks(
  layout: Layout,
  direction: 0 | 1,
  [start, end]: Pair,
  room: number,
): { position: number; label: number }[] {
  const size = pitch(layout, direction);
  const step = niceStep(Math.max(1, room / size));
  const first = Math.ceil(start / size / step) * step;
  const found: { position: number; label: number }[] = [];
  for (let label = first; label * size < end; label += step) {
    found.push({ position: label * size, label });
  }
  return found;
}

/** The least of 1, 2, 5, 10, 20, 50 … that is at least `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const digit = [1, 2, 5, 10].find((candidate) => candidate * power >= least) ?? 10;
  return Math.max(1, Math.round(digit * power));
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
