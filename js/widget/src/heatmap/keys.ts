/** The keys of a focused heatmap, as a table. */

import { keyName } from "../keys";

/** What keys can do to a heatmap. Steps are counted in cells. */
export interface Steered {
  /** What is selected, if anything. */
  readonly selected: unknown;
  /** Whether typing in it begins an edit. */
  readonly typing: boolean;
  step(rows: number, cols: number): void;
  page(direction: number): void;
  rowEnd(direction: number): void;
  corner(direction: number): void;
  /** Edits the selected cell, or zooms in if it stands for many elements. */
  enter(): void;
  /** Begins an edit, or says why that is not possible. */
  type(text: string): void;
  /** False if there is nothing to leave. */
  leave(): boolean;
  zoom(direction: number): void;
  fit(): void;
}

type Action = (heatmap: Steered) => unknown;

const ALWAYS: Record<string, Action> = {
  ArrowUp: (heatmap) => heatmap.step(-1, 0),
  ArrowDown: (heatmap) => heatmap.step(1, 0),
  ArrowLeft: (heatmap) => heatmap.step(0, -1),
  ArrowRight: (heatmap) => heatmap.step(0, 1),
  PageUp: (heatmap) => heatmap.page(-1),
  PageDown: (heatmap) => heatmap.page(1),
  Home: (heatmap) => heatmap.rowEnd(-1),
  End: (heatmap) => heatmap.rowEnd(1),
  "Ctrl+Home": (heatmap) => heatmap.corner(-1),
  "Ctrl+End": (heatmap) => heatmap.corner(1),
  Enter: (heatmap) => heatmap.enter(),
  F2: (heatmap) => heatmap.enter(),
  Escape: (heatmap) => heatmap.leave(),
  "Alt++": (heatmap) => heatmap.zoom(1),
  "Alt+=": (heatmap) => heatmap.zoom(1),
  "Alt+-": (heatmap) => heatmap.zoom(-1),
  "Alt+0": (heatmap) => heatmap.fit(),
};

/** A selected cell takes these as the beginning of a number. */
const NOT_TYPING: Record<string, Action> = {
  "+": (heatmap) => heatmap.zoom(1),
  "=": (heatmap) => heatmap.zoom(1),
  "-": (heatmap) => heatmap.zoom(-1),
  "0": (heatmap) => heatmap.fit(),
};

export const HEATMAP_KEYS: Readonly<Record<string, Action>> = { ...NOT_TYPING, ...ALWAYS };

/** Allows "nan" and "inf" to be typed, and True and False for a bool tensor. */
const BEGINS_A_NUMBER = /^[-+.0-9nitf]$/i;

export function beginsANumber(key: string): boolean {
  return BEGINS_A_NUMBER.test(key);
}

/** Handles a key; false if it means nothing here, so that the host can handle it. */
export function press(event: KeyboardEvent, heatmap: Steered): boolean {
  const name = keyName(event);
  const typed = heatmap.typing || (heatmap.selected && !NOT_TYPING[name]);
  if (typed && beginsANumber(name)) {
    heatmap.type(event.key);
    return true;
  }
  const action = HEATMAP_KEYS[name];
  return action ? action(heatmap) !== false : false;
}
