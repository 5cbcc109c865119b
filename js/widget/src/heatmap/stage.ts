/** The elements of a heatmap, with their descriptions for assistive tools and tests. */

export interface Stage {
  readonly element: HTMLDivElement;
  readonly cells: HTMLCanvasElement;
  readonly ink: HTMLCanvasElement;
  /** Lies over the cells, below the ink's rulers; hover, selection and flashes stand in it. */
  readonly over: HTMLDivElement;
  readonly flash: HTMLCanvasElement;
  readonly ring: HTMLDivElement;
  readonly hover: HTMLDivElement;
  readonly selection: HTMLDivElement;
  readonly band: HTMLDivElement;
}

export function makeStage(host: HTMLElement): Stage {
  const element = make("div", "heatmap");
  element.tabIndex = 0;
  element.dataset.focus = ""; // keyboard navigation to the panel ends here
  element.setAttribute("role", "application");
  element.setAttribute("aria-roledescription", "heatmap");
  const cells = make("canvas", "cells");
  cells.setAttribute("role", "img");
  const ink = make("canvas", "ink");
  ink.setAttribute("aria-hidden", "true");
  const over = make("div", "over");
  over.setAttribute("aria-hidden", "true");
  const stage: Stage = {
    element,
    cells,
    ink,
    over,
    flash: make("canvas", "flash"),
    ring: make("div", "ring"),
    hover: make("div", "hover"),
    selection: make("div", "selection"),
    band: make("div", "band"),
  };
  for (const unused of [stage.hover, stage.selection, stage.band]) unused.hidden = true;
  over.append(stage.flash, stage.ring, stage.hover, stage.selection, stage.band);
  element.append(cells, ink, over);
  host.append(element);
  return stage;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, name: string) {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}

/** In CSS pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Puts an element over a part of the cells, in CSS pixels; null hides it. */
export function putOver(element: HTMLElement, box: Box | null): void {
  element.hidden = !box;
  if (!box) return;
  for (const side of ["left", "top", "width", "height"] as const) {
    const length = `${box[side]}px`;
    if (element.style[side] !== length) element.style[side] = length;
  }
}
