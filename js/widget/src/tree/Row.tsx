/** One row of the tree: name, badges, type, shape, dtype, count, and the values at a glance. */

import { grouped } from "../heatmap/numbers";
import type { Store } from "../store/store";
import type { TieGroup, TreeModel } from "../store/tree";
import type { ViewState } from "../store/view";
import { Icon } from "../style/Icon";
import { Glance } from "./Glance";
import { isTall } from "./geometry";
import { openRow } from "./keys";
import { readable, shapeText } from "./names";

export interface RowProps {
  store: Store;
  view: ViewState;
  tree: TreeModel;
  row: number;
  top: number;
  /** Lit as a member of the tie group that is hovered. */
  lit: TieGroup | null;
}

export function Row({ store, view, tree, row, top, lit }: RowProps) {
  const { rows } = view;
  const isModule = tree.isModule(row);
  const branch = tree.hasChildren(row);
  const open = rows.isOpen(row);
  const focused = rows.focus.value === row;
  const marks = rows.matching.value;
  const classes = [
    "row",
    isModule ? "module" : "slot",
    isTall(tree, row) ? "tall" : "short",
    focused && "focused",
    lit && `lit tie-${lit.colour}`,
    marks && marks[row] !== 2 && "between",
  ];
  return (
    <div
      class={classes.filter(Boolean).join(" ")}
      role="treeitem"
      id={rowId(view, row)}
      aria-level={(tree.depth[row] ?? 0) + 1}
      aria-setsize={tree.setSize[row] ?? 1}
      aria-posinset={tree.positionInSet[row] ?? 1}
      aria-expanded={branch ? open : undefined}
      aria-selected={focused}
      tabIndex={-1}
      style={{ transform: `translateY(${top}px)`, "--depth": String(tree.depth[row] ?? 0) }}
      data-row={row}
    >
      <span class={branch ? "twisty" : "twisty none"} aria-hidden="true">
        {branch && <Icon name="chevron" />}
      </span>
      <span class="title">
        <bdi class="name" title={readable(wholeName(tree, row), 2000)}>
          {readable(tree.name(row))}
        </bdi>
        <Badges store={store} view={view} tree={tree} row={row} />
      </span>
      {isModule ? (
        <ModuleEnd view={view} tree={tree} row={row} editable={store.editable.value} />
      ) : (
        isTall(tree, row) && (
          <>
            <SlotMeta tree={tree} row={row} />
            <Glance brief={store.brief(row)} />
          </>
        )
      )}
    </div>
  );
}

export function rowId(view: ViewState, row: number): string {
  return `row-${view.id}-${row}`;
}

function wholeName(tree: TreeModel, row: number): string {
  return row ? tree.dotted(row) : tree.name(0);
}

function SlotMeta({ tree, row }: { tree: TreeModel; row: number }) {
  const shape = tree.shape(row);
  return (
    <span class="meta">
      <span class="type">{readable(tree.typeName(row))}</span>
      <span class="shape">{shape && shapeText(shape)}</span>
      <span class="dtype">{tree.dtype(row)}</span>
      <span class="count">{shape && grouped(tree.count(row))}</span>
    </span>
  );
}

function ModuleEnd(props: { view: ViewState; tree: TreeModel; row: number; editable: boolean }) {
  const { view, tree, row, editable } = props;
  const count = tree.count(row);
  return (
    <>
      <span class="type">{row > 0 && readable(tree.typeName(row))}</span>
      <span class="count">{count > 0 && grouped(count)}</span>
      {count > 0 && editable && (
        <button
          class="button quiet act"
          type="button"
          tabIndex={-1}
          title="Re-initialize all parameters below (Enter)"
          onClick={(event) => {
            event.stopPropagation();
            view.rows.setFocus(row);
            openRow(tree, view, row);
          }}
        >
          Initialize…
        </button>
      )}
    </>
  );
}

const STATES = { uninitialized: "uninitialized", meta: "no data", unreadable: "unreadable" };
const KINDS = { buffer: "buffer", constant: "constant", computed: "computed", none: "None" };

function Badges({ store, view, tree, row }: Pick<RowProps, "store" | "view" | "tree" | "row">) {
  const kind = tree.kind(row);
  const state = tree.state(row);
  const note = tree.note(row);
  const alarm = store.brief(row)?.alarm;
  return (
    <>
      {kind in KINDS && <span class="badge">{KINDS[kind as keyof typeof KINDS]}</span>}
      {kind === "parameter" && tree.trainable(row) === false && (
        <span class="badge" title="Frozen: requires_grad is False, so no optimizer updates it">
          frozen
        </span>
      )}
      {state !== "ready" && (
        <span class="badge warn" title={note}>
          {STATES[state]}
        </span>
      )}
      {state === "ready" && note && (
        <span class="badge" title={note} aria-label={note} role="img">
          <Icon name="info" />
        </span>
      )}
      {alarm && <span class="badge danger">{alarm}</span>}
      {tree.tiesOf(row).map((tie) => (
        <TieBadge key={tie.index} view={view} tree={tree} row={row} tie={tie} />
      ))}
    </>
  );
}

const SHARED = {
  same: "The same tensor as",
  memory: "Shares memory with",
  module: "The same module as",
};

/** Names the rows that share this one; a click goes to the next of them. */
function TieBadge(props: { view: ViewState; tree: TreeModel; row: number; tie: TieGroup }) {
  const { view, tree, row, tie } = props;
  const others = tie.rows.slice(0, 9).filter((other) => other !== row);
  const names = others.slice(0, 8).map((other) => readable(wholeName(tree, other)));
  const more = tie.rows.length - 1 - names.length;
  if (more > 0) names.push(`${more} more`);
  const what = `${SHARED[tie.kind]} ${names.join(", ")}`;
  return (
    <button
      class={`badge tied ${tie.kind} tie-${tie.colour}`}
      type="button"
      tabIndex={-1}
      title={tie.proof ? `${what}\n${tie.proof}` : what}
      aria-label={what}
      onClick={(event) => {
        event.stopPropagation();
        const next = tie.rows[(tie.rows.indexOf(row) + 1) % tie.rows.length] ?? row;
        view.reveal(tree.path(next));
      }}
    >
      {tie.kind === "module" ? sameAs(tree, row, others) : `${tie.label} ×${tie.rows.length}`}
    </button>
  );
}

/** A sibling module is shown by its last name, any other by its full name. */
function sameAs(tree: TreeModel, row: number, others: readonly number[]): string {
  const names = others.slice(0, 2).map((other) => {
    const beside = tree.parent(other) === tree.parent(row);
    return readable(beside ? tree.name(other) : wholeName(tree, other), 60);
  });
  return `same as ${names.join(", ")}${others.length > 2 ? " …" : ""}`;
}
