/** The canvases of one heatmap: how much room there is, and painting a picture into it. */

import type { Layout } from "../../../shared/protocol";
import type { FrameModel } from "../store/cells";
import { type Limits, palette, type Theme, type Wheel } from "./colours";
import { type Geometry, geometry, type Room } from "./geometry";
import { drawCells, drawRulers, type Ink, rulerRoom } from "./ink";
import { clearGaps, paintCells } from "./paint";
import type { Box, Stage } from "./stage";
import {
  type Cell,
  cellsFor,
  extent,
  MOST_CELLS,
  type Pair,
  type Window,
  windowOf,
} from "./window";

/** What to paint. */
export interface Shown {
  model: FrameModel;
  limits: Limits;
  wheel: Wheel;
  /** The requested window that has not arrived yet; the picture is moved and scaled to it. */
  asked: Window | null;
}

const HEIGHT_EM = 20;
const KERNELS_EM = 26; // kernels must not be stretched, so they get more room to stand in
const LEAST_HEIGHT = 256; // CSS pixels: so many rows are shown one by one
const LEAST_FRAME = 7; // CSS pixels
const LONGEST_EM: Pair = [3, 5.4];
const FREE_EM = 1.6;

export class Screen {
  private readonly small = document.createElement("canvas");
  private pixel = 1;
  private em = 13;
  private ruler = { left: 0, top: 0 };

  constructor(
    private readonly host: HTMLElement,
    private readonly stage: Stage,
  ) {}

  get theme(): Theme {
    const root = this.host.closest<HTMLElement>("[data-theme]");
    return root?.dataset.theme === "dark" ? "dark" : "light";
  }

  /** Device pixels per CSS pixel. */
  get ratio(): number {
    return this.pixel;
  }

  /** The size available for cells, in device pixels; null if the heatmap is not laid out. */
  room(layout: Layout): Room | null {
    const width = this.host.clientWidth;
    if (!width) return null;
    this.pixel = window.devicePixelRatio || 1;
    this.em = parseFloat(getComputedStyle(this.stage.element).fontSize) * this.pixel;
    this.ruler = rulerRoom(layout, this.em);
    const kernels = layout.gap.some((gap) => gap > 0);
    const height = kernels ? KERNELS_EM : HEIGHT_EM;
    return {
      width: Math.max(1, Math.floor(width * this.pixel) - this.ruler.left - 2),
      height: Math.round(Math.max(LEAST_HEIGHT * this.pixel, height * this.em)),
      longest: [Math.round(LONGEST_EM[0] * this.em), Math.round(LONGEST_EM[1] * this.em)],
      free: Math.round(FREE_EM * this.em * (kernels ? 0.4 : 1)),
    };
  }

  /** How many cells of a window can be shown. */
  cells(window: Window, room: Room): Pair {
    const [rows, cols] = extent(window);
    const root = this.host.closest<HTMLElement>("[data-cells]");
    const most = Number(root?.dataset.cells ?? MOST_CELLS);
    return [cellsFor(rows, room.height, most), cellsFor(cols, room.width, most)];
  }

  /** A window of elements large enough to be seen and clicked. */
  comfortable(room: Room): Pair {
    return [
      Math.max(1, Math.floor(room.height / (this.em * 1.5))),
      Math.max(1, Math.floor(room.width / (this.em * 1.7))),
    ];
  }

  /** Where a cell lies over the cells, in CSS pixels. */
  box({ cell }: Geometry, { row, col }: Cell): Box {
    const [height, width] = [cell[0] / this.pixel, cell[1] / this.pixel];
    return { left: col * width, top: row * height, width, height };
  }

  /** The same for a frame around the cell, which must be seen however small the cell is. */
  frame(geometry: Geometry, cell: Cell): Box {
    const { left, top, width, height } = this.box(geometry, cell);
    const [wide, high] = [Math.max(width, LEAST_FRAME), Math.max(height, LEAST_FRAME)];
    return {
      left: left - (wide - width) / 2,
      top: top - (high - height) / 2,
      width: wide,
      height: high,
    };
  }

  /** The same from the corner of the whole stage, rulers included. */
  boxOnStage(geometry: Geometry, cell: Cell): Box {
    const box = this.box(geometry, cell);
    const { left, top } = this.ruler;
    return { ...box, left: box.left + left / this.pixel, top: box.top + top / this.pixel };
  }

