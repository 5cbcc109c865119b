/** The keys of the tree, by table; knows rows, no elements. */

import type { Stroke } from "../keys";
import type { TreeModel } from "../store/tree";
import type { ViewState } from "../store/view";

interface Hand {
  tree: TreeModel;
  view: ViewState;
  /** How many rows PageUp and PageDown go. */
  page: number;
}

type Action = (hand: Hand) => void;

export const TREE_KEYS: Readonly<Record<string, Action>> = {
  ArrowDown: (hand) => move(hand, 1),
  ArrowUp: (hand) => move(hand, -1),
  PageDown: (hand) => move(hand, hand.page),
  PageUp: (hand) => move(hand, -hand.page),
  Home: (hand) => move(hand, Number.NEGATIVE_INFINITY),
  End: (hand) => move(hand, Number.POSITIVE_INFINITY),
  ArrowRight: ({ tree, view: { rows } }) => {
    const row = rows.focus.value;
    if (tree.hasChildren(row) && !rows.isOpen(row)) rows.setOpen([row], true);
    else if (tree.hasChildren(row)) rows.setFocus(rows.below(row));
  },
  ArrowLeft: ({ tree, view: { rows } }) => {
    const row = rows.focus.value;
    if (rows.isOpen(row)) rows.setOpen([row], false);
    else if (row > 0) rows.setFocus(tree.parent(row));
  },
  Enter: (hand) => openRow(hand.tree, hand.view, hand.view.rows.focus.value),
  // the form takes the focus a frame after Enter; what is pressed before that comes here
  Escape: ({ view }) => {
    view.form.value = null;
  },
  " ": ({ view: { rows } }) => {
    const row = rows.focus.value;
    rows.setOpen([row], !rows.isOpen(row));
  },
  "*": ({ tree, view: { rows } }) => {
    const row = rows.focus.value;
    rows.setOpen(row > 0 ? tree.children(tree.parent(row)) : [row], true);
  },
};

/** What Enter does: the panel of a slot, the initializer form of a module. */
export function openRow(tree: TreeModel, view: ViewState, row: number): void {
  if (tree.isModule(row)) view.form.value = tree.path(row);
  else view.show(tree.path(row));
}

/** Letters and digits go to the next row whose name starts with them; fast typing adds up. */
export class TypeAhead {
  private typed = "";
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly pause = 700) {}

  type(key: string, { tree, view: { rows } }: Hand, now: number): void {
    const letter = key.toLowerCase();
    const pausing = now - this.last > this.pause;
    this.last = now;
    // the same letter again and again goes from row to row
    this.typed = pausing || this.typed === letter ? letter : this.typed + letter;
    const visible = rows.visible.value;
    const start = rows.focusIndex.value + (this.typed.length === 1 ? 1 : 0);
    for (let step = 0; step < visible.length; step++) {
      const row = visible[(start + step) % visible.length] ?? 0;
      if (tree.name(row).toLowerCase().startsWith(this.typed)) {
        rows.setFocus(row);
        return;
      }
    }
  }

  /** Another key was pressed: what is typed next is a new word. */
  forget(): void {
    this.typed = "";
    this.last = Number.NEGATIVE_INFINITY;
  }
}

export function isTypeAhead({ key, ctrlKey, metaKey, altKey }: Stroke): boolean {
  return !ctrlKey && !metaKey && !altKey && /^[\p{L}\p{N}_]$/u.test(key);
}

function move({ view: { rows } }: Hand, steps: number): void {
  const visible = rows.visible.value;
  const index = Math.max(0, Math.min(visible.length - 1, rows.focusIndex.value + steps));
  const row = visible[index];
  if (row !== undefined) rows.setFocus(row);
}
