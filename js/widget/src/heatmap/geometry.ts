/** Where the cells of a picture are on the screen. All lengths are whole device pixels. */

import type { Cell, Pair, Window } from "./window";

export interface Geometry {
  window: Window;
  /** Elements per cell. */
  block: Pair;
  /** Cells in the picture. */
  cells: Pair;
  /** Pixels per cell. */
  cell: Pair;
  /** Pixels of the whole picture. */
  size: Pair;
}

export interface Room {
  /** What there is, and the longest side a single cell may have. */
  width: number;
  height: number;
  longest: Pair;
  /**
   * Up to this length a cell is stretched freely; a longer one is at most twice as long as wide.
   */
  free: number;
}

/**
 * How the cells fill the room, each the same whole number of pixels high and wide. Only where the
 * room cannot hold a pixel per cell (the picture was made for a larger view) they are parts of one.
 */
export function geometry(window: Window, block: Pair, room: Room): Geometry {
  const [row0, row1, col0, col1] = window;
  const cells: Pair = [
    Math.max(1, Math.ceil((row1 - row0) / Math.max(1, block[0]))),
    Math.max(1, Math.ceil((col1 - col0) / Math.max(1, block[1]))),
  ];
  const most = [room.height / cells[0], room.width / cells[1]].map((length, direction) =>
    Math.min(room.longest[direction] ?? 1, length < 1 ? length : Math.floor(length)),
  );
  const [height = 1, width = 1] = most;
  const cell: Pair = [
    Math.min(height, Math.max(width * 2, room.free)),
    Math.min(width, Math.max(height * 2, room.free)),
  ];
  return { window, block, cells, cell, size: [cell[0] * cells[0], cell[1] * cells[1]] };
}

/** The cell at a point of the picture, null outside. */
export function cellAt({ cells, cell }: Geometry, x: number, y: number): Cell | null {
  const row = Math.floor(y / cell[0]);
  const col = Math.floor(x / cell[1]);
  return row < 0 || col < 0 || row >= cells[0] || col >= cells[1] ? null : { row, col };
}

/** The cell of the picture that holds an element of the plane, null outside of the window. */
export function cellOf({ window, block }: Geometry, element: Cell): Cell | null {
  const [row0, row1, col0, col1] = window;
  if (element.row < row0 || element.row >= row1 || element.col < col0 || element.col >= col1)
    return null;
  return {
    row: Math.floor((element.row - row0) / block[0]),
    col: Math.floor((element.col - col0) / block[1]),
  };
}

/** The first element of a cell, on the plane. */
export function elementOf({ window, block }: Geometry, { row, col }: Cell): Cell {
  return { row: window[0] + row * block[0], col: window[2] + col * block[1] };
}

/** The part of the plane that a cell stands for; the last ones may be smaller than the block. */
export function spanOf(geometry: Geometry, cell: Cell): Window {
  const { row, col } = elementOf(geometry, cell);
  const { window, block } = geometry;
  return [row, Math.min(row + block[0], window[1]), col, Math.min(col + block[1], window[3])];
}
