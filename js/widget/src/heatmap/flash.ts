/** Cells that have just changed light up for a moment, with a ring around them all. */

import type { Geometry } from "./geometry";

/** Yellow, packed: like a marker pen, and on none of the scales. */
const LIGHT = 0xff00d4ff;

/** The rows and columns of cells that contain all changed ones; null if there are none. */
export function boundsOf(
  changed: Uint8Array,
  [rows, cols]: readonly [number, number],
): [row0: number, row1: number, col0: number, col1: number] | null {
  let [row0, row1, col0, col1] = [rows, 0, cols, 0];
  for (let n = changed.indexOf(1); n >= 0; n = changed.indexOf(1, n + 1)) {
    const row = Math.floor(n / cols);
    const col = n % cols;
    row0 = Math.min(row0, row);
    row1 = Math.max(row1, row + 1);
    col0 = Math.min(col0, col);
    col1 = Math.max(col1, col + 1);
  }
  return row1 ? [row0, row1, col0, col1] : null;
}

/**
 * Shows `changed` in `canvas`, and `ring` around it. The stylesheet fades both, or keeps them for a
 * second if the user prefers reduced motion; the animation starts again with each call.
 */
export function flash(
  canvas: HTMLCanvasElement,
  ring: HTMLElement,
  changed: Uint8Array,
  { cells, cell }: Geometry,
  pixel: number,
): void {
  const bounds = boundsOf(changed, cells);
  const context = canvas.getContext("2d");
  if (!bounds || !context || changed.length !== cells[0] * cells[1]) return;
  [canvas.height, canvas.width] = cells;
  const image = context.createImageData(cells[1], cells[0]);
  const pixels = new Uint32Array(image.data.buffer);
  for (let n = 0; n < changed.length; n++) if (changed[n]) pixels[n] = LIGHT;
  context.putImageData(image, 0, 0);
  const [row0, row1, col0, col1] = bounds;
  ring.style.top = `${(row0 * cell[0]) / pixel}px`;
  ring.style.left = `${(col0 * cell[1]) / pixel}px`;
  ring.style.height = `${((row1 - row0) * cell[0]) / pixel}px`;
  ring.style.width = `${((col1 - col0) * cell[1]) / pixel}px`;
  for (const element of [canvas, ring]) restart(element);
}

function restart(element: HTMLElement): void {
  element.classList.remove("flashing");
  void element.offsetWidth; // the browser must see it gone, or the animation does not start again
  element.classList.add("flashing");
}
