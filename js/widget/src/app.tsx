/** The shell of one view: toolbar, tree, panels, journal. */

import type { Signal } from "@preact/signals";
import { JournalPane } from "./journal/JournalPane";
import { ClosedNotice } from "./shell/ClosedNotice";
import { KeyList } from "./shell/KeyList";
import { Notice } from "./shell/Notice";
import { QuestionBar } from "./shell/QuestionBar";
import { Side } from "./shell/Side";
import { TieNotices } from "./shell/TieNotices";
import { Toolbar } from "./shell/Toolbar";
import type { Store } from "./store/store";
import type { ViewState } from "./store/view";
import { Guard } from "./style/Guard";
import { TreePane } from "./tree/TreePane";

export interface AppProps {
  store: Store;
  view: ViewState;
}

export function App({ store, view }: AppProps) {
  const beside = store.panels.value.length > 0 || view.form.value !== null;
  return (
    <div class="app">
      <Guard part="The toolbar" heard={store.heard}>
        <Toolbar store={store} view={view} />
      </Guard>
      <Guard part="The line of notices" heard={store.heard}>
        <Notices store={store} view={view} />
      </Guard>
      <Guard part="The line of ties" heard={store.heard}>
        <TieNotices store={store} leave={() => view.goTo("tree")} />
      </Guard>
      <Guard part="The question" heard={store.heard}>
        <OpenQuestion view={view} />
      </Guard>
      <div class="below">
        <div class={beside ? "body beside" : "body"}>
          <div class="first">
            <Guard part="The tree" heard={store.heard}>
              <TreePane store={store} view={view} />
            </Guard>
            {view.journalOpen.value && (
              <Guard part="The journal" heard={store.heard}>
                <JournalPane store={store} view={view} />
              </Guard>
            )}
          </div>
          {beside && (
            <Guard part="The side" heard={store.heard}>
              <Side store={store} view={view} />
            </Guard>
          )}
        </div>
        {view.keysShown.value && (
          <Guard part="The list of keys" heard={store.heard}>
            <KeyList view={view} />
          </Guard>
        )}
      </div>
    </div>
  );
}

/** Messages that belong to no control. */
function Notices({ store, view }: AppProps) {
  const warnings = store.tree.value?.message.warnings ?? [];
  const fromPython = store.status.value.notice;
  const leave = () => view.goTo("tree");
  return (
    <>
      {fromPython && (
        <div class="notice danger" role="alert">
          {fromPython}
        </div>
      )}
      {warnings.map((warning) => (
        <div class="notice warn" key={warning}>
          {warning}
        </div>
      ))}
      <Trouble of={store.trouble} leave={leave} />
      <ClosedNotice store={store} leave={leave} />
      <Trouble of={view.notice} leave={leave} />
      <Trouble of={view.remark} leave={leave} sort="warn" />
    </>
  );
}

function OpenQuestion({ view }: { view: ViewState }) {
  const question = view.question.value;
  return question && <QuestionBar key={question.text} question={question} view={view} />;
}

interface TroubleProps {
  of: Signal<string>;
  leave: () => void;
  sort?: "danger" | "warn";
}

function Trouble({ of, leave, sort = "danger" }: TroubleProps) {
  if (!of.value) return null;
  const dismiss = () => {
    of.value = "";
    leave();
  };
  return (
    <Notice class={sort} role={sort === "danger" ? "alert" : "status"} dismiss={dismiss}>
      <span>{of.value}</span>
    </Notice>
  );
}
