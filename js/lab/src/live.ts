/** What the panel shows: the live modules of the active kernel, or why it shows none. No DOM. */

import type { Kernel } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";
import type { LabRow, LabRows, LabStep } from "../../shared/protocol";
import { afterCells } from "./kernel/cells";
import { type Lines, NoLine, type Question } from "./kernel/line";
import { kernelOf, type Owner, type Owners } from "./owner";
import type { Silent } from "./text";

/** One line of the list. */
export interface Item {
  readonly key: string;
  readonly level: number;
  readonly row: LabRow;
  readonly expanded: boolean;
}

export interface More {
  readonly more: number;
  readonly level: number;
}

export type Shown =
  | { readonly items: readonly (Item | More)[]; readonly old: boolean }
  | { readonly silent: Silent; readonly detail: string };

const COUNT_AGAIN_MS = 150;

export class Live {
  private shownNow: Shown = { silent: "no-owner", detail: "" };
  private readonly changedSignal = new Signal<this, Shown>(this);
  private readonly expanded = new Map<string, LabRows | null>();
  private top: LabRows | null = null;
  private watching = false;
  private asking = false;
  private again = false;
  private unfollow: () => void = () => undefined;

  constructor(
    private readonly owners: Owners,
    private readonly lines: Lines,
  ) {
    owners.changed.connect((_, owner) => this.follow(owner));
    this.follow(owners.current);
  }

  get shown(): Shown {
    return this.shownNow;
  }

  get owner(): Owner | null {
    return this.owners.current;
  }

  get changed(): ISignal<this, Shown> {
    return this.changedSignal;
  }

  /** Nobody is looking: nothing is asked, so that a closed panel costs a cell nothing. */
  watch(watching: boolean): void {
    this.watching = watching;
    if (watching) this.refresh();
  }

  refresh(): void {
    if (!this.watching) return;
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    this.again = false;
    const { owner } = this;
    void this.look(owner)
      .then((shown) => {
        if (owner === this.owner) this.show(shown);
      })
      .finally(() => {
        this.asking = false;
        if (this.again) this.refresh();
      });
  }

  toggle(key: string): void {
    if (!this.expanded.delete(key)) this.expanded.set(key, null);
    this.refresh();
  }

  private follow(owner: Owner | null): void {
    this.unfollow();
    this.top = null;
    this.expanded.clear();
    this.unfollow = owner ? this.listen(owner) : () => undefined;
    this.show({ silent: owner ? "asking" : "no-owner", detail: "" });
    this.refresh();
  }

  private listen({ context }: Owner): () => void {
    const refresh = () => this.refresh();
    const anew = () => {
      this.top = null;
      this.expanded.clear();
      this.refresh();
    };
    const onStatus = (_: unknown, status: Kernel.Status) => {
      if (/restarting|dead|starting/.test(status)) anew();
      else if (status === "idle" && this.top === null) refresh();
      else if (status === "idle" || status === "busy") this.markOld(status === "busy");
    };
    const unwatch = afterCells(context, refresh);
    context.kernelChanged.connect(anew);
    context.statusChanged.connect(onStatus);
    context.connectionStatusChanged.connect(refresh);
    return () => {
      unwatch();
      context.kernelChanged.disconnect(anew);
      context.statusChanged.disconnect(onStatus);
      context.connectionStatusChanged.disconnect(refresh);
    };
  }

  /** The kernel as it is, before it is asked. */
  private async look(owner: Owner | null): Promise<Shown> {
    if (!owner) return { silent: "no-owner", detail: "" };
    const kernel = kernelOf(owner);
    const silent = silence(owner, kernel);
    if (silent || !kernel) return { silent: silent ?? "no-kernel", detail: owner.title };
    try {
      const { language_info } = await kernel.info;
      if (language_info.name !== "python") {
        return { silent: "not-python", detail: language_info.name };
      }
      return await this.list(kernel);
    } catch (error) {
      return whyNot(error, owner);
    }
  }

  private async list(kernel: Kernel.IKernelConnection): Promise<Shown> {
    const top = await this.rowsOf(kernel, { kind: "lablist", rows: true, bonds: [] });
    if (!top?.torch) return { silent: "no-torch", detail: "" };
    for (const key of this.expanded.keys()) {
      const path = JSON.parse(key) as LabStep[];
      const inside = await this.rowsOf(kernel, { kind: "labexpand", path });
      if (inside) this.expanded.set(key, inside);
      else this.expanded.delete(key);
    }
    this.top = top;
    const unfinished = [top, ...this.expanded.values()].some((rows) => rows?.unfinished);
    if (unfinished) setTimeout(() => this.refresh(), COUNT_AGAIN_MS);
    if (!top.rows.length) return { silent: "empty", detail: "" };
    return { items: this.flatten(top, 1), old: false };
  }

  private async rowsOf(
    kernel: Kernel.IKernelConnection,
    question: Question,
  ): Promise<LabRows | null> {
    const answer = await this.lines.ask(kernel, question);
    if (answer.kind === "labrows") return answer;
    if (question.kind === "lablist" && answer.kind === "labrefused") {
      throw new NoLine({ error: answer.reason });
    }
    return null;
  }

  private flatten(rows: LabRows, level: number): (Item | More)[] {
    const items: (Item | More)[] = rows.rows.flatMap((row) => {
      const key = JSON.stringify(row.path);
      const inside = this.expanded.get(key);
      const item: Item = { key, level, row, expanded: !!inside };
      return inside ? [item, ...this.flatten(inside, level + 1)] : [item];
    });
    return rows.more ? [...items, { more: rows.more, level }] : items;
  }

  /** An old kernel that is busy answers only after its cell: the list is marked as outdated. */
  private markOld(old: boolean): void {
    if ("items" in this.shownNow && this.shownNow.old !== old) {
      this.show({ ...this.shownNow, old });
    }
  }

  private show(shown: Shown): void {
    this.shownNow = shown;
    this.changedSignal.emit(shown);
  }
}

function silence(owner: Owner, kernel: Kernel.IKernelConnection | null): Silent | null {
  if (owner.context.kernelDisplayStatus === "initializing") return "starting";
  if (!kernel) return owner.context.hasNoKernel ? "no-kernel" : "starting";
  if (kernel.status === "dead") return "dead";
  if (kernel.status === "restarting" || kernel.status === "autorestarting") return "restarting";
  if (kernel.status === "starting") return "starting";
  return kernel.connectionStatus === "disconnected" ? "disconnected" : null;
}

function whyNot(error: unknown, owner: Owner): Shown {
  if (!(error instanceof NoLine)) return { silent: "disconnected", detail: String(error) };
  if (error.why === "no-package") return { silent: "no-package", detail: "" };
  if (error.why !== "cut") return { silent: "error", detail: error.why.error };
  return { silent: silence(owner, kernelOf(owner)) ?? "restarting", detail: owner.title };
}
