/**
 * Which rows of the tree a view shows: what is expanded, what passes the filter, which has focus.
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Filter, parseFilter } from "./filter";
import type { TreeModel } from "./tree";

/** A tree of so many rows is shown whole at first; of a larger one, the uppermost levels. */
const WHOLE = 60;

export class Rows {
  readonly filter = signal("");
  /** The path of the row that has focus; the row itself may move when the structure changes. */
  private readonly focusPath = signal<readonly string[]>([]);
  /** Rises when the focused row should be scrolled to. */
  readonly revealed = signal(0);
  /** Rows that were opened or closed by hand, by path; the others are as `byDefault` says. */
  private readonly toggled = signal<ReadonlyMap<string, boolean>>(new Map());
  /** The same while a filter is set, where all is open at first; forgotten with the filter. */
  private readonly folded = signal<ReadonlySet<string>>(new Set());
  readonly parsed: ReadonlySignal<Filter>;
  readonly matching: ReadonlySignal<Uint8Array | null>;
  /** The rows on show, from top to bottom. */
  readonly visible: ReadonlySignal<Int32Array>;
  /** The row that has focus; if it is hidden, the nearest visible one above it. */
  readonly focus: ReadonlySignal<number>;
  /** Its place among the visible rows. */
  readonly focusIndex: ReadonlySignal<number>;

  constructor(readonly tree: ReadonlySignal<TreeModel | null>) {
    this.parsed = computed(() => {
      const model = tree.value;
      return model ? parseFilter(this.filter.value, model) : { matches: null, problem: "" };
    });
    this.matching = computed(() => {
      const { matches } = this.parsed.value;
      return matches && tree.value ? markMatches(tree.value, matches) : null;
    });
    this.visible = computed(() => (tree.value ? this.walk(tree.value) : new Int32Array()));
    this.focusIndex = computed(() =>
      indexOf(this.visible.value, nearest(tree.value, this.focusPath.value)),
    );
    this.focus = computed(() => this.visible.value[this.focusIndex.value] ?? 0);
  }

  isOpen(row: number): boolean {
    const tree = this.tree.value;
    if (!tree?.hasChildren(row)) return false;
    const key = keyOf(tree, row);
    if (this.matching.value) return !this.folded.value.has(key);
    return this.toggled.value.get(key) ?? this.byDefault(tree, row);
  }

  setOpen(rows: readonly number[], open: boolean): void {
    const tree = this.tree.value;
    if (!tree) return;
    const keys = rows.filter((row) => tree.hasChildren(row)).map((row) => keyOf(tree, row));
    if (this.matching.value) {
      const folded = new Set(this.folded.value);
      for (const key of keys) open ? folded.delete(key) : folded.add(key);
      this.folded.value = folded;
    } else {
      this.toggled.value = new Map([...this.toggled.value, ...keys.map((k) => [k, open] as const)]);
    }
  }

  setFilter(text: string): void {
    this.folded.value = new Set();
    this.filter.value = text;
  }

  setFocus(row: number): void {
    if (this.tree.value) this.focusPath.value = this.tree.value.path(row);
    this.revealed.value += 1;
  }

  /** The first row that the filter itself found, -1 if there is none. */
  firstMatch(): number {
    return this.matching.value ? this.matching.value.indexOf(2) : -1;
  }

  /** The first visible row below a row, the row itself if there is none. */
  below(row: number): number {
    const next = this.visible.value[indexOf(this.visible.value, row) + 1];
    return next !== undefined && this.tree.value?.parent(next) === row ? next : row;
  }

  /** Opens what hides the row of this path, and gives it the focus. */
  reveal(path: readonly string[]): void {
    const tree = this.tree.value;
    const row = tree?.row(path) ?? -1;
    if (!tree || row < 0) return;
    if (this.matching.value && !this.matching.value[row]) this.setFilter("");
    const above: number[] = [];
    for (let at = tree.parent(row); at >= 0; at = tree.parent(at)) above.push(at);
    this.setOpen(above, true);
    this.setFocus(row);
  }

  private byDefault(tree: TreeModel, row: number): boolean {
    return tree.size <= WHOLE || (tree.depth[row] ?? 0) === 0;
  }

  private walk(tree: TreeModel): Int32Array {
    const matching = this.matching.value;
    const rows = new Int32Array(tree.size);
    let count = 0;
    for (let row = 0; row < tree.size; ) {
      if (matching && !matching[row]) {
        row = tree.endOf(row); // no match below, else the row were marked as an ancestor
        continue;
      }
      rows[count++] = row;
      row = this.isOpen(row) ? row + 1 : tree.endOf(row);
    }
    return rows.slice(0, count);
  }
}

/** 2 for the rows that match, 1 for those above one. */
function markMatches(tree: TreeModel, matches: (row: number) => boolean): Uint8Array {
  const marks = new Uint8Array(tree.size);
  for (let row = 0; row < tree.size; row++) {
    if (!matches(row)) continue;
    marks[row] = 2;
    for (let at = tree.parent(row); at >= 0 && !marks[at]; at = tree.parent(at)) marks[at] = 1;
  }
  return marks;
}

function keyOf(tree: TreeModel, row: number): string {
  return JSON.stringify(tree.path(row));
}

/** The row of a path, or the last part of it that is still there. */
function nearest(tree: TreeModel | null, path: readonly string[]): number {
  for (let length = path.length; tree && length > 0; length--) {
    const row = tree.row(path.slice(0, length));
    if (row >= 0) return row;
  }
  return 0;
}

/** The place of the last entry that is not beyond `row`, in a rising list. */
function indexOf(visible: Int32Array, row: number): number {
  let low = 0;
  let high = visible.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((visible[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
