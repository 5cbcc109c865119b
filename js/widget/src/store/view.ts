/**
 * One view's own state: focus, filter, font, what is hovered. Two views of a widget differ here.
 */

import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Journal, Reply } from "../../../shared/protocol";
import type { Settings } from "../style/settings";
import type { Asked } from "./intents";
import { Rows } from "./rows";
import { newId, type Store } from "./store";

export type Step = "undo" | "redo" | "restart";
export type Place = "tree" | "filter" | "panel";

export interface ViewState {
  readonly id: string;
  readonly rows: Rows;
  /** The index of the tie group whose slots are lit, at rows and at panels. */
  readonly hoveredTie: Signal<number | null>;
  /** 1 is the notebook's own size. */
  readonly fontScale: ReadonlySignal<number>;
  readonly settings: ReadonlySignal<Settings>;
  /** All panels on one colour scale. */
  readonly sameScale: Signal<boolean>;
  readonly journalOpen: Signal<boolean>;
  /** Whether the list of keys stands over the tree. */
  readonly keysShown: Signal<boolean>;
  /** The path whose initializer form stands above the panels. */
  readonly form: Signal<readonly string[] | null>;
  /** False while the view is scrolled away or its tab is hidden. */
  readonly onScreen: Signal<boolean>;
  /** An error that belongs to no control. */
  readonly notice: Signal<string>;
  /** What was done in another way than one may think. */
  readonly remark: Signal<string>;
  /** What has to be answered before an undo goes on. */
  readonly question: ReadonlySignal<Question | null>;
  /** The panel to scroll to, and whether to give it the focus. */
  readonly wanted: Signal<{ panel: string; focus: boolean } | null>;
  /** The part that should get the focus; it takes it and sets null. */
  readonly focusWanted: Signal<Place | null>;
  /** Shows the row of a path in the tree and focuses it. */
  reveal(path: readonly string[]): void;
  /** Opens a panel, or goes to the one that is open. */
  show(path: readonly string[]): void;
  /** Makes the text larger or smaller; 0 steps: as it was. */
  grow(steps: number): void;
  step(kind: Step): void;
  /** Asks for a change that belongs to no control; a refusal becomes a notice or a question, a warning a remark. */
  ask(asked: Asked): void;
  /** Takes the question back. */
  cancel(): void;
  goTo(place: Place): void;
}

/** What was refused, why, and what can be asked for instead. */
export interface Question {
  title: string;
  text: string;
  answers: readonly { label: string; title: string; asks: Asked }[];
}

/** Python says where an undo was refused what can be done; an answer says what it was about. */
function questionOf(asked: Asked, { where, error, entry, stake }: Reply): Question | null {
  if (asked.kind !== "undo" && asked.kind !== "restart") return null;
  const all = asked.kind === "restart";
  const said = { title: all ? "Back to the start" : "Undo", text: error };
  const leave = {
    label: "Leave this edit",
    title: "Keep the edit as it is; Undo then goes on with the one before it",
    asks: { kind: "skip", entry },
  } as const;
  if (where === "skip") return { ...said, answers: [leave] };
  if (where !== "confirmed") return null;
  const anyway = {
    label: all ? "Undo all anyway" : "Undo anyway",
    title: "Put those values away; the journal keeps them",
    asks: all
      ? ({ kind: "restart", confirmed: true, stake } as const)
      : ({ kind: "undo", confirmed: true, entry, stake } as const),
  };
  return { ...said, answers: all ? [anyway] : [anyway, leave] };
}

/** Which edit undo would undo. */
function nextUndo(journal: Journal | null): string {
  const newest = journal?.entries.filter(({ of, stands }) => of === "edit" && stands).at(-1);
  return JSON.stringify([journal?.undo, newest?.number]);
}

const SCALES = [0.75, 0.875, 1, 1.125, 1.25, 1.5, 1.75, 2, 2.5] as const;

export function viewState(store: Store, settings: ReadonlySignal<Settings>): ViewState {
  const rows = new Rows(store.tree);
  const fontScale = signal(1);
  const wanted = signal<{ panel: string; focus: boolean } | null>(null);
  const notice = signal("");
  const remark = signal("");
  const asking = signal<{ question: Question; about: string } | null>(null);
  const next = computed(() => nextUndo(store.journal.value));
  const focusWanted = signal<Place | null>(null);
  return {
    id: newId(),
    rows,
    hoveredTie: signal(null),
    fontScale: computed(() => fontScale.value * settings.value.fontScale),
    settings,
    sameScale: signal(false),
    journalOpen: signal(false),
    keysShown: signal(false),
    form: signal(null),
    onScreen: signal(true),
    notice,
    remark,
    question: computed(() =>
      store.editable.value && asking.value?.about === next.value ? asking.value.question : null,
    ),
    wanted,
    focusWanted,
    reveal(path) {
      rows.reveal(path);
      focusWanted.value = "tree";
    },
    show(path) {
      const before = store.panels.peek();
      const panel = store.open(path);
      wanted.value = { panel, focus: before.some(({ id }) => id === panel) };
    },
    grow(steps) {
      const at = SCALES.findIndex((scale) => scale >= fontScale.peek());
      const next = steps === 0 ? SCALES.indexOf(1) : at + steps;
      fontScale.value = SCALES[Math.max(0, Math.min(SCALES.length - 1, next))] ?? 1;
    },
    step(kind) {
      this.ask({ kind });
    },
    ask(asked) {
      if (!store.editable.peek()) return;
      asking.value = null;
      void store.ask(asked).then((reply) => {
        const question = questionOf(asked, reply);
        asking.value = question && { question, about: next.peek() };
        notice.value = question || reply.ok ? "" : reply.error;
        remark.value = question ? "" : reply.warnings.join("\n");
      });
    },
    cancel() {
      asking.value = null;
    },
    goTo(place) {
      focusWanted.value = place;
    },
  };
}
