/** The slots that share this tensor or its memory, with the proof. */

import type { Facts, TieFact } from "../../../shared/protocol";
import type { Store } from "../store/store";
import type { TieGroup } from "../store/tree";
import type { ViewState } from "../store/view";
import { readable } from "../tree/names";
import { CopyChip } from "./CopyChip";

interface TiesProps {
  store: Store;
  view: ViewState;
  facts: Facts;
  row: number;
}

export function Ties({ store, view, facts, row }: TiesProps) {
  const groups = store.tree.value?.tiesOf(row) ?? [];
  return facts.ties.map((tie) => {
    const group = groups.find(({ kind }) => kind === tie.kind) ?? null;
    return <TieLine key={tie.kind} view={view} tie={tie} group={group} path={facts.path} />;
  });
}

interface TieLineProps {
  view: ViewState;
  tie: TieFact;
  group: TieGroup | null;
  path: readonly string[];
}

function TieLine({ view, tie, group, path }: TieLineProps) {
  const here = JSON.stringify(path);
  const others = tie.paths
    .map((other, n) => ({ path: other, name: tie.names[n] ?? other.join(".") }))
    .filter((other) => JSON.stringify(other.path) !== here);
  const more = (group?.rows.length ?? 0) - 1 - others.length;
  const light = (on: boolean) => () => {
    view.hoveredTie.value = on && group ? group.index : null;
  };
  return (
    <div
      class={`tie-line ${tie.kind} tie-${group?.colour ?? 0}`}
      onPointerEnter={light(true)}
      onPointerLeave={light(false)}
      onFocusCapture={light(true)}
      onBlurCapture={light(false)}
    >
      <span class="tie-words">
        {group && (
          <span class={`badge tied ${tie.kind} tie-${group.colour}`}>
            {`${group.label} ×${group.rows.length}`}
          </span>
        )}
        {tie.kind === "same" ? "same as " : "shares memory with "}
        {others.map((other, n) => (
          <span key={JSON.stringify(other.path)}>
            {n > 0 && ", "}
            <button
              class="link code"
              type="button"
              title="Open its panel beside this one"
              onClick={() => view.show(other.path)}
            >
              {readable(other.name, 80)}
            </button>
          </span>
        ))}
        {more > 0 && ` and ${more} more`}
      </span>
      <CopyChip text={tie.proof} />
    </div>
  );
}
