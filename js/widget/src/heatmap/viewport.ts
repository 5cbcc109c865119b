/** Which part of the plane one heatmap looks at, and asking Python for another. */

import type { Layout, Reply } from "../../../shared/protocol";
import type { Described } from "./describe";
import { cellAt, elementOf, type Geometry } from "./geometry";
import type { Point } from "./pointer";
import type { Screen, Shown } from "./screen";
import {
  around,
  type Cell,
  extent,
  following,
  isWhole,
  panned,
  placed,
  sameWindow,
  type Window,
  whole,
  windowOf,
  zoomed,
} from "./window";

export interface Input extends Shown {
  /** "0.weight", for labels. */
  name: string;
  /** Why no element can be edited; "" if they can. */
  locked: string;
  /** The most cells that Python was last asked for. */
  cells: readonly number[];
  /** Whether there is a kernel that can send another picture. */
  live: boolean;
}

export interface Actions {
  /** Sets what the panel looks at; null is the whole plane. */
  look(window: number[] | null, cells: number[]): void;
  assign(index: number[], value: string, signal: AbortSignal): Promise<Reply>;
  /** What the pointer has come to, what was selected, or what the selected cell is now. */
  read(what: Described | null, how: "hover" | "select" | "refresh"): void;
  /** Says what cannot be done. */
  refuse(why: string): void;
  /** What to show while an edit waits; "" for nothing. */
  waiting(): string;
}

/** How the cells of the window lie on the screen, and how those of the picture would. */
export interface Lying {
  screen: Geometry;
  picture: Geometry;
}

export class Viewport {
  input: Input | null = null;
  lying: Lying | null = null;
  private fitted = "";

  constructor(
    private readonly screen: Screen,
    private readonly actions: Actions,
  ) {}

  get layout(): Layout | null {
    return this.input?.model.frame.picture?.layout ?? null;
  }

  /** The window that was asked for last. */
  get window(): Window {
    const { input, layout } = this;
    if (!input || !layout) return [0, 1, 0, 1];
    return input.asked ?? windowOf(input.model.frame.picture?.window ?? whole(layout));
  }

  get isWhole(): boolean {
    return !this.layout || isWhole(this.window, this.layout);
  }

  look(window: Window): void {
    const { layout } = this;
    const room = layout && this.screen.room(layout);
    if (!layout || !room || !this.input?.live) return;
    const cells = [...this.screen.cells(window, room)];
    this.actions.look(isWhole(window, layout) ? null : [...window], cells);
  }

  /** `factor` times as many rows and columns, `at` staying where it is. */
  zoom(factor: number, at: Cell | null): void {
    const { layout, lying, window } = this;
    if (!layout || !lying) return;
    const middle = { row: (window[0] + window[1]) / 2, col: (window[2] + window[3]) / 2 };
    const { cell, block } = lying.screen;
    const lengths = [cell[0] / block[0], cell[1] / block[1]] as const;
    const next = zoomed(window, layout, factor, at ?? middle, lengths);
    if (!sameWindow(window, next, layout)) this.look(next);
  }

  fit(): void {
    if (this.layout && !this.isWhole) this.look(whole(this.layout));
  }

  /** Zooms in until elements are large enough to be seen and clicked. */
  zoomTo(element: Cell): void {
    const { layout } = this;
    const room = layout && this.screen.room(layout);
    if (layout && room) this.look(around(element, this.screen.comfortable(room), layout));
  }

  follow(element: Cell): void {
    const { layout, window } = this;
    if (!layout) return;
    const followed = following(window, layout, element);
    if (followed !== window) this.look(followed);
  }

  /** The window `from`, dragged by CSS pixels. */
  drag(from: Window, by: Point): void {
    const { layout, lying } = this;
    if (!layout || !lying) return;
    const { cell, block } = lying.screen;
    const rows = Math.round((-by.y * this.screen.ratio * block[0]) / cell[0]);
    const cols = Math.round((-by.x * this.screen.ratio * block[1]) / cell[1]);
    const next = panned(from, layout, rows, cols);
    if (!sameWindow(this.window, next, layout)) this.look(next);
  }

  /** The part of the plane between two points. */
  select(from: Point, to: Point): void {
    const { layout } = this;
    const [a, b] = [this.elementAt(from), this.elementAt(to)];
    const block = this.lying?.screen.block;
    if (!layout || !a || !b || !block) return;
    const rows = Math.abs(a.row - b.row) + block[0];
    const cols = Math.abs(a.col - b.col) + block[1];
    this.look(placed(Math.min(a.row, b.row), Math.min(a.col, b.col), [rows, cols], layout));
  }

  /** The element under a point of CSS pixels, the nearest one where the point lies beside. */
  elementAt({ x, y }: Point, beside = true): Cell | null {
    const screen = this.lying?.screen;
    if (!screen) return null;
    const { ratio } = this.screen;
    const within = (value: number, size: number) =>
      beside ? Math.min(Math.max(value, 0), size - 1e-6) : value;
    const cell = cellAt(
      screen,
      within(x * ratio, screen.size[1]),
      within(y * ratio, screen.size[0]),
    );
    return cell && elementOf(screen, cell);
  }

  /**
   * Asks for as many cells as the room can show: once after each change of the room, since two
   * views of one panel that answered each other would never end.
   */
  askForFittingCells(): void {
    const { layout, input } = this;
    const room = layout && this.screen.room(layout);
    if (!room || !input?.live || input.asked) return;
    const fitted = `${room.width} ${room.height} ${layout.shape}`;
    if (this.fitted === fitted) return;
    this.fitted = fitted;
    const [rows, cols] = extent(this.window);
    const blocks = (most: readonly number[]) =>
      [rows, cols].map((length, n) => Math.ceil(length / Math.max(1, most[n] ?? 1))).join();
    if (blocks(this.screen.cells(this.window, room)) !== blocks(input.cells))
      this.look(this.window);
  }
}
