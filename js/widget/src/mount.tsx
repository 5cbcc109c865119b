/** Puts one view into the element that the host gives: a shadow root with its own stylesheet. */

import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app";
import { followKeys, keepKeysInside } from "./keys";
import { viewLife } from "./life";
import type { Store } from "./store/store";
import { viewState } from "./store/view";
import { stylesheet } from "./style";
import { Guard } from "./style/Guard";
import { hostSettings } from "./style/settings";
import { followTheme } from "./style/theme";

export function mount(el: HTMLElement, store: Store, end: AbortSignal): void {
  const host = document.createElement("div");
  host.className = "paramwidget";
  const shadow = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = stylesheet;
  const root = document.createElement("div");
  root.className = "root";
  shadow.append(style, root);
  el.append(host);

  const settings = hostSettings(end);
  const view = viewState(store, settings);
  followTheme(host, root, end);
  keepKeysInside(host, end);
  followKeys(root, store, view, end);
  viewLife(host, store, view, end);
  render(
    <Guard part="The widget" heard={store.heard}>
      <App store={store} view={view} />
    </Guard>,
    root,
  );
  const stop = effect(() => {
    root.dataset.cells = String(settings.value.cells);
    root.style.setProperty("--scale", String(view.fontScale.value));
  });
  end.addEventListener("abort", () => {
    stop();
    render(null, root);
    host.remove();
  });
}
