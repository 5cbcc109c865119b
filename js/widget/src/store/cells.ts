/** The cells of a picture as numbers, and which of them are new. */

import type { Frame, Picture, Plane } from "../../../shared/protocol";

export type Cells = Float32Array | Float64Array;

export interface FrameModel {
  frame: Frame;
  value: Cells | null;
  low: Cells | null;
  high: Cells | null;
  /** 1 for the cells that differ from the previous frame of the same view, after an edit or a cell. */
  changed: Uint8Array | null;
}

export function frameModel(
  frame: Frame,
  buffers: readonly DataView[],
  before: FrameModel | null,
): FrameModel {
  const plane = (role: Plane["role"]): Cells | null => {
    const found = frame.picture?.planes.find((candidate) => candidate.role === role);
    return found && frame.picture ? whole(found, cellsOf(found, buffers), frame.picture) : null;
  };
  const model = { frame, value: plane("value"), low: plane("low"), high: plane("high") };
  return { ...model, changed: changedCells(model, before) };
}

/** The cells of a plane, which are as many as its window has blocks. */
function whole(plane: Plane, cells: Cells, { window, block }: Picture): Cells {
  const [row0 = 0, row1 = 0, col0 = 0, col1 = 0] = window;
  const [high = 1, wide = 1] = block;
  const expected = Math.ceil((row1 - row0) / high) * Math.ceil((col1 - col0) / wide);
  if (cells.length === expected) return cells;
  throw new Error(`the plane "${plane.role}" has ${cells.length} cells instead of ${expected}`);
}

/** A typed array must start at a multiple of its width, which no buffer promises: so it is copied. */
export function cellsOf(plane: Plane, buffers: readonly DataView[]): Cells {
  const view = buffers[plane.buffer];
  if (!view) throw new Error(`the plane "${plane.role}" has no buffer ${plane.buffer}`);
  if (plane.encoding === "f8") {
    const cells = new Float64Array(view.byteLength >> 3);
    for (let i = 0; i < cells.length; i++) cells[i] = view.getFloat64(i << 3, true);
    return cells;
  }
  if (plane.encoding === "f4") {
    const cells = new Float32Array(view.byteLength >> 2);
    for (let i = 0; i < cells.length; i++) cells[i] = view.getFloat32(i << 2, true);
    return cells;
  }
  const bits = new Uint32Array(view.byteLength >> 1);
  for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(i << 1, true) << 16;
  return new Float32Array(bits.buffer);
}

function changedCells(now: Omit<FrameModel, "changed">, before: FrameModel | null) {
  const { frame, value } = now;
  if ((frame.cause !== "edit" && frame.cause !== "cell") || !value || !before?.value) return null;
  if (before.value.length !== value.length || !sameView(frame, before.frame)) return null;
  const changed = new Uint8Array(value.length);
  let some = false;
  for (let i = 0; i < value.length; i++) {
    if (!Object.is(value[i], before.value[i])) {
      changed[i] = 1;
      some = true;
    }
  }
  return some ? changed : null;
}

function sameView(a: Frame, b: Frame): boolean {
  const key = ({ window, block, sliders, layout }: Picture) =>
    JSON.stringify([window, block, sliders, layout.shape]);
  return !!a.picture && !!b.picture && a.lens === b.lens && key(a.picture) === key(b.picture);
}
