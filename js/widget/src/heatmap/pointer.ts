/** What the pointer does on a heatmap: hover, click, drag, drag with Shift, wheel with Ctrl. */

export interface Point {
  x: number;
  y: number;
}

/** Points are CSS pixels from the corner of the cells. */
export interface Pointed {
  hover(at: Point | null): void;
  click(at: Point): void;
  doubleClick(at: Point): void;
  /** False if there is nothing to drag because the whole plane is visible. */
  dragStart(): boolean;
  drag(by: Point): void;
  band(from: Point, to: Point): void;
  bandEnd(from: Point, to: Point): void;
  /** By so many doublings: below zero in, above zero out. */
  wheel(at: Point, doublings: number): void;
}

const CLICK_PIXELS = 4;
const DOUBLINGS_PER_STEP = 0.2;

interface Press {
  id: number;
  from: Point;
  banding: boolean;
  moved: boolean;
  draggable: boolean;
}

/** Listens until `signal` aborts. */
export class Pointer {
  private press: Press | null = null;
  private turned = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly corner: () => DOMRect,
    private readonly pointed: Pointed,
    signal: AbortSignal,
  ) {
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ) => element.addEventListener(name, listener, { signal, passive: false });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", () => this.cancel());
    on("pointerleave", () => this.press || pointed.hover(null));
    on("dblclick", (event) => this.onStage(event) && pointed.doubleClick(this.at(event)));
    on("wheel", (event) => this.wheel(event));
  }

  /** Not in a field that stands over the cells. */
  private onStage(event: Event): boolean {
    return !(event.target instanceof HTMLInputElement);
  }

  private at(event: MouseEvent): Point {
    const { left, top } = this.corner();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0 || !this.onStage(event)) return;
    const banding = event.shiftKey;
    event.preventDefault(); // or the browser would select text
    this.element.focus({ preventScroll: true });
    const draggable = !banding && event.pointerType !== "touch" && this.pointed.dragStart();
    this.press = { id: event.pointerId, from: this.at(event), banding, moved: false, draggable };
  }

  private move(event: PointerEvent): void {
    const { press } = this;
    const at = this.at(event);
    if (press?.id !== event.pointerId) {
      this.pointed.hover(this.onStage(event) ? at : null);
      return;
    }
    const by = { x: at.x - press.from.x, y: at.y - press.from.y };
    if (!press.moved && Math.hypot(by.x, by.y) < CLICK_PIXELS) return;
    if (!press.moved) this.element.setPointerCapture(event.pointerId);
    press.moved = true;
    if (press.banding) this.pointed.band(press.from, at);
    else if (press.draggable) this.pointed.drag(by);
    this.element.toggleAttribute("data-dragging", press.draggable);
  }

  private up(event: PointerEvent): void {
    const { press } = this;
    this.cancel();
    if (press?.id !== event.pointerId) return;
    if (!press.moved) this.pointed.click(press.from);
    else if (press.banding) this.pointed.bandEnd(press.from, this.at(event));
  }

  private cancel(): void {
    this.press = null;
    this.element.removeAttribute("data-dragging");
  }

  /** A plain wheel scrolls the page; pinching on a touchpad arrives as a wheel with Ctrl. */
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) return;
    event.preventDefault();
    const pinching = Math.abs(event.deltaY) < 40;
    this.turned += event.deltaY * (pinching ? 0.02 : 0.004);
    if (Math.abs(this.turned) < DOUBLINGS_PER_STEP) return;
    this.pointed.wheel(this.at(event), this.turned);
    this.turned = 0;
  }
}
