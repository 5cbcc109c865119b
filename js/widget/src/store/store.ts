/** One widget's state in the browser: what Python sent, as signals, without the DOM. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  type Brief,
  type Briefs,
  type Catalog,
  type Journal,
  PROTOCOL,
  type Reply,
  type Status,
  type ToKernel,
  type Tree,
  type TreeChange,
} from "../../../shared/protocol";
import type { Packet, Transport } from "../transport";
import { type Asked, Intents } from "./intents";
import { journalAfter } from "./journal";
import { type Change, PanelList, type PanelModel } from "./panels";
import { bareFrame, check } from "./sound";
import { TieList } from "./tienews";
import { TreeModel } from "./tree";
import { changedTree } from "./treechange";

/** saved: no kernel has answered, the picture is the notebook's. lost: the kernel is gone. */
export type Connection = "connecting" | "live" | "saved" | "lost";

export interface Store {
  readonly connection: ReadonlySignal<Connection>;
  readonly tree: ReadonlySignal<TreeModel | null>;
  readonly catalog: ReadonlySignal<Catalog>;
  readonly journal: ReadonlySignal<Journal | null>;
  readonly status: ReadonlySignal<Status>;
  /** Ties that a load, a cast or a cell has broken or made, until they are dismissed. */
  readonly ties: TieList;
  readonly panels: ReadonlySignal<readonly PanelModel[]>;
  /** Panels that Python closed, and why, until they are dismissed; the newest last. */
  readonly closed: PanelList["closed"];
  /**
   * True where an edit can be asked for: a kernel is there and understands, though it may be busy.
   */
  readonly editable: ReadonlySignal<boolean>;
  /**
   * How many changes wait: those that Python reported, or those that it cannot have received yet.
   */
  readonly waiting: ReadonlySignal<number>;
  brief(row: number): Brief | null;
  /** Resolves with the one reply, never rejects; stays pending while a cell is running. */
  ask(asked: Asked, signal?: AbortSignal): Promise<Reply>;
  open(path: readonly string[]): string;
  close(panel: string): void;
  look(panel: string, change: Change): void;
  /** For the lives of views and the rows they have on screen. */
  say(message: ToKernel): boolean;
  /** What became of a message that could not be taken, as a sentence; "" if all could. */
  readonly trouble: Signal<string>;
  /** Counts what came from Python. */
  readonly heard: ReadonlySignal<number>;
  /** Counts the hellos: after each, Python has to be told of the views again. */
  readonly hellos: ReadonlySignal<number>;
}

const REST = "the rest works, and running the cell again shows everything";
const UNKNOWN = `The kernel sent a message that this page does not know; ${REST}.`;
const UNREADABLE_SAVED =
  "The saved picture cannot be read: it is damaged, or of another version of paramwidget. " +
  "Run the cell again.";
const UNREADABLE =
  "The page cannot read the tree that the kernel sent. Reload the page and run the cell again.";

export interface Patience {
  /** After so many milliseconds without an answer, the picture is marked as saved. */
  hello: number;
}

