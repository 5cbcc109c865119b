/**
 * What is drawn over and beside the cells: rulers, numbers, and glyphs for values off the scale.
 */

import type { Layout } from "../../../shared/protocol";
import type { FrameModel } from "../store/cells";
import {
  css,
  inkOn,
  type Limits,
  type Mark,
  markOf,
  type Palette,
  packedColour,
  unpack,
} from "./colours";
import { isGapCell } from "./describe";
import type { Geometry } from "./geometry";
import { alignedTexts } from "./numbers";
import { ticks } from "./window";

/** Device pixels throughout. */
export interface Ink {
  context: CanvasRenderingContext2D;
  /** One em of the text around. */
  em: number;
  font: string;
  colour: string;
  /** The corner at which the cells begin. */
  left: number;
  top: number;
}

export const GLYPHS: Record<Exclude<Mark, "" | "gap">, string> = {
  nan: "×",
  "+inf": "∞",
  "-inf": "−∞",
  above: "▲",
  below: "▼",
};

/** The room that rulers need: for the longest row index, and for one line of column indices. */
export function rulerRoom(layout: Layout, em: number): { left: number; top: number } {
  const digits = String(Math.max(0, (layout.outer[0] ?? 1) - 1)).length;
  return { left: Math.ceil(em * (0.55 * digits + 0.5)), top: Math.ceil(em * 1.25) };
}

export function drawRulers(ink: Ink, layout: Layout, { window, block, cell }: Geometry): void {
  const { context, em, left, top } = ink;
  const [row0, row1, col0, col1] = window;
  const perRow = cell[0] / block[0];
  const perCol = cell[1] / block[1];
  const digits = String(layout.outer[1] ?? 1).length;
  context.font = `${em * 0.8}px ${ink.font}`;
  context.fillStyle = ink.colour;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const wide = em * (0.55 * digits + 0.9);
  for (const { position, label } of ticks(layout, 1, [col0, col1], wide / perCol)) {
    const middle = left + (position - col0) * perCol + middleOf(layout, 1, perCol);
    context.fillText(
      String(label),
      Math.max(middle, left + (wide - em * 0.9) / 2),
      top - em * 0.62,
    );
  }
  context.textAlign = "right";
  for (const { position, label } of ticks(layout, 0, [row0, row1], (em * 1.15) / perRow)) {
    const middle = top + (position - row0) * perRow + middleOf(layout, 0, perRow);
    context.fillText(String(label), left - em * 0.35, Math.max(middle, top + em * 0.4));
  }
}

/** A tick is at the middle of its element or kernel. */
function middleOf(layout: Layout, direction: 0 | 1, perElement: number): number {
  return ((layout.kernel[direction] ?? 1) * perElement) / 2;
}

/** Numbers if they fit, else glyphs if those do. */
export function drawCells(
  ink: Ink,
  shown: FrameModel,
  geometry: Geometry,
  limits: Limits,
  palette: Palette,
): "numbers" | "glyphs" | "colours" {
  const { picture } = shown.frame;
  const values = shown.value;
  if (!picture || !values) return "colours";
  const least = Math.min(...geometry.cell);
  if (least < ink.em * 0.5) return "colours";
  const text = textOf(ink, values, picture.texts, geometry);
  const [height, width] = geometry.cell;
  const { context } = ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let row = 0; row < geometry.cells[0]; row++) {
    for (let col = 0; col < geometry.cells[1]; col++) {
      const n = row * geometry.cells[1] + col;
      const value = values[n] ?? Number.NaN;
      const mark = markOf(value, limits);
      if ((!text && !mark) || isGapCell(picture.layout, geometry, { row, col })) continue;
      const x = ink.left + (col + 0.5) * width;
      const y = ink.top + (row + 0.5) * height;
      context.fillStyle = css(inkOn(unpack(packedColour(value, limits, palette))));
      if (text) write(context, text.font, text.of(n), x, y);
      if (mark && (!text || mark === "above" || mark === "below")) {
        drawGlyph(ink, mark, x, y, text ? 0 : least, width, height);
      }
    }
  }
  return text ? "numbers" : "glyphs";
}

/** A glyph in the middle of a small cell, or (size 0) in the corner of one with a number. */
function drawGlyph(
  { context, em, font }: Ink,
  mark: Mark,
  x: number,
  y: number,
  size: number,
  width: number,
  height: number,
): void {
  const glyph = GLYPHS[mark as keyof typeof GLYPHS];
  if (size) {
    const pixels = Math.min(em, (size * (glyph.length > 1 ? 0.65 : 0.85)) | 0);
    write(context, `${pixels}px ${font}`, glyph, x, y);
  } else {
    const corner = em * 0.45;
    write(
      context,
      `${em * 0.55}px ${font}`,
      glyph,
      x + width / 2 - corner,
      y - height / 2 + corner,
    );
  }
}

function write(
  context: CanvasRenderingContext2D,
  font: string,
  text: string,
  x: number,
  y: number,
): void {
  if (context.font !== font) context.font = font;
  context.fillText(text, x, y);
}

/** Sizes of the text in em and digits, in the order in which they are tried. */
const SIZES = [
  [1, 4],
  [1, 3],
  [0.86, 3],
  [0.75, 3],
  [0.75, 2],
] as const;

/** The font and the text of each cell; null where not two digits would fit. */
function textOf(
  { context, em, font }: Ink,
  values: Float32Array | Float64Array,
  exact: Record<string, string>,
  { cell }: Geometry,
): { font: string; of(n: number): string } | null {
  const [height, width] = cell;
  if (width < em * 1.2) return null;
  for (const [size, digits] of SIZES) {
    if (height < em * size * 1.25) continue;
    const sized = `${Math.round(em * size)}px ${font}`;
    context.font = sized;
    const fits = (text: string) => context.measureText(text).width <= width - em * 0.2;
    const texts = alignedTexts(values, digits);
    if (!texts.every(fits)) continue;
    const of = (n: number) => {
      const text = exact[n];
      return text && fits(text) ? text : (texts[n] ?? "");
    };
    return { font: sized, of };
  }
  return null;
}
