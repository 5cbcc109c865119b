/** The open panels, shared by all views: what Python keeps, and what was requested since. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type {
  ClosedPanel,
  Facts,
  Frame,
  Look,
  PanelState,
  Panels,
  ToKernel,
} from "../../../shared/protocol";
import { type FrameModel, frameModel } from "./cells";
import { bareFrame, check } from "./sound";
import { Throttle } from "./throttle";

export type Change = Partial<Pick<Look, "lens" | "window" | "cells" | "sliders">>;

export interface PanelModel {
  readonly id: string;
  readonly path: readonly string[];
  /** The last request; the frame shown may still be of an older generation. */
  readonly state: ReadonlySignal<PanelState>;
  readonly facts: ReadonlySignal<Facts | null>;
  readonly frame: ReadonlySignal<FrameModel | null>;
}

interface Panel extends PanelModel {
  readonly state: Signal<PanelState>;
  readonly facts: Signal<Facts | null>;
  readonly frame: Signal<FrameModel | null>;
  readonly looks: Throttle;
}

/** The most rows and columns of cells that are asked for before a canvas says what it can show. */
const CELLS = [256, 256];
const LOOK_EVERY_MS = 50;

export class PanelList {
  readonly panels = signal<readonly PanelModel[]>([]);
  /** The panels that Python closed, with the reason, until they are dismissed; the newest last. */
  readonly closed = signal<readonly ClosedPanel[]>([]);
  private readonly known = new Map<string, Panel>();
  private readonly opening = new Set<string>();
  private readonly closing = new Set<string>();

  constructor(
    private readonly send: (message: ToKernel) => boolean,
    private readonly newId: () => string,
  ) {}

  /** The id of the panel on this path, which is opened if there is none yet. */
  open(path: readonly string[]): string {
    const key = JSON.stringify(path);
    const open = this.panels.value.find((panel) => JSON.stringify(panel.path) === key);
    if (open) return open.id;
    const panel = this.newId();
    const lens = ""; // the default; Python answers with its name
    if (this.send({ kind: "open", panel, path: [...path], lens })) {
      this.opening.add(panel);
      const look = { generation: 0, lens, window: null, cells: CELLS, sliders: [] };
      this.panels.value = [...this.panels.value, this.make({ panel, path: [...path], ...look })];
    }
    return panel;
  }

  close(id: string): void {
    if (this.send({ kind: "close", panel: id })) {
      this.closing.add(id);
      this.opening.delete(id);
    }
    this.keep(this.panels.value.filter((panel) => panel.id !== id));
  }

  /** Changes what the panel looks at; the newest of many looks wins, at a limited rate. */
  look(id: string, change: Change): void {
    const panel = this.known.get(id);
    if (!panel) return;
    const { generation, ...old } = panel.state.peek();
    panel.state.value = { ...old, ...change, generation: generation + 1 };
    panel.looks.call(() => {
      const { panel: _, path: __, ...look } = panel.state.peek();
      this.send({ kind: "look", panel: id, ...look });
    });
  }

  takePanels({ panels, closed }: Panels): void {
    for (const { panel } of panels) this.opening.delete(panel);
    for (const { panel } of closed) this.opening.delete(panel);
    const told = new Set(panels.map(({ panel }) => panel));
    for (const id of this.closing) if (!told.has(id)) this.closing.delete(id);
    if (closed.length) this.closed.value = withoutSame([...this.closed.value, ...closed]);
    const opening = this.panels.value.filter((panel) => this.opening.has(panel.id));
    this.keep([
      ...panels
        .filter(({ panel }) => !this.closing.has(panel))
        .map((state) => this.update(state) ?? this.make(state)),
      ...opening,
    ]);
  }

  takeFacts(facts: Facts): void {
    const panel = this.known.get(facts.panel);
    if (panel) panel.facts.value = facts;
  }

  /** A stale frame is dropped: an older revision, or an older view than the one that is shown. */
  takeFrame(frame: Frame, buffers: readonly DataView[]): void {
    const panel = this.known.get(frame.panel);
    const shown = panel?.frame.peek() ?? null;
    if (!panel) return;
    if (shown && frame.revision <= shown.frame.revision) return;
    if (shown && frame.generation < shown.frame.generation) return;
    panel.frame.value = readable(frame, buffers, shown);
  }

  /** There is another kernel, whose revisions start again. */
  startAnew(): void {
    for (const { frame } of this.known.values()) {
      const shown = frame.peek();
      if (shown)
        frame.value = { ...shown, frame: { ...shown.frame, revision: -1, generation: -1 } };
    }
  }

  /** Requests to a kernel that is gone will not be answered. */
  forgetAsked(): void {
    this.opening.clear();
    this.closing.clear();
  }

  dispose(): void {
    for (const panel of this.known.values()) panel.looks.stop();
  }

  private make(state: PanelState): Panel {
    const panel = {
      id: state.panel,
      path: state.path,
      state: signal(state),
      facts: signal(null),
      frame: signal(null),
      looks: new Throttle(LOOK_EVERY_MS),
    };
    this.known.set(panel.id, panel);
    return panel;
  }

  private update(state: PanelState): Panel | null {
    const panel = this.known.get(state.panel);
    if (!panel) return null;
    if (state.generation >= panel.state.peek().generation) panel.state.value = state;
    return panel;
  }

  private keep(panels: readonly PanelModel[]): void {
    const kept = new Set(panels.map((panel) => panel.id));
    for (const [id, panel] of this.known) {
      if (kept.has(id)) continue;
      panel.looks.stop();
      this.known.delete(id);
    }
    this.panels.value = panels;
  }
}

/** A row that is gone may be clicked again: the same reason is said once. */
function withoutSame(closed: readonly ClosedPanel[]): ClosedPanel[] {
  return [...new Map(closed.map((one) => [one.reason, one])).values()];
}

/** What a frame shows; a sentence in place of a picture that cannot be read. */
function readable(
  frame: Frame,
  buffers: readonly DataView[],
  shown: FrameModel | null,
): FrameModel {
  try {
    check(frame);
    return frameModel(frame, buffers, shown);
  } catch (error) {
    console.error("paramwidget: a picture could not be read", error);
    const message = "The picture that the kernel sent cannot be read.";
    return frameModel(bareFrame(frame, message), [], null);
  }
}
