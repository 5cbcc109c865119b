/** The selected element of one heatmap: moving it by keys, and editing it. */

import { planeToIndex } from "../../../shared/layout";
import { type Described, describe, indexText, isGapCell } from "./describe";
import { CellEditor, type Stroke } from "./editor";
import { cellOf } from "./geometry";
import { beginsANumber, type Steered } from "./keys";
import type { Screen } from "./screen";
import { putOver, type Stage } from "./stage";
import type { Actions, Viewport } from "./viewport";
import { type Cell, stepped } from "./window";

export class Cursor implements Steered {
  selected: Cell | null = null;
  private editor: CellEditor | null = null;

  constructor(
    private readonly viewport: Viewport,
    private readonly screen: Screen,
    private readonly stage: Stage,
    private readonly actions: Actions,
  ) {}

  get typing(): boolean {
    return !!this.selected && this.exact && !this.viewport.input?.locked;
  }

  private get exact(): boolean {
    return this.viewport.input?.model.frame.picture?.exact ?? false;
  }

  // --- moving --------------------------------------------------------------------------------

  select(element: Cell | null): void {
    this.selected = element;
    if (element) this.viewport.follow(element);
    this.mark();
    this.actions.read(element && this.described(element), "select");
  }

  step(rows: number, cols: number): void {
    const { layout, lying } = this.viewport;
    if (!layout || !lying) return;
    const [down, right] = lying.screen.block;
    const from = this.selected;
    this.select(from ? stepped(from, layout, rows * down, cols * right) : this.first());
  }

  page(direction: number): void {
    this.step(direction * Math.max(1, (this.viewport.lying?.screen.cells[0] ?? 1) - 1), 0);
  }

  rowEnd(direction: number): void {
    const { layout } = this.viewport;
    if (layout) this.select(stepped(this.start(), layout, 0, direction * layout.cols));
  }

  corner(direction: number): void {
    const { layout } = this.viewport;
    if (!layout) return;
    this.select(stepped(this.start(), layout, direction * layout.rows, direction * layout.cols));
  }

  leave(): boolean {
    if (!this.selected) return false;
    this.select(null);
    return true;
  }

  zoom(direction: number): void {
    const { lying } = this.viewport;
    const inSight = this.selected && lying && cellOf(lying.screen, this.selected);
    this.viewport.zoom(2 ** -direction, inSight ? this.selected : null);
  }

  fit(): void {
    this.viewport.fit();
  }

  private start(): Cell {
    return this.selected ?? this.first();
  }

  /** The first visible element that is not a gap. */
  private first(): Cell {
    const { layout, window } = this.viewport;
    const corner = { row: window[0], col: window[2] };
    return layout ? stepped(corner, layout, 0, 0) : corner;
  }

  // --- editing -------------------------------------------------------------------------------

  enter(): void {
    const { selected } = this;
    const locked = this.viewport.input?.locked;
    if (!selected) return;
    this.actions.refuse("");
    if (!this.exact) this.viewport.zoomTo(selected);
    else if (locked) this.actions.refuse(locked);
    else this.edit(this.editable(selected), true);
  }

  /** The initial content of the field; only the magnitude of a complex element is known here. */
  private editable(element: Cell): string {
    const { value = "", note = "" } = this.described(element) ?? {};
    return note ? "" : value.replaceAll("−", "-");
  }

  type(text: string): void {
    const locked = this.viewport.input?.locked;
    if (!this.exact)
      this.actions.refuse("This cell stands for many elements; press Enter to zoom in.");
    else if (locked) this.actions.refuse(locked);
    else this.edit(text, false);
  }

  /** Selects what was clicked; first commits what was typed, and stays there if it is wrong. */
  async click(element: Cell): Promise<void> {
    if (this.editor?.dirty && !(await this.editor.commit(0, false))) return;
    const described = this.described(element);
    this.select(described ? element : null);
  }

  /** Edits what was double-clicked, or zooms in if it is too small to be seen. */
  doubleClick(element: Cell): void {
    const { lying } = this.viewport;
    this.selected = element;
    const legible = lying && Math.min(...lying.screen.cell) >= 8 * this.screen.ratio;
    if (this.exact && !legible) this.viewport.zoomTo(element);
    else this.enter();
  }

  private edit(text: string, select: boolean): void {
    const { layout, lying, input } = this.viewport;
    const { selected, stage, actions } = this;
    const cell = selected && lying && cellOf(lying.screen, selected);
    const { sliders = [] } = input?.model.frame.picture ?? {};
    const index = selected && layout && planeToIndex(layout, selected.row, selected.col, sliders);
    if (!cell || !index || this.editor) return;
    actions.refuse("");
    this.editor = new CellEditor(stage.element, {
      box: this.screen.boxOnStage(lying.screen, cell),
      stageWidth: stage.element.clientWidth,
      label: `New value of ${input?.name ?? ""}${indexText(index)}`,
      text,
      select,
      commit: (value, signal) => actions.assign(index, value, signal),
      waiting: () => actions.waiting(),
      done: ({ moved, focus, ahead = [] }) => {
        this.editor = null;
        if (focus) stage.element.focus({ preventScroll: true });
        if (moved) this.step(0, moved);
        if (focus) ahead.every((stroke) => this.typeAhead(stroke));
      },
    });
  }

  /** Keys typed while the previous cell was being stored; false if they mean nothing here. */
  private typeAhead(stroke: Stroke): boolean {
    if (this.editor) this.editor.take(stroke);
    else if (this.typing && beginsANumber(stroke.key)) this.type(stroke.key);
    else return false;
    return true;
  }

  // --- what is there -------------------------------------------------------------------------

  /** The description of an element, or of its cell; null for a gap and outside the picture. */
  described(element: Cell): Described | null {
    const { input, lying } = this.viewport;
    const cell = lying && cellOf(lying.picture, element);
    return input && cell ? describe(input.model, lying.picture, cell) : null;
  }

  /** Draws the frame around the selected cell where it now lies. */
  mark(): void {
    const { lying, layout } = this.viewport;
    const cell = this.selected && lying && cellOf(lying.screen, this.selected);
    const shown = cell && layout && !isGapCell(layout, lying.screen, cell);
    putOver(this.stage.selection, shown ? this.screen.frame(lying.screen, cell) : null);
  }

  /** The shape has changed: the old selection is meaningless, and so is what is said of it. */
  forget(): void {
    if (!this.editor?.dirty) this.editor?.close({ moved: 0, focus: true });
    this.select(null);
  }

  /** After a paint: the value of the selected cell may have changed. */
  refresh(): void {
    this.mark();
    if (this.selected) this.actions.read(this.described(this.selected), "refresh");
  }
}
