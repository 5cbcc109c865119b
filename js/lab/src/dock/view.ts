/** A docked widget: the ordinary view, bound to the module at a path in one owner. */

import { MainAreaWidget } from "@jupyterlab/apputils";
import { MimeModel } from "@jupyterlab/rendermime";
import { Panel, Widget } from "@lumino/widgets";
import type { LabDocked, LabStep } from "../../../shared/protocol";
import { parametersIcon } from "../icons";
import { kernelOf, type Owner } from "../owner";
import { element } from "../panel/rows";

const VIEW = "application/vnd.jupyter.widget-view+json";

/** What finds the dock's module again after a reload. */
export interface Place {
  readonly view: string;
  readonly kind: Owner["kind"];
  readonly owner: string;
  readonly path: readonly LabStep[];
  readonly label: string;
  /** The user's own widget that is shown; "" for one that the kernel keeps for docks. */
  readonly model: string;
}

export interface Remedy {
  readonly label: string;
  readonly act: () => void;
}

export class DockView extends MainAreaWidget<Panel> {
  owner: Owner | null = null;
  /** The object that is shown; "" before the first. */
  object = "";
  private readonly notice = element("div", "jp-paramwidget-Notice");
  private shown: Widget | null = null;
  private kernel = "";

  constructor(public place: Place) {
    super({ content: new Panel() });
    this.id = `paramwidget-dock-${place.view}`;
    this.addClass("jp-paramwidget-Dock");
    this.title.icon = parametersIcon;
    this.title.closable = true;
    this.toolbar.hide();
    this.notice.setAttribute("role", "status");
    this.notice.hidden = true;
    this.content.addWidget(new Widget({ node: this.notice }));
    this.label(place.label);
  }

  /** The owner closes its widget manager when it goes, and a view of that would stay dead. */
  belongTo(owner: Owner): void {
    if (this.owner) this.owner.widget.disposed.disconnect(this.dispose, this);
    this.owner = owner;
    owner.widget.disposed.connect(this.dispose, this);
  }

  /** Shows a widget of the kernel with the owner's own renderer. */
  async present(owner: Owner, docked: LabDocked): Promise<void> {
    this.belongTo(owner);
    this.object = docked.object;
    this.kernel = kernelOf(owner)?.id ?? "";
    const path = docked.path.length ? docked.path : this.place.path;
    const label = docked.expression || docked.type_name;
    this.place = { ...this.place, owner: owner.path, path, label };
    this.label(label);
    this.say("");
    const renderer = owner.rendermime.createRenderer(VIEW);
    const view = { version_major: 2, version_minor: 0, model_id: docked.model };
    await renderer.renderModel(new MimeModel({ data: { [VIEW]: view }, trusted: true }));
    this.shown?.dispose();
    this.shown = renderer;
    this.content.addWidget(renderer);
  }

  /** Whether the widget shown belongs to the owner's current kernel. */
  get alive(): boolean {
    return !!this.owner && kernelOf(this.owner)?.id === this.kernel && this.object !== "";
  }

  /** The kernel that made the module is gone, and the module with it. */
  lose(): void {
    this.object = "";
  }

  /** Shows a sentence above the view, with its remedies; "" for none. */
  say(text: string, ...remedies: Remedy[]): void {
    this.notice.hidden = !text;
    this.notice.replaceChildren(element("span", "", text), ...remedies.map(button));
  }

  private label(label: string): void {
    this.title.label = label;
    this.title.caption = `Parameters of ${label}`;
  }
}

function button({ label, act }: Remedy): HTMLElement {
  const made = element("button", "jp-mod-styled jp-paramwidget-Remedy", label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
