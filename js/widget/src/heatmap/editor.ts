/** The field for editing a cell. What was typed is never lost to an error. */

import type { Reply } from "../../../shared/protocol";
import type { Box } from "./stage";

export interface Editing {
  /** Where the cell lies on the stage, in CSS pixels. */
  box: Box;
  stageWidth: number;
  label: string;
  text: string;
  /** Whether the next input replaces the text. */
  select: boolean;
  /** `signal` cancels it while there is no answer. */
  commit(text: string, signal: AbortSignal): Promise<Reply>;
  /** What to show while the answer is pending; "" for nothing. */
  waiting(): string;
  done(how: Closing): void;
}

export interface Closing {
  /** How many cells to the right the selection goes from here. */
  moved: number;
  focus: boolean;
  /** The keys that were pressed before the answer came; they belong to the next cell. */
  ahead?: readonly Stroke[];
}

/** A key that the field takes: a character, or one of those that store. */
export type Stroke = Pick<KeyboardEvent, "key" | "shiftKey">;

/** One open field. */
export class CellEditor {
  private readonly box = document.createElement("div");
  private readonly input = document.createElement("input");
  private readonly word = document.createElement("div");
  private readonly original: string;
  private readonly withdrawn = new AbortController();
  private ahead: Stroke[] = [];
  private pending = false;
  private closed = false;

  constructor(
    private readonly stage: HTMLElement,
    private readonly editing: Editing,
  ) {
    const { box, input, word } = this;
    box.className = "cell-editor";
    input.className = "field code";
    input.value = editing.text;
    input.spellcheck = false;
    input.autocomplete = "off";
    input.setAttribute("aria-label", editing.label);
    word.className = "cell-word";
    word.setAttribute("role", "alert");
    this.original = editing.select ? editing.text : "";
    box.append(input, word);
    stage.append(box);
    this.place();
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("input", () => this.say("", false));
    input.addEventListener("blur", () => this.blurred());
    input.focus();
    if (editing.select) input.select();
  }

  /** Whether the field holds input that is not in the model. */
  get dirty(): boolean {
    return this.input.value !== this.original;
  }

  async commit(moved: number, focus = true): Promise<boolean> {
    if (this.pending || this.closed) return false;
    this.pending = true;
    this.input.readOnly = true;
    this.say(this.editing.waiting(), false);
    const reply = await this.editing.commit(this.input.value, this.withdrawn.signal);
    this.pending = false;
    this.input.readOnly = false;
    const ahead = this.ahead;
    this.ahead = [];
    if (this.closed) return reply.ok;
    if (reply.ok) {
      this.close({ moved, focus: focus && this.focused, ahead });
    } else {
      this.say(reply.error, true);
      if (this.focused) this.input.focus();
    }
    return reply.ok;
  }

  /** A key that was pressed before the field was there. */
  take(stroke: Stroke): void {
    if (this.pending) this.ahead.push(stroke);
    else if (stroke.key.length > 1) void this.store(stroke);
    else this.input.value += stroke.key;
  }

  /** The focus is not taken back if it has moved elsewhere in the meantime. */
  private get focused(): boolean {
    const root = this.input.getRootNode();
    const { activeElement } = root instanceof ShadowRoot ? root : document;
    return this.stage.contains(activeElement);
  }

  close(how: Closing): void {
    if (this.closed) return;
    this.closed = true;
    this.box.remove();
    this.editing.done(how);
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.leave();
    else if (this.pending && this.isAhead(event)) this.ahead.push(event);
    else if (stores(event)) void this.store(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private store({ key, shiftKey }: Stroke): Promise<boolean> {
    return this.commit(key === "Enter" ? 0 : shiftKey ? -1 : 1);
  }

  /** Typing may go on before the kernel answers; waiting for a running cell is shown. */
  private isAhead(event: KeyboardEvent): boolean {
    const character = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    return !this.editing.waiting() && (character || stores(event));
  }

  /** Leaves the cell as it is, even if the edit has already been sent. */
  private leave(): void {
    this.withdrawn.abort();
    this.close({ moved: 0, focus: true });
  }

  private blurred(): void {
    if (!this.dirty && !this.pending) this.close({ moved: 0, focus: false });
  }

  private say(text: string, error: boolean): void {
    this.word.textContent = text;
    this.word.classList.toggle("error", error);
    this.input.setAttribute("aria-invalid", String(error));
    const over = this.box.offsetLeft + this.word.offsetWidth - this.editing.stageWidth;
    this.word.style.marginInlineStart = `${-Math.max(0, over)}px`;
  }

  /** Over its cell, as wide as a number needs, and not beyond the edge of the stage. */
  private place(): void {
    const { box, stageWidth } = this.editing;
    this.box.style.setProperty("--cell-width", `${box.width}px`);
    this.box.style.setProperty("--stage-width", `${stageWidth}px`);
    this.box.style.setProperty("--cell-height", `${box.height}px`);
    const left = Math.min(box.left, stageWidth - this.box.offsetWidth);
    const top = box.top + (box.height - this.input.offsetHeight) / 2;
    this.box.style.left = `${Math.max(0, left)}px`;
    this.box.style.top = `${Math.max(0, top)}px`;
  }
}

function stores({ key, altKey }: KeyboardEvent): boolean {
  return key === "Enter" || (key === "Tab" && !altKey);
}
