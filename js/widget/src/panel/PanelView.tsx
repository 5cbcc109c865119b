/** One open panel: a slot's picture, its facts, and its edits. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Statistics } from "../../../shared/protocol";
import { ExpressionBar } from "../controls/ExpressionBar";
import { InitializeForm } from "../controls/InitializeForm";
import type { PanelModel } from "../store/panels";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";
import { CloseButton } from "../style/CloseButton";
import { Icon } from "../style/Icon";
import { readable } from "../tree/names";
import { Access } from "./Access";
import { FactsLine } from "./FactsLine";
import { Histogram } from "./Histogram";
import { PictureBox } from "./PictureBox";
import { StatisticsTable } from "./StatisticsTable";
import { Ties } from "./Ties";
import { Twins } from "./Twins";

export interface PanelProps {
  store: Store;
  view: ViewState;
  panel: PanelModel;
}

export function PanelView({ store, view, panel }: PanelProps) {
  const facts = panel.facts.value;
  const tree = store.tree.value;
  const row = tree?.row(panel.path) ?? -1;
  const lit = tree?.tiesOf(row).find(({ index }) => index === view.hoveredTie.value);
  const name = readable(facts?.name || panel.path.join("."));
  const titleId = useId();
  const kernel = !["saved", "lost"].includes(store.connection.value);
  return (
    <section
      class={lit ? `panel card lit tie-${lit.colour}` : "panel card"}
      aria-labelledby={titleId}
    >
      <header class="panel-head">
        <h3 class="panel-name" id={titleId} title={name}>
          <bdi>{name}</bdi>
        </h3>
        <CloseButton
          label={`Close ${name}`}
          title="Close this panel"
          close={() => {
            store.close(panel.id);
            view.goTo("tree"); // otherwise the focus, and the next key, would go to the notebook
          }}
        />
        {facts && <FactsLine store={store} facts={facts} />}
        {facts && <Ties store={store} view={view} facts={facts} row={row} />}
        {facts && <Twins store={store} view={view} facts={facts} />}
      </header>
      <PictureBox store={store} view={view} panel={panel} />
      <Figures panel={panel} />
      {facts && <Access expressions={facts.access} />}
      {facts && !facts.locked && kernel && <Changes store={store} path={panel.path} />}
      {facts?.locked && facts.shape && (
        <p class="locked">
          <b>Read only.</b> {facts.locked !== facts.reason && facts.locked}
        </p>
      )}
    </section>
  );
}

/** The exact numbers, and how they are spread. */
function Figures({ panel }: { panel: PanelModel }) {
  const frame = panel.frame.value?.frame;
  if (!frame?.statistics) return null;
  return (
    <div class="figures">
      <Histogram bars={frame.bars} constant={constantOf(frame.statistics)} />
      <StatisticsTable of={frame.statistics} />
    </div>
  );
}

/** Two different numbers may look equal in a few digits, so only a deviation of zero counts. */
function constantOf({ numel, min, std, nan, inf }: Statistics): string {
  return (std === "0" || numel === "1") && nan === "0" && inf === "0" ? min : "";
}

function Changes({ store, path }: { store: Store; path: readonly string[] }) {
  const open = useSignal(false);
  const id = useId();
  return (
    <div class="changes">
      <ExpressionBar store={store} path={path} />
      <button
        class="disclosure"
        type="button"
        aria-expanded={open.value}
        aria-controls={id}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name="chevron" />
        Initialize
      </button>
      <div id={id}>{open.value && <InitializeForm store={store} path={path} />}</div>
    </div>
  );
}
