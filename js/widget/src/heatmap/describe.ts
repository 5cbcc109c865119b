/** The description of a cell: its index in Python syntax, and its value. */

import { elementsBetween, isGap, pitch, planeToIndex, stacked } from "../../../shared/layout";
import type { Layout } from "../../../shared/protocol";
import type { FrameModel } from "../store/cells";
import { type Geometry, spanOf } from "./geometry";
import { exactText, grouped } from "./numbers";
import type { Cell, Window } from "./window";

export interface Described {
  /** "[3, 0]", or "[0:16, 32:64]" for a cell that stands for many elements. */
  index: string;
  value: string;
  /** What the value is, if it is not that of one element. */
  note: string;
}

/** Null for a gap between kernels. */
export function describe(shown: FrameModel, geometry: Geometry, cell: Cell): Described | null {
  const { picture } = shown.frame;
  if (!picture || !shown.value) return null;
  const { layout, sliders, dtype } = picture;
  const span = spanOf(geometry, cell);
  const at = cell.row * geometry.cells[1] + cell.col;
  const text = (values: FrameModel["value"]) =>
    exactText(values?.[at] ?? Number.NaN, values instanceof Float32Array);
  if (isGapCell(layout, geometry, cell)) return null;
  if (picture.exact) {
    const index = planeToIndex(layout, span[0], span[2], sliders);
    const value = picture.texts[String(at)] ?? asWritten(text(shown.value), dtype);
    const note = dtype.startsWith("complex") ? "magnitude" : "";
    return { index: indexText(index ?? []), value, note };
  }
  const rows = elementsBetween(layout, 0, span[0], span[1]);
  const cols = elementsBetween(layout, 1, span[2], span[3]);
  const ends = shown.low && shown.high ? `, min ${text(shown.low)}, max ${text(shown.high)}` : "";
  return {
    index: spanText(layout, span, sliders),
    value: text(shown.value),
    note: `mean of ${grouped(rows)}×${grouped(cols)} elements${ends}`,
  };
}

function asWritten(text: string, dtype: string): string {
  if (dtype !== "bool") return text;
  return text === "0" ? "False" : "True";
}

/** Only a cell that is one row high or one column wide can lie in a gap altogether. */
export function isGapCell(layout: Layout, geometry: Geometry, cell: Cell): boolean {
  const [row0, row1, col0, col1] = spanOf(geometry, cell);
  return (
    (row1 - row0 === 1 && isGap(layout, 0, row0)) || (col1 - col0 === 1 && isGap(layout, 1, col0))
  );
}

export function indexText(index: readonly number[]): string {
  return index.length ? `[${index.join(", ")}]` : "[()]";
}

/** The slice for a part of the plane; if it cuts kernels, the slice that contains it. */
export function spanText(layout: Layout, span: Window, sliders: readonly number[]): string {
  const [o, inRow] = sliceAlong(layout, 0, span[0], span[1]);
  const [i, inCol] = sliceAlong(layout, 1, span[2], span[3]);
  const rank = layout.shape.length;
  if (rank < 2) return `[${i}]`;
  if (rank === 2) return `[${o}, ${i}]`;
  if (rank === 3) return stacked(layout) ? `[${o}, ${inRow}, ${inCol}]` : `[${o}, ${i}, ${inCol}]`;
  const chosen = layout.sliders.map((_, n) => `${sliders[n] ?? 0}, `).join("");
  return `[${o}, ${i}, ${chosen}${inRow}, ${inCol}]`;
}

/**
 * The kernels that a stretch of rows (0) or columns (1) touches, and which part of a single one.
 */
function sliceAlong(layout: Layout, direction: 0 | 1, start: number, end: number) {
  const size = pitch(layout, direction);
  const kernel = layout.kernel[direction] ?? 1;
  const inside = start % size;
  const first = Math.floor(start / size) + (inside >= kernel ? 1 : 0);
  const last = Math.floor((end - 1) / size);
  if (last > first) return [`${first}:${last + 1}`, ":"];
  const from = inside >= kernel ? 0 : inside;
  const to = Math.min(kernel, end - first * size);
  return [String(first), from === 0 && to === kernel ? ":" : range(from, to)];
}

function range(from: number, to: number): string {
  return to === from + 1 ? String(from) : `${from}:${to}`;
}