export class WidgetStore implements Store {
  readonly connection = signal<Connection>("connecting");
  readonly tree = signal<TreeModel | null>(null);
  readonly catalog = signal<Catalog>({
    kind: "catalog",
    initializers: [],
    functions: [],
    examples: [],
  });
  readonly journal = signal<Journal | null>(null);
  readonly status = signal<Status>({
    kind: "status",
    busy: false,
    waiting: 0,
    polls: false,
    notice: "",
  });
  readonly trouble = signal("");
  readonly ties = new TieList();
  readonly heard = signal(0);
  readonly hellos = signal(0);
  readonly editable = computed(() => this.connection.value === "live" && !this.status.value.notice);
  readonly waiting = computed(() =>
    Math.max(this.status.value.waiting, this.intents.pending.value),
  );
  readonly panels: Store["panels"];
  readonly closed: Store["closed"];
  private readonly briefs = signal<ReadonlyMap<number, Brief>>(new Map());
  private readonly intents: Intents;
  private readonly list: PanelList;
  private readonly id = newId();
  private journalMissed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly patience: Patience = { hello: 1500 },
  ) {
    this.list = new PanelList((message) => this.say(message), newId);
    this.intents = new Intents(this.id, (message) => this.say(message));
    this.panels = this.list.panels;
    this.closed = this.list.closed;
  }

  /** Shows what was saved, says hello, and listens until `signal` aborts. */
  start(signal: AbortSignal): void {
    this.transport.listen(
      (packet) => this.receive(packet),
      () => this.reconnect(),
      signal,
    );
    signal.addEventListener("abort", () => this.stop());
    const saved = this.transport.saved();
    const taken = saved.map((packet) => this.take(packet));
    if (taken.includes(false)) this.noteUnreadable(UNREADABLE_SAVED);
    this.hello(saved.length ? "saved" : "connecting");
  }

  say(message: ToKernel): boolean {
    return this.transport.send(message);
  }

  ask(asked: Asked, signal?: AbortSignal): Promise<Reply> {
    return this.intents.ask(asked, signal);
  }

  open(path: readonly string[]): string {
    return this.list.open(path);
  }

  close(panel: string): void {
    this.list.close(panel);
  }

  look(panel: string, change: Change): void {
    this.list.look(panel, change);
  }

  brief(row: number): Brief | null {
    return this.briefs.value.get(row) ?? null;
  }

  /** The present picture is marked `without` if nobody answers. */
  private hello(without: Connection): void {
    clearTimeout(this.timer);
    if (!this.say({ kind: "hello", view: this.id, protocol: PROTOCOL })) {
      this.connection.value = without === "connecting" ? "lost" : without;
      return;
    }
    this.hellos.value += 1;
    this.timer = setTimeout(() => {
      if (this.connection.value === "connecting") this.connection.value = without;
    }, this.patience.hello);
  }

  /** The connection was lost: the kernel may have been restarted and not know this widget. */
  private reconnect(): void {
    this.intents.abandon("The kernel was restarted before it answered.");
    this.list.forgetAsked();
    this.note("");
    this.connection.value = "connecting";
    this.hello("lost");
  }

  private receive(packet: Packet): void {
    try {
      batch(() => {
        if (this.connection.value !== "live") this.list.startAnew();
        this.connection.value = "live";
        this.heard.value += 1;
        const taken = this.take(packet);
        if (packet.content.kind.startsWith("tree")) this.noteTree(taken);
      });
    } catch (error) {
      this.complain(packet, error); // of what shows it
    }
  }

  private noteTree(taken: boolean): void {
    if (!taken) this.noteUnreadable(UNREADABLE);
    else if (this.status.peek().notice === UNREADABLE) this.note("");
  }

  /** Says that the rest does not work either: the trouble says that it does. */
  private noteUnreadable(notice: string): void {
    this.note(notice);
    this.trouble.value = "";
  }

  private note(notice: string): void {
    this.status.value = { ...this.status.peek(), notice };
  }

  /** False for a message that cannot be handled, which must not stop the next. */
  private take(packet: Packet): boolean {
    try {
      return this.apply(packet);
    } catch (error) {
      this.complain(packet, error);
      if (packet.content.kind === "journal") this.journalMissed = true;
      return false;
    }
  }

  private complain({ content: { kind } }: Packet, error: unknown): void {
    console.error(`paramwidget: a message "${kind}" could not be taken`, error);
    const why = error instanceof Error ? error.message : String(error);
    this.trouble.value = `A message from the kernel could not be shown (${kind}: ${why}); ${REST}.`;
  }

  private apply({ content, buffers }: Packet): boolean {
    if (content.kind === "frame")
      check(bareFrame(content)); // the panel says what is wrong inside
    else if (content.kind !== "treechange") check(content); // that one may be to another tree
    switch (content.kind) {
      case "tree":
        this.takeTree(content);
        break;
      case "treechange":
        this.changeTree(content);
        break;
      case "briefs":
        this.takeBriefs(content);
        break;
      case "panels":
        this.list.takePanels(content);
        break;
      case "facts":
        this.list.takeFacts(content);
        break;
      case "frame":
        this.list.takeFrame(content, buffers);
        break;
      case "journal":
        this.takeJournal(content);
        break;
      case "catalog":
        this.catalog.value = content;
        break;
      case "status":
        this.status.value = content;
        break;
      case "tienews":
        this.ties.take(content);
        break;
      case "reply":
        this.intents.settle(content);
        break;
      default:
        content satisfies never; // an unhandled kind is a type error
        this.trouble.value = UNKNOWN;
        return false;
    }
    return true;
  }

  /** The summaries of rows that still exist are kept until Python sends new ones. */
  private takeTree(message: Tree): void {
    const tree = new TreeModel(message);
    const before = this.tree.peek();
    const kept = new Map<number, Brief>();
    for (const [old, brief] of this.briefs.peek()) {
      const row = before ? tree.row(before.path(old)) : -1;
      if (row >= 0) kept.set(row, { ...brief, row });
    }
    this.briefs.value = kept;
    this.tree.value = tree;
  }

  /** A change to a tree other than the present one: this page has missed a message. */
  private changeTree(change: TreeChange): void {
    const before = this.tree.peek();
    if (before?.revision === change.before) {
      check(change);
      const after = changedTree(before, change);
      check(after);
      this.takeTree(after);
    } else {
      this.hello("lost");
    }
  }

  /** What is new can only be added to all that came before: if some was missed, all is asked for. */
  private takeJournal(message: Journal): void {
    const missed = this.journalMissed && !message.whole;
    this.journalMissed = false;
    if (missed) this.hello("lost");
    else this.journal.value = journalAfter(this.journal.peek(), message);
  }

  private takeBriefs({ revision, briefs }: Briefs): void {
    if (revision !== this.tree.peek()?.revision) return;
    const known = new Map(this.briefs.peek());
    for (const brief of briefs) known.set(brief.row, brief);
    this.briefs.value = known;
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.list.dispose();
    this.intents.abandon("The widget was closed before the kernel answered.");
  }
}

/** Unlike crypto.randomUUID it is there on plain http pages too. */
export function newId(): string {
  return Math.random().toString(36).slice(2, 12);
}
