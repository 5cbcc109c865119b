/** The owner of the panel's kernel: the notebook or console that was active last. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import type { ConsolePanel, IConsoleTracker } from "@jupyterlab/console";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { Kernel } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";

/** A notebook or a console, as far as we need to know it. */
export interface Owner {
  readonly kind: "notebook" | "console";
  readonly widget: Widget;
  readonly context: ISessionContext;
  readonly rendermime: IRenderMimeRegistry;
  /** What finds it again after a reload. */
  readonly path: string;
  readonly title: string;
}

export class Owners {
  private active: Owner | null = null;
  private readonly changedSignal = new Signal<this, Owner | null>(this);

  constructor(
    shell: JupyterFrontEnd.IShell,
    private readonly notebooks: INotebookTracker | null,
    private readonly consoles: IConsoleTracker | null,
    private readonly ownerOfDock: (widget: Widget) => Owner | null,
  ) {
    shell.currentChanged?.connect((_, { newValue }) => this.follow(newValue));
    this.notebooks?.currentChanged.connect((_, panel) => this.follow(panel));
    this.consoles?.currentChanged.connect((_, panel) => this.follow(panel));
    this.follow(shell.currentWidget);
  }

  get current(): Owner | null {
    return this.active;
  }

  get changed(): ISignal<this, Owner | null> {
    return this.changedSignal;
  }

  /** The notebook or console with this path, where it is open. */
  find(kind: Owner["kind"], path: string): Owner | null {
    const open: Owner[] = [];
    this.notebooks?.forEach((panel) => {
      open.push(ofNotebook(panel));
    });
    this.consoles?.forEach((panel) => {
      open.push(ofConsole(panel));
    });
    return open.find((owner) => owner.kind === kind && owner.path === path) ?? null;
  }

  /** Resolves when everything that the last session had open is there again. */
  async restored(): Promise<void> {
    await Promise.all([this.notebooks?.restored, this.consoles?.restored]);
  }

  /** A file browser or an editor in front does not count. */
  private follow(widget: Widget | null): void {
    const owner = widget && this.ownerOf(widget);
    if (owner) this.set(owner);
  }

  private ownerOf(widget: Widget): Owner | null {
    if (this.notebooks?.has(widget)) return ofNotebook(widget as NotebookPanel);
    if (this.consoles?.has(widget)) return ofConsole(widget as ConsolePanel);
    return this.ownerOfDock(widget);
  }

  private set(owner: Owner): void {
    if (owner.widget === this.active?.widget) return;
    this.active?.widget.disposed.disconnect(this.fallBack, this);
    this.active = owner;
    owner.widget.disposed.connect(this.fallBack, this);
    this.changedSignal.emit(owner);
  }

  /** The active one was closed: another that is open, or none. */
  private fallBack(): void {
    const left = this.notebooks?.currentWidget ?? this.consoles?.currentWidget ?? null;
    this.active = null;
    const owner = left && !left.isDisposed ? this.ownerOf(left) : null;
    if (owner) this.set(owner);
    else this.changedSignal.emit(null);
  }
}

function ofNotebook(panel: NotebookPanel): Owner {
  return {
    kind: "notebook",
    widget: panel,
    context: panel.sessionContext,
    rendermime: panel.content.rendermime,
    get path() {
      return panel.context.path;
    },
    get title() {
      return panel.title.label;
    },
  };
}

function ofConsole(panel: ConsolePanel): Owner {
  return {
    kind: "console",
    widget: panel,
    context: panel.sessionContext,
    rendermime: panel.console.rendermime,
    get path() {
      return panel.sessionContext.path;
    },
    get title() {
      return panel.title.label;
    },
  };
}

export function kernelOf(owner: Owner): Kernel.IKernelConnection | null {
  return owner.context.session?.kernel ?? null;
}
