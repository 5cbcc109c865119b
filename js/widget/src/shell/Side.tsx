/** Beside the tree: the initializer form and the open panels. */

import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { InitializeForm } from "../controls/InitializeForm";
import { PanelView } from "../panel/PanelView";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";
import { CloseButton } from "../style/CloseButton";
import { Guard } from "../style/Guard";
import { useEffectAtOnce } from "../style/hooks";
import { readablePath } from "../tree/names";

interface SideProps {
  store: Store;
  view: ViewState;
}

export function Side({ store, view }: SideProps) {
  const area = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const wanted = view.wanted.value;
    store.panels.value; // the panel may be there only now
    if (!wanted) return;
    requestAnimationFrame(() => {
      const still = view.wanted.peek() === wanted; // else the next panel to come took the focus again
      if (still && goTo(area.current, wanted.panel, wanted.focus)) view.wanted.value = null;
    });
  });
  return (
    <div class="side" ref={area}>
      {view.form.value && (
        <FormCard
          store={store}
          view={view}
          path={view.form.value}
          key={JSON.stringify(view.form.value)}
        />
      )}
      <div class="panels">
        {store.panels.value.map((panel) => (
          <div class="panel-place" key={panel.id} data-panel={panel.id}>
            <Guard part="This panel" heard={store.heard}>
              <PanelView store={store} view={view} panel={panel} />
            </Guard>
          </div>
        ))}
      </div>
    </div>
  );
}

function FormCard({ store, view, path }: SideProps & { path: readonly string[] }) {
  const model = store.tree.value?.name(0) ?? "";
  const card = useRef<HTMLElement>(null);
  const close = () => {
    view.form.value = null;
    view.goTo("tree");
  };
  useSignalEffect(() => {
    if (!view.form.value) return;
    requestAnimationFrame(() => {
      card.current?.scrollIntoView({ block: "nearest" });
      card.current?.querySelector<HTMLElement>("select, input, button:not(.close)")?.focus();
    });
  });
  useClosedWithoutParameters(store, path, (reason) => {
    view.notice.value = `The form was closed: ${reason}.`;
    if (card.current?.matches(":focus-within")) view.goTo("tree");
    view.form.value = null;
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    close();
  };
  return (
    <section class="card form-card" ref={card} onKeyDown={onKeyDown} aria-label="Initialize">
      <header class="card-head">
        <h3>
          Initialize <bdi class="name">{readablePath(path, `all of ${model}`)}</bdi>
        </h3>
        <CloseButton label="Close the form" title="Close (Esc)" close={close} />
      </header>
      <Guard part="This form" heard={store.heard}>
        <InitializeForm store={store} path={path} />
      </Guard>
    </section>
  );
}

/** A form closes, as a panel does, when a cell has removed what it would initialize. */
function useClosedWithoutParameters(
  { tree }: Store,
  path: readonly string[],
  close: (reason: string) => void,
) {
  const had = useRef(false);
  useEffectAtOnce(() => {
    const row = tree.value?.row(path) ?? -1;
    const has = !!tree.value?.hasParameters(row);
    const name = readablePath(path, "the model");
    if (tree.value && row < 0) close(`${name} is no longer in the model`);
    else if (had.current && !has) close(`${name} has no parameters any more`);
    had.current = has;
  });
}

/** False while the panel is not there yet. */
function goTo(area: HTMLElement | null, panel: string, focus: boolean): boolean {
  const place = area?.querySelector<HTMLElement>(`[data-panel="${CSS.escape(panel)}"]`);
  if (!place) return false;
  place.scrollIntoView({ block: "nearest" });
  const find = (selector: string) => place.querySelector<HTMLElement>(selector);
  if (focus) (find("[data-focus]") ?? find("[tabindex='0'], button"))?.focus();
  return true;
}
