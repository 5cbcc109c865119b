/** Which keys stay inside the widget, and the ones that work anywhere in it. */

import type { Store } from "./store/store";
import type { Step, ViewState } from "./store/view";

export type Stroke = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

const OF_THE_HOST = /^(Tab|F\d+|Shift|Control|Alt|Meta|AltGraph|CapsLock|Dead|ContextMenu)$/;
const EDITING = /^([acvxyz]|Arrow.*|Backspace|Delete|Home|End|Enter)$/i;

/**
 * Letters, arrows, Enter and the like would run commands of the notebook (`x` cuts the cell that
 * holds the widget). Ctrl+S and its kin are the host's, but for undo, and for editing in a field.
 */
export function staysInside(stroke: Stroke, inText: boolean): boolean {
  if (OF_THE_HOST.test(stroke.key)) return false;
  if (stroke.ctrlKey || stroke.metaKey) return (inText ? EDITING : /^[zy]$/i).test(stroke.key);
  return inText || !stroke.altKey;
}

/**
 * JupyterLab listens for keys at the document as they bubble up, so that what is stopped here never
 * gets there. Notebook 7 listens there as they go down, before any of us, but heeds an attribute of
 * the element it takes for the focused one, the shadow host: set for these keys only, and by the
 * window, which is first of all.
 */
export function keepKeysInside(host: HTMLElement, end: AbortSignal): void {
  const inside = (event: KeyboardEvent) => staysInside(event, isText(event.composedPath()[0]));
  const mark = (event: KeyboardEvent) => {
    if (event.composedPath().includes(host)) {
      host.toggleAttribute("data-lm-suppress-shortcuts", inside(event));
    }
  };
  const stop = (event: KeyboardEvent) => {
    if (inside(event) || event.defaultPrevented) event.stopPropagation();
  };
  window.addEventListener("keydown", mark, { capture: true, signal: end });
  host.addEventListener("keydown", stop, { signal: end });
}

/** Keys that were not handled further inside and are not text. */
export function followKeys(root: HTMLElement, store: Store, view: ViewState, end: AbortSignal) {
  const take = (event: KeyboardEvent) => {
    if (event.defaultPrevented || isText(event.composedPath()[0])) return;
    const action = ANYWHERE_KEYS[keyName(event)];
    if (action && action(view, store) !== false) event.preventDefault();
  };
  root.addEventListener("keydown", take, { signal: end });
}

export function isText(target: EventTarget | null | undefined): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement)
    return !/^(checkbox|radio|range|button)$/.test(target.type);
  return target instanceof HTMLElement && target.isContentEditable;
}

/** What keys do wherever the focus is, unless handled further inside. False: left to the host. */
export const ANYWHERE_KEYS: Readonly<Record<string, (view: ViewState, store: Store) => unknown>> = {
  "?": ({ keysShown }) => {
    keysShown.value = !keysShown.value;
  },
  "/": (view) => view.goTo("filter"),
  Escape: (view) => view.goTo("tree"),
  "+": (view) => view.grow(1),
  "=": (view) => view.grow(1),
  "-": (view) => view.grow(-1),
  "−": (view) => view.grow(-1),
  "Ctrl+z": (view, store) => step(view, store, "undo"),
  "Ctrl+Shift+z": (view, store) => step(view, store, "redo"),
  "Ctrl+y": (view, store) => step(view, store, "redo"),
};

function step(view: ViewState, store: Store, kind: Step): boolean {
  view.step(kind);
  return store.editable.value;
}

/**
 * "Ctrl+Home", "Alt++", "a": Shift stands in the key itself, but for a letter with Ctrl, which
 * Caps Lock turns as well; ⌘ is what Ctrl is elsewhere.
 */
export function keyName({ key, ctrlKey, metaKey, altKey, shiftKey }: Stroke): string {
  const command = ctrlKey || metaKey;
  const letter = command && /^[a-z]$/i.test(key);
  const shift = letter && shiftKey ? "Shift+" : "";
  const own = letter ? key.toLowerCase() : key;
  return `${command ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}${shift}${own}`;
}
