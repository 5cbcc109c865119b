/**
 * From the values of the cells to pixels, one per cell; scaled up by the canvas, never smoothed.
 */

import { isGap } from "../../../shared/layout";
import type { Layout } from "../../../shared/protocol";
import type { Cells } from "../store/cells";
import { type Limits, type Palette, packedColour, TRANSPARENT } from "./colours";
import type { Geometry } from "./geometry";

/** Writes the packed colour of each cell into `out`. */
export function paintCells(
  out: Uint32Array,
  values: Cells,
  limits: Limits,
  palette: Palette,
): void {
  for (let n = 0; n < out.length; n++) out[n] = packedColour(values[n] as number, limits, palette);
}

/** Makes the cells between kernels transparent; NaN there would be mistaken for a value. */
export function clearGaps(out: Uint32Array, layout: Layout, geometry: Geometry): void {
  const { cells } = geometry;
  const rows = gapCells(layout, geometry, 0);
  const cols = gapCells(layout, geometry, 1);
  for (const row of rows) out.fill(TRANSPARENT, row * cells[1], (row + 1) * cells[1]);
  for (const col of cols) {
    for (let n = col; n < out.length; n += cells[1]) out[n] = TRANSPARENT;
  }
}

/** The rows (0) or columns (1) of cells that are gaps; none where a cell is longer than a gap. */
function gapCells(layout: Layout, { window, block, cells }: Geometry, direction: 0 | 1): number[] {
  if (!layout.gap[direction]) return [];
  const start = window[direction * 2] ?? 0;
  const end = window[direction * 2 + 1] ?? 0;
  const found: number[] = [];
  for (let n = 0; n < cells[direction]; n++) {
    const position = start + n * block[direction];
    const length = Math.min(block[direction], end - position);
    if (length === 1 && isGap(layout, direction, position)) found.push(n);
  }
  return found;
}
