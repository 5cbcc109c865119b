/** One row of the panel as elements; all text is set as text. */

import { caretDownIcon, caretRightIcon } from "@jupyterlab/ui-components";
import type { LabRow } from "../../../shared/protocol";
import type { Item, More } from "../live";

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function rowElement({ row, level, expanded }: Item): HTMLElement {
  const made = element("li", "jp-paramwidget-Row");
  made.setAttribute("role", "treeitem");
  made.setAttribute("aria-level", String(level));
  made.setAttribute("aria-label", labelOf(row));
  if (row.opens) made.setAttribute("aria-expanded", String(expanded));
  made.classList.toggle("jp-mod-holder", !row.module);
  made.style.setProperty("--level", String(level - 1));
  made.title = titleOf(row);
  made.tabIndex = -1;
  made.append(
    row.opens ? twist(expanded) : element("span", "jp-paramwidget-NoTwist"),
    names(row),
    element("span", "jp-paramwidget-Type", row.type_name),
    element("span", "jp-paramwidget-Count", row.parameters === null ? "" : short(row.parameters)),
    element("span", "jp-paramwidget-Mode", row.mode === "training" ? "train" : row.mode && "eval"),
    element("span", "jp-paramwidget-Bytes", row.bytes_text),
  );
  return made;
}

function twist(expanded: boolean): HTMLElement {
  const icon = expanded ? caretDownIcon : caretRightIcon;
  return icon.element({ tag: "span", className: "jp-paramwidget-Twist" });
}

export function moreElement({ more, level }: More): HTMLElement {
  const made = element("li", "jp-paramwidget-More", `… and ${more.toLocaleString("en")} more`);
  made.setAttribute("role", "none");
  made.style.setProperty("--level", String(level - 1));
  return made;
}

function names(row: LabRow): HTMLElement {
  const made = element("span", "jp-paramwidget-Names");
  row.names.forEach((name, place) => {
    if (place) made.append(element("span", "jp-paramwidget-And", " = "));
    made.append(element("bdi", "", name));
  });
  return made;
}

/** A large number in about four characters, such as 124.4M. */
export function short(count: number): string {
  if (count < 100_000) return count.toLocaleString("en");
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(
    count,
  );
}

function titleOf(row: LabRow): string {
  const lines = [`${row.names.join(" is ")}: ${row.type_name}`];
  if (row.parameters !== null) {
    lines.push(`${row.parameters.toLocaleString("en")} parameters`);
    if (row.trainable !== null && row.trainable !== row.parameters) {
      lines.push(`${row.trainable.toLocaleString("en")} of them trainable`);
    }
    lines.push(`${row.bytes_text} in memory`);
  }
  if (row.mode) lines.push(`in ${row.mode} mode`);
  lines.push(row.module ? "Click it or press Enter to dock its widget." : "Contains modules.");
  return lines.join("\n");
}

function labelOf(row: LabRow): string {
  const parts = [row.names.join(" and "), row.type_name];
  if (row.parameters !== null) parts.push(`${row.parameters} parameters`, row.bytes_text);
  if (row.mode) parts.push(row.mode);
  return parts.join(", ");
}
