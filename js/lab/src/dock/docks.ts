/** All docked views: creates them, follows their variables, restores them. */

import type { ILabShell, JupyterFrontEnd } from "@jupyterlab/application";
import { Notification, WidgetTracker } from "@jupyterlab/apputils";
import type { Kernel } from "@jupyterlab/services";
import { DockPanel, type Widget } from "@lumino/widgets";
import type { LabAnswer, LabDocked, LabStep } from "../../../shared/protocol";
import { afterCells } from "../kernel/cells";
import { type Lines, NoLine, type Question } from "../kernel/line";
import { kernelOf, type Owner, type Owners } from "../owner";
import { saying } from "../text";
import { DockView, type Place } from "./view";

export class Docks {
  readonly tracker = new WidgetTracker<DockView>({ namespace: "paramwidget-dock" });

  constructor(
    private readonly shell: JupyterFrontEnd.IShell,
    private readonly lab: ILabShell | null,
    private readonly lines: Lines,
  ) {}

  ownerOf(widget: Widget): Owner | null {
    return this.tracker.has(widget) ? (widget as DockView).owner : null;
  }

  /** Docks the module at a path; if it is already docked, brings it to the front. */
  async dock(owner: Owner, path: readonly LabStep[]): Promise<DockView | null> {
    const known = this.of(owner).find((view) => same(view.place.path, path) && view.alive);
    if (known) {
      this.shell.activateById(known.id);
      return known;
    }
    return await this.open(owner, { path }, (view) => ({ kind: "labdock", view, path: [...path] }));
  }

  /** Docks a widget that is shown elsewhere. */
  async dockWidget(owner: Owner, model: string): Promise<DockView | null> {
    return await this.open(owner, { model }, (view) => ({ kind: "labfind", view, model }));
  }

  /** Restores a docked view of the last session, which waits for its notebook and kernel. */
  restore(owners: Owners, place: Place): DockView {
    const view = new DockView(place);
    view.say(`Waiting for ${place.owner}…`);
    this.add(view, null);
    void owners.restored().then(async () => {
      const owner = owners.find(place.kind, place.owner);
      if (!owner) return view.dispose();
      view.belongTo(owner);
      this.follow(view, owner);
      await owner.context.ready;
      await this.fill(view, owner);
    });
    return view;
  }

  private async open(
    owner: Owner,
    place: Partial<Place>,
    question: (view: string) => Question,
  ): Promise<DockView | null> {
    const id = Math.random().toString(36).slice(2, 10);
    const docked = await this.ask(owner, question(id));
    if (typeof docked === "string") {
      Notification.warning(docked, { autoClose: 6000 });
      return null;
    }
    const { kind, path } = owner;
    const label = docked.expression;
    const view = new DockView({
      ...{ view: id, kind, owner: path, path: docked.path, label, model: "" },
      ...place,
    });
    await view.present(owner, docked);
    this.add(view, owner);
    this.follow(view, owner);
    void this.tracker.save(view);
    return view;
  }

  /** What a docked view shows, or a sentence that says why it cannot. */
  private async ask(owner: Owner, question: Question): Promise<LabDocked | string> {
    const kernel = kernelOf(owner);
    if (!kernel) return saying("no-kernel", owner.title).text;
    try {
      return read(await this.lines.ask(kernel, question));
    } catch (error) {
      return failure(error);
    }
  }

  /** Shows what the path of a view leads to now. */
  private async fill(view: DockView, owner: Owner): Promise<void> {
    const { place } = view;
    const docked = await this.ask(owner, {
      kind: "labdock",
      view: place.view,
      path: [...place.path],
    });
    if (view.isDisposed) return;
    if (typeof docked === "string") {
      view.say(docked, { label: `Show ${place.label}`, act: () => void this.fill(view, owner) });
      return;
    }
    await view.present(owner, docked);
    void this.tracker.save(view);
  }

  private add(view: DockView, owner: Owner | null): void {
    const beside = owner && this.of(owner).at(-1);
    if (this.lab) {
      const ref = beside?.id ?? owner?.widget.id;
      const mode = beside ? "tab-after" : "split-right";
      this.shell.add(view, "main", ref ? { mode, ref, activate: false } : { activate: false });
      // seen at once, the focus stays in the notebook
      if (view.parent instanceof DockPanel) view.parent.selectWidget(view);
    } else {
      this.shell.add(view, "right"); // the main area of Notebook 7 holds one widget only
      this.shell.activateById(view.id);
    }
    void this.tracker.add(view);
    const { view: id } = view.place;
    view.disposed.connect(() => {
      const kernel = view.owner && kernelOf(view.owner);
      if (kernel) this.lines.tell(kernel, { kind: "labundock", view: id });
    });
  }

  private of(owner: Owner): DockView[] {
    return this.tracker.filter((view) => view.owner?.widget === owner.widget && !view.isDisposed);
  }

  private follow(view: DockView, owner: Owner): void {
    const { context } = owner;
    const check = () => void this.check(view, owner);
    const onStatus = (_: unknown, status: Kernel.Status) => this.mourn(view, owner, status);
    const changed = () => this.mourn(view, owner, "restarting");
    const unwatch = afterCells(context, check);
    context.statusChanged.connect(onStatus);
    context.kernelChanged.connect(changed);
    view.disposed.connect(() => {
      unwatch();
      context.statusChanged.disconnect(onStatus);
      context.kernelChanged.disconnect(changed);
    });
  }

  /** The kernel with the module is gone. */
  private mourn(view: DockView, owner: Owner, status: Kernel.Status): void {
    if (!/restarting|dead/.test(status) || !view.object) return;
    view.lose();
    const { label } = view.place;
    const text =
      status === "dead"
        ? `The kernel died, and ${label} is gone. Restart it and run the cells that create ${label}.`
        : `The kernel was restarted, and ${label} is gone. Run the cells that create it.`;
    view.say(text, { label: `Show ${label}`, act: () => void this.fill(view, owner) });
  }

  /**
   * Checks whether the module is still there. A variable with another module is followed on
   * request.
   */
  private async check(view: DockView, owner: Owner): Promise<void> {
    const kernel = kernelOf(owner);
    const { path, label } = view.place;
    if (!kernel || !view.alive || !path.length) return;
    const bond = { path: [...path], object: view.object };
    const answer = await this.lines
      .ask(kernel, { kind: "lablist", rows: false, bonds: [bond] })
      .catch(() => null);
    if (answer?.kind !== "labrows" || view.isDisposed || bond.object !== view.object) return;
    if (answer.bonds[0] === "other") {
      view.say(`${label} is a different model now; this view still shows the previous one.`, {
        label: `Show the new ${label}`,
        act: () => void this.fill(view, owner),
      });
    } else if (answer.bonds[0] === "gone") {
      view.say(`${label} was deleted. This view keeps its model alive until it is closed.`, {
        label: "Close",
        act: () => view.dispose(),
      });
    } else view.say("");
  }
}

function read(answer: LabAnswer): LabDocked | string {
  if (answer.kind === "labdocked") return answer;
  return answer.kind === "labrefused" ? answer.reason : "The kernel gave an unexpected answer.";
}

export function failure(error: unknown): string {
  if (!(error instanceof NoLine)) return String(error);
  if (error.why === "cut") return saying("restarting").text;
  return error.why === "no-package"
    ? `${saying("no-package").headline}: run ${saying("no-package").code} in a cell.`
    : error.why.error;
}

function same(one: readonly LabStep[], other: readonly LabStep[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
