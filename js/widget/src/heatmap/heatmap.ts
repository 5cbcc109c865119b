/** One heatmap: paints a picture into its host, and turns pointer and keys into looks and edits. */

import { Cursor } from "./cursor";
import { flash } from "./flash";
import { cellOf } from "./geometry";
import { press } from "./keys";
import { type Point, type Pointed, Pointer } from "./pointer";
import { Screen } from "./screen";
import { makeStage, putOver, type Stage } from "./stage";
import { type Actions, type Input, Viewport } from "./viewport";
import type { Window } from "./window";

export type { Actions, Input } from "./viewport";

export class Heatmap implements Pointed {
  private readonly stage: Stage;
  private readonly screen: Screen;
  private readonly viewport: Viewport;
  private readonly cursor: Cursor;
  private pointer: Point | null = null;
  private dragged: Window | null = null;
  private flashed = -1;
  private scheduled = 0;
  private visible = true;

  constructor(
    private readonly host: HTMLElement,
    private readonly actions: Actions,
    signal: AbortSignal,
  ) {
    this.stage = makeStage(host);
    this.screen = new Screen(host, this.stage);
    this.viewport = new Viewport(this.screen, actions);
    this.cursor = new Cursor(this.viewport, this.screen, this.stage, actions);
    const { element, over } = this.stage;
    new Pointer(element, () => over.getBoundingClientRect(), this, signal);
    element.addEventListener("keydown", (event) => this.key(event), { signal });
    this.watch(signal);
  }

  update(input: Input): void {
    const before = this.viewport.layout;
    if (input.locked !== this.viewport.input?.locked) this.actions.refuse("");
    this.viewport.input = input;
    const now = this.viewport.layout;
    if (before && now && String(before.shape) !== String(now.shape)) this.cursor.forget();
    this.schedule();
  }

  zoom(direction: number): void {
    this.cursor.zoom(direction);
  }

  fit(): void {
    this.viewport.fit();
  }

  /** Repaints when the size, the screen or the theme changes, and only if visible. */
  private watch(signal: AbortSignal): void {
    const resized = new ResizeObserver(() => this.schedule());
    resized.observe(this.host);
    const seen = new IntersectionObserver((entries) => {
      this.visible = entries.at(-1)?.isIntersecting ?? true;
      this.schedule();
    });
    seen.observe(this.host);
    const themed = new MutationObserver(() => this.schedule());
    const root = this.host.closest("[data-theme]");
    if (root) themed.observe(root, { attributeFilter: ["data-theme", "style"] });
    window.addEventListener("resize", () => this.schedule(), { signal }); // other pixels, too
    signal.addEventListener("abort", () => {
      for (const observer of [resized, seen, themed]) observer.disconnect();
      cancelAnimationFrame(this.scheduled);
      this.stage.element.remove();
    });
  }

  private schedule(): void {
    if (this.scheduled || !this.visible) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { input } = this.viewport;
    this.viewport.lying = input && this.screen.paint(input);
    if (!input || !this.viewport.lying) return;
    this.label(input);
    this.flash(input);
    this.cursor.refresh();
    this.hover(this.pointer);
    this.viewport.askForFittingCells();
  }

  private label({ name, limits, model }: Input): void {
    const { element, cells } = this.stage;
    const shape = model.frame.picture?.layout.shape ?? [];
    const size = shape.length ? shape.join(" × ") : "one element";
    element.setAttribute("aria-label", `${name}, ${size}: arrow keys move, Enter edits`);
    cells.setAttribute("aria-label", `${name} in colours from ${limits[0]} to ${limits[1]}`);
    element.toggleAttribute("data-zoomed", !this.viewport.isWhole);
  }

  private flash({ model, asked }: Input): void {
    const { revision } = model.frame;
    const { lying } = this.viewport;
    if (!model.changed || asked || !lying || revision === this.flashed) return;
    this.flashed = revision;
    const { flash: canvas, ring } = this.stage;
    flash(canvas, ring, model.changed, lying.picture, this.screen.ratio);
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.stage.element || !press(event, this.cursor)) return;
    this.hover(null); // from here on the keys are followed, until the pointer moves again
    event.preventDefault();
    event.stopPropagation();
  }

  // --- the pointer ---------------------------------------------------------------------------

  hover(at: Point | null): void {
    const left = this.pointer && !at;
    this.pointer = at;
    const { lying } = this.viewport;
    const element = at && this.viewport.elementAt(at, false);
    const cell = element && lying && cellOf(lying.screen, element);
    const described = element && this.cursor.described(element);
    putOver(this.stage.hover, cell && described ? this.screen.box(lying.screen, cell) : null);
    if (described) this.actions.read(described, "hover");
    else if (at || left) this.actions.read(null, "hover");
  }

  click(at: Point): void {
    const element = this.viewport.elementAt(at, false);
    if (element) this.cursor.click(element);
  }

  doubleClick(at: Point): void {
    const element = this.viewport.elementAt(at, false);
    if (element) this.cursor.doubleClick(element);
  }

  dragStart(): boolean {
    this.dragged = this.viewport.isWhole ? null : this.viewport.window;
    return !!this.dragged;
  }

  drag(by: Point): void {
    if (this.dragged) this.viewport.drag(this.dragged, by);
  }

  band(from: Point, to: Point): void {
    putOver(this.stage.band, {
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      width: Math.abs(from.x - to.x),
      height: Math.abs(from.y - to.y),
    });
  }

  bandEnd(from: Point, to: Point): void {
    putOver(this.stage.band, null);
    this.viewport.select(from, to);
  }

  wheel(at: Point, doublings: number): void {
    this.viewport.zoom(2 ** doublings, this.viewport.elementAt(at));
  }
}
