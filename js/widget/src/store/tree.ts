/** The module tree as sent by Python, with what a view needs to walk it. */

import type { Kind, State, TieRows, Tree } from "../../../shared/protocol";

/** How many tie groups have a colour of their own; the letter tells them apart beyond that. */
export const TIE_COLOURS = 8;

/** Rows that share one tensor, one memory or one module. */
export interface TieGroup {
  index: number;
  kind: TieRows["kind"] | "module";
  rows: readonly number[];
  /** A, B, … Z, AA, …: colour is never the only sign. */
  label: string;
  /** 0 … TIE_COLOURS - 1, see the `--tie-N` colours of the stylesheet. */
  colour: number;
  /** Of a module, in Python: "net[2] is net[4]". */
  proof?: string;
}

/** Rows are numbered in the order of a depth-first walk: row 0 is the model itself. */
export class TreeModel {
  readonly size: number;
  /** One past the last row below a row: its children are row + 1, then each `end` of the last. */
  readonly end: Int32Array;
  readonly depth: Int32Array;
  readonly setSize: Int32Array;
  readonly positionInSet: Int32Array;
  readonly ties: readonly TieGroup[];
  /** What the user calls the model; an older saved picture does not say. */
  readonly called: string;
  private lower: readonly string[] | undefined;
  private readonly tiesOfRow = new Map<number, TieGroup[]>();

  constructor(readonly message: Tree) {
    const { parents } = message;
    this.called = message.name ?? "net";
    this.size = parents.length;
    this.end = new Int32Array(this.size);
    this.depth = new Int32Array(this.size);
    this.setSize = new Int32Array(this.size);
    this.positionInSet = new Int32Array(this.size);
    const children = new Int32Array(this.size + 1);
    for (let row = 0; row < this.size; row++) {
      const parent = this.parent(row);
      this.depth[row] = parent < 0 ? 0 : (this.depth[parent] ?? 0) + 1;
      children[parent + 1] = (children[parent + 1] ?? 0) + 1;
      this.positionInSet[row] = children[parent + 1] ?? 1;
      this.end[row] = row + 1;
    }
    for (let row = this.size - 1; row >= 0; row--) {
      const parent = this.parent(row);
      this.setSize[row] = children[parent + 1] ?? 1;
      if (parent >= 0) this.end[parent] = Math.max(this.end[parent] ?? 0, this.end[row] ?? 0);
    }
    const modules = message.shared_modules.map((one) => ({ kind: "module" as const, ...one }));
    this.ties = [...message.ties, ...modules].map((tie, index) => {
      const { rows } = tie;
      const group = { index, ...tie, label: letters(index), colour: index % TIE_COLOURS };
      for (const row of rows) this.tiesOfRow.set(row, [...(this.tiesOfRow.get(row) ?? []), group]);
      return group;
    });
  }

  get revision(): number {
    return this.message.revision;
  }

  parent(row: number): number {
    return this.message.parents[row] ?? -1;
  }

  /** The last part of the path; the root is called by its class. */
  name(row: number): string {
    return row === 0 ? this.message.model : (this.message.names[row] ?? "");
  }

  kind(row: number): Kind {
    return this.message.kinds[row] ?? "none";
  }

  isModule(row: number): boolean {
    return this.kind(row) === "module";
  }

  typeName(row: number): string {
    return this.message.types[this.message.type_of[row] ?? -1] ?? "";
  }

  shape(row: number): readonly number[] | null {
    return this.message.shapes[row] ?? null;
  }

  dtype(row: number): string {
    return this.message.dtypes[this.message.dtype_of[row] ?? -1] ?? "";
  }

  count(row: number): number {
    return this.message.counts[row] ?? 0;
  }

  trainable(row: number): boolean | null {
    return this.message.trainable[row] ?? null;
  }

  state(row: number): State {
    return this.message.states[row] ?? "ready";
  }

  note(row: number): string {
    return this.message.notes[row] ?? "";
  }

  hasChildren(row: number): boolean {
    return this.endOf(row) > row + 1;
  }

  endOf(row: number): number {
    return this.end[row] ?? row + 1;
  }

  children(row: number): number[] {
    const found: number[] = [];
    for (let child = row + 1; child < this.endOf(row); child = this.endOf(child)) found.push(child);
    return found;
  }

  /** Whether there is a parameter below a row, with values or not. */
  hasParameters(row: number): boolean {
    return row >= 0 && this.message.kinds.slice(row, this.endOf(row)).includes("parameter");
  }

  path(row: number): string[] {
    const path: string[] = [];
    for (let at = row; at > 0; at = this.parent(at)) path.unshift(this.message.names[at] ?? "");
    return path;
  }

  dotted(row: number): string {
    return this.path(row).join(".");
  }

  /** The dotted names of all rows in lower case, for whoever looks through all of them. */
  lowerNames(): readonly string[] {
    if (this.lower) return this.lower;
    const names: string[] = [this.name(0).toLowerCase()];
    for (let row = 1; row < this.size; row++) {
      const parent = this.parent(row);
      const own = this.name(row).toLowerCase();
      names.push(parent > 0 ? `${names[parent]}.${own}` : own);
    }
    this.lower = names;
    return names;
  }

  /** The row of a path, -1 if there is none. */
  row(path: readonly string[]): number {
    let row = this.size ? 0 : -1;
    for (const name of path) {
      row = row < 0 ? -1 : this.child(row, name);
    }
    return row;
  }

  tiesOf(row: number): readonly TieGroup[] {
    return this.tiesOfRow.get(row) ?? [];
  }

  private child(row: number, name: string): number {
    for (let child = row + 1; child < this.endOf(row); child = this.endOf(child)) {
      if (this.message.names[child] === name) return child;
    }
    return -1;
  }
}

function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
