/** One view's own state: focus, filter, font, what is hovered. Two views of a widget differ here. */

import { type Signal, signal } from "@preact/signals";
import type { Lens } from "../../../shared/protocol";
import { Rows } from "./rows";
import { newId, type Store } from "./store";

export interface ViewState {
  readonly id: string;
  readonly rows: Rows;
  /** The index of the tie group whose slots are lit, at rows and at panels. */
  readonly hoveredTie: Signal<number | null>;
  /** 1 is the notebook's own size. */
  readonly fontScale: Signal<number>;
  /** All panels on one colour scale. */
  readonly sameScale: Signal<boolean>;
  readonly journalOpen: Signal<boolean>;
  /** The path whose initializer form stands above the panels. */
  readonly form: Signal<readonly string[] | null>;
  /** False while the view is scrolled away or its tab is hidden. */
  readonly onScreen: Signal<boolean>;
  /** The panel that was asked for last and wants to be scrolled to. */
  readonly wanted: Signal<string | null>;
  /** Shows the row of a path in the tree and focuses it. */
  reveal(path: readonly string[]): void;
  /** Opens a panel, or goes to the one that is open. */
  show(path: readonly string[], lens?: Lens): void;
  grow(steps: number): void;
}

export const SCALES = [0.75, 0.875, 1, 1.125, 1.25, 1.5, 1.75, 2, 2.5] as const;

export function viewState(store: Store): ViewState {
  const rows = new Rows(store.tree);
  const fontScale = signal(1);
  const wanted = signal<string | null>(null);
  return {
    id: newId(),
    rows,
    hoveredTie: signal(null),
    fontScale,
    sameScale: signal(false),
    journalOpen: signal(false),
    form: signal(null),
    onScreen: signal(true),
    wanted,
    reveal: (path) => rows.reveal(path),
    show(path, lens) {
      wanted.value = store.open(path, lens);
    },
    grow(steps) {
      const at = SCALES.findIndex((scale) => scale >= fontScale.peek());
      const next = steps === 0 ? SCALES.indexOf(1) : at + steps;
      fontScale.value = SCALES[Math.max(0, Math.min(SCALES.length - 1, next))] ?? 1;
    },
  };
}
