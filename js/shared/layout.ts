/**
 * Where the elements of a tensor are on the plane, and the inverse: the mirror of
 * paramwidget/picture/layout.py, held to it by tests/contract/layout.json.
 */

import type { Layout } from "./protocol";

/** The longest last axis of a 3-D tensor that is shown as a kernel rather than a row. */
const LONGEST_KERNEL = 16;

export interface Place {
  row: number;
  col: number;
  sliders: number[];
}

/** A 3-D tensor shown as matrices below each other. */
export function stacked({ shape }: Layout): boolean {
  return shape.length === 3 && at(shape, 2) > LONGEST_KERNEL;
}

/** The tensor index of a plane cell; null for a gap and outside of the plane. */
export function planeToIndex(
  layout: Layout,
  row: number,
  col: number,
  sliders: readonly number[] = [],
): number[] | null {
  if (row < 0 || col < 0 || row >= layout.rows || col >= layout.cols) return null;
  const [o, inRow] = split(row, pitch(layout, 0));
  const [i, inCol] = split(col, pitch(layout, 1));
  if (inRow >= at(layout.kernel, 0) || inCol >= at(layout.kernel, 1)) return null;
  const rank = layout.shape.length;
  if (rank >= 4) return [o, i, ...layout.sliders.map((_, n) => sliders[n] ?? 0), inRow, inCol];
  if (rank === 3) return stacked(layout) ? [o, inRow, inCol] : [o, i, inCol];
  return [[], [i], [o, i]][rank] ?? null;
}

/** Row, column and slider positions of a tensor element: the inverse of `planeToIndex`. */
export function indexToPlane(layout: Layout, index: readonly number[]): Place | null {
  const { shape } = layout;
  if (index.length !== shape.length) return null;
  if (index.some((value, axis) => value < 0 || value >= at(shape, axis))) return null;
  const [o, i, inRow, inCol] = parts(layout, index);
  return {
    row: o * pitch(layout, 0) + inRow,
    col: i * pitch(layout, 1) + inCol,
    sliders: index.slice(2, -2),
  };
}

/** Whether a whole row (direction 0) or column (1) of the plane is a gap between kernels. */
export function isGap(layout: Layout, direction: 0 | 1, position: number): boolean {
  return position % pitch(layout, direction) >= at(layout.kernel, direction);
}

/** From one kernel to the next, in rows (0) or columns (1). */
export function pitch(layout: Layout, direction: 0 | 1): number {
  return Math.max(1, at(layout.kernel, direction) + at(layout.gap, direction));
}

/** How many rows (0) or columns (1) from `start` to before `end` are not gaps. */
export function elementsBetween(
  layout: Layout,
  direction: 0 | 1,
  start: number,
  end: number,
): number {
  return elementsBefore(layout, direction, end) - elementsBefore(layout, direction, start);
}

function elementsBefore(layout: Layout, direction: 0 | 1, position: number): number {
  const [whole, rest] = split(position, pitch(layout, direction));
  const kernel = at(layout.kernel, direction);
  return whole * kernel + Math.min(rest, kernel);
}

/** Outer row and column, then row and column within the kernel. */
function parts(layout: Layout, index: readonly number[]): [number, number, number, number] {
  const rank = index.length;
  if (rank === 0) return [0, 0, 0, 0];
  if (rank === 1) return [0, at(index, 0), 0, 0];
  if (rank === 2) return [at(index, 0), at(index, 1), 0, 0];
  if (rank > 3) return [at(index, 0), at(index, 1), at(index, rank - 2), at(index, rank - 1)];
  return stacked(layout)
    ? [at(index, 0), 0, at(index, 1), at(index, 2)]
    : [at(index, 0), at(index, 1), 0, at(index, 2)];
}

function split(position: number, size: number): [number, number] {
  return [Math.floor(position / size), position % size];
}

function at(list: readonly number[], n: number): number {
  return list[n] ?? 0;
}
