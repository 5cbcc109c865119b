/** The side panel "Parameters". */

import { refreshIcon, SidePanel, Toolbar, ToolbarButton } from "@jupyterlab/ui-components";
import type { Message } from "@lumino/messaging";
import { Panel, Widget } from "@lumino/widgets";
import type { LabRow } from "../../../shared/protocol";
import { parametersIcon } from "../icons";
import type { Item, Live, Shown } from "../live";
import { saying } from "../text";
import { element, moreElement, rowElement } from "./rows";

export class ParametersPanel extends SidePanel {
  private readonly whose = new Widget({ node: element("span", "jp-paramwidget-Owner") });
  private readonly list = element("ul", "jp-paramwidget-List");
  private readonly nothing = element("div", "jp-paramwidget-Nothing");
  private readonly known = new Map<string, { said: string; row: HTMLElement }>();
  private items: Item[] = [];
  private focused = "";

  constructor(
    private readonly live: Live,
    private readonly dock: (row: LabRow) => void,
  ) {
    super({ content: new Panel() });
    this.id = "paramwidget-live";
    this.addClass("jp-paramwidget-Live");
    this.title.icon = parametersIcon;
    this.title.caption = "Parameters";
    this.header.addWidget(new Widget({ node: element("h2", "jp-text-truncated", "Parameters") }));
    this.toolbar.addItem("whose", this.whose);
    this.toolbar.addItem("space", Toolbar.createSpacerItem());
    this.toolbar.addItem(
      "refresh",
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: "Refresh the list",
        onClick: () => this.live.refresh(),
      }),
    );
    this.list.setAttribute("role", "tree");
    this.list.setAttribute("aria-label", "Live models");
    this.nothing.setAttribute("role", "status");
    const body = element("div", "jp-paramwidget-Body", this.list, this.nothing);
    this.content.addWidget(new Widget({ node: body }));
    live.changed.connect((_, shown) => this.update_(shown));
    this.update_(live.shown);
    this.list.addEventListener("click", (event) => this.click(event));
    this.list.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("focusin", (event) => this.noteFocus(event));
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.live.watch(true);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.live.watch(false);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.focusOn(this.items.find(({ key }) => key === this.focused) ?? this.items[0]);
  }

  private update_(shown: Shown): void {
    const owner = this.live.owner;
    this.whose.node.textContent = owner?.title ?? "";
    const hadFocus = this.list.contains(document.activeElement);
    if ("silent" in shown) {
      this.items = [];
      this.known.clear();
      this.list.replaceChildren();
      this.say(shown);
    } else {
      this.items = shown.items.filter((item): item is Item => "row" in item);
      this.place(shown.items.map((item) => ("row" in item ? this.made(item) : moreElement(item))));
      this.nothing.replaceChildren();
      this.markTabStop();
      if (hadFocus) this.focusOn(this.items.find(({ key }) => key === this.focused));
    }
    this.list.hidden = "silent" in shown;
    this.nothing.hidden = !("silent" in shown);
    this.toggleClass("jp-mod-busy", "items" in shown && shown.old);
  }

  /** The row's element, the previous one if nothing in it has changed. */
  private made(item: Item): HTMLElement {
    const said = JSON.stringify(item);
    const before = this.known.get(item.key);
    if (before?.said === said) return before.row;
    const row = rowElement(item);
    row.dataset.key = item.key;
    this.known.set(item.key, { said, row });
    return row;
  }

  /** Unchanged rows are not touched, so that a click or the focus survives a refresh. */
  private place(wanted: HTMLElement[]): void {
    const stay = new Set<Node>(wanted);
    for (const row of [...this.list.childNodes]) if (!stay.has(row)) row.remove();
    wanted.forEach((row, at) => {
      const here = this.list.childNodes[at] ?? null;
      if (here !== row) this.list.insertBefore(row, here);
    });
  }

  private say({ silent, detail }: { silent: Parameters<typeof saying>[0]; detail: string }): void {
    const { headline, text, code } = saying(silent, detail);
    const parts: Node[] = [];
    if (headline) parts.push(element("h3", "", headline));
    if (text) parts.push(element("p", "", text));
    if (code) parts.push(element("pre", "", code));
    this.nothing.replaceChildren(...parts);
  }

  private click(event: MouseEvent): void {
    const item = this.itemAt(event.target);
    if (!item) return;
    this.focusOn(item);
    const twist = (event.target as Element).closest(".jp-paramwidget-Twist");
    if (twist || !item.row.module) this.toggle(item);
    else this.dock(item.row);
  }

  private press(event: KeyboardEvent): void {
    const at = this.items.findIndex(({ key }) => key === this.focused);
    const item = this.items[at];
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.keys(item, at)[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  private keys(item: Item, at: number): Record<string, () => void> {
    const { row, expanded, level } = item;
    const parent = this.items
      .slice(0, at)
      .filter((above) => above.level < level)
      .at(-1);
    const act = () => (row.module ? this.dock(row) : this.toggle(item));
    return {
      ArrowDown: () => this.focusOn(this.items[at + 1]),
      ArrowUp: () => this.focusOn(this.items[at - 1]),
      Home: () => this.focusOn(this.items[0]),
      End: () => this.focusOn(this.items.at(-1)),
      ArrowRight: () => {
        if (row.opens && !expanded) this.toggle(item);
        else if (expanded) this.focusOn(this.items[at + 1]);
      },
      ArrowLeft: () => {
        if (expanded) this.toggle(item);
        else this.focusOn(parent);
      },
      Enter: act,
      " ": act,
    };
  }

  private toggle(item: Item): void {
    if (item.row.opens) this.live.toggle(item.key);
  }

  private itemAt(target: EventTarget | null): Item | undefined {
    const row = (target as Element | null)?.closest<HTMLElement>(".jp-paramwidget-Row");
    return this.items.find(({ key }) => key === row?.dataset.key);
  }

  private elementOf(item: Item | undefined): HTMLElement | null {
    const rows = [...this.list.querySelectorAll<HTMLElement>(".jp-paramwidget-Row")];
    return rows.find(({ dataset }) => dataset.key === item?.key) ?? null;
  }

  private focusOn(item: Item | undefined): void {
    if (!item) return;
    this.focused = item.key;
    this.markTabStop();
    this.elementOf(item)?.focus();
  }

  private noteFocus(event: FocusEvent): void {
    const item = this.itemAt(event.target);
    if (item) this.focused = item.key;
    this.markTabStop();
  }

  /** Tab reaches one row: the one that last had the focus, else the first. */
  private markTabStop(): void {
    const stop = this.elementOf(this.items.find(({ key }) => key === this.focused));
    for (const row of this.list.querySelectorAll<HTMLElement>(".jp-paramwidget-Row")) {
      row.tabIndex = row === (stop ?? this.list.firstElementChild) ? 0 : -1;
    }
  }
}