  /** Paints, and returns where the cells of the picture and those on the screen are. */
  paint(shown: Shown): { screen: Geometry; picture: Geometry } | null {
    const { picture } = shown.model.frame;
    const room = picture && this.room(picture.layout);
    if (!picture || !room || !shown.model.value) return null;
    const block: Pair = [picture.block[0] ?? 1, picture.block[1] ?? 1];
    const here = geometry(windowOf(picture.window), block, room);
    const screen = shown.asked ? this.expected(shown.asked, room) : here;
    this.paintCells(shown, here, screen);
    this.paintInk(shown, here, screen);
    return { screen, picture: here };
  }

  /** How a window that is still to come will lie. */
  private expected(asked: Window, room: Room): Geometry {
    const [rows, cols] = extent(asked);
    const most = this.cells(asked, room);
    return geometry(asked, [Math.ceil(rows / most[0]), Math.ceil(cols / most[1])], room);
  }

  private paintCells({ model, limits, wheel }: Shown, here: Geometry, screen: Geometry): void {
    const { small } = this;
    const { cells } = this.stage;
    const { picture } = model.frame;
    [small.height, small.width] = here.cells;
    const image = new ImageData(here.cells[1], here.cells[0]);
    const pixels = new Uint32Array(image.data.buffer);
    if (picture && model.value) {
      paintCells(pixels, model.value, limits, palette(this.theme, wheel));
      clearGaps(pixels, picture.layout, here);
    }
    small.getContext("2d")?.putImageData(image, 0, 0);
    this.fit(cells, screen.size[1], screen.size[0]);
    cells.style.left = `${this.ruler.left / this.pixel}px`;
    cells.style.top = `${this.ruler.top / this.pixel}px`;
    const context = cells.getContext("2d");
    if (!context) return;
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, cells.width, cells.height);
    const [perRow, perCol] = [screen.cell[0] / screen.block[0], screen.cell[1] / screen.block[1]];
    context.drawImage(
      small,
      (here.window[2] - screen.window[2]) * perCol,
      (here.window[0] - screen.window[0]) * perRow,
      here.cells[1] * here.block[1] * perCol,
      here.cells[0] * here.block[0] * perRow,
    );
  }

  private paintInk(shown: Shown, here: Geometry, screen: Geometry): void {
    const { ink, element, over } = this.stage;
    const { left, top } = this.ruler;
    const { model, limits, wheel } = shown;
    const width = Math.floor(this.host.clientWidth * this.pixel);
    this.fit(ink, width, top + screen.size[0] + Math.ceil(this.em * 0.4));
    const context = ink.getContext("2d");
    const { picture } = model.frame;
    if (!context || !picture) return;
    context.clearRect(0, 0, ink.width, ink.height);
    const { color, fontFamily } = getComputedStyle(ink);
    const tools: Ink = { context, em: this.em, font: fontFamily, colour: color, left, top };
    drawRulers(tools, picture.layout, screen);
    const colours = palette(this.theme, wheel);
    const drawn = shown.asked ? "colours" : drawCells(tools, model, here, limits, colours);
    element.style.height = `${ink.height / this.pixel}px`;
    over.style.left = this.stage.cells.style.left;
    over.style.top = this.stage.cells.style.top;
    over.style.width = `${screen.size[1] / this.pixel}px`;
    over.style.height = `${screen.size[0] / this.pixel}px`;
    this.tell(shown, screen, drawn);
  }

  /** For tests, and for whoever looks at the page's elements. */
  private tell({ model, limits, asked }: Shown, screen: Geometry, drawn: string): void {
    Object.assign(this.stage.cells.dataset, {
      revision: String(model.frame.revision),
      lens: model.frame.lens,
      window: screen.window.join(" "),
      block: screen.block.join(" "),
      cell: screen.cell.join(" "),
      limits: limits.join(" "),
      theme: this.theme,
      drawn,
      waiting: String(!!asked),
    });
  }

  private fit(canvas: HTMLCanvasElement, width: number, height: number): void {
    const [columns, rows] = [Math.ceil(width), Math.ceil(height)];
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== rows) canvas.height = rows;
    canvas.style.width = `${columns / this.pixel}px`;
    canvas.style.height = `${rows / this.pixel}px`;
  }
}
