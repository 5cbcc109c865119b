/** The tree: its filter box, and those of any number of rows that are on screen. */

import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Store } from "../store/store";
import { Throttle } from "../store/throttle";
import type { TreeModel } from "../store/tree";
import type { ViewState } from "../store/view";
import { useEffectAtOnce } from "../style/hooks";
import { FilterBox } from "./FilterBox";
import { type Heights, indexAt, scrolledTo, topsOf } from "./geometry";
import { isTypeAhead, openRow, TREE_KEYS, TypeAhead } from "./keys";
import { Row, rowId } from "./Row";

interface TreeProps {
  store: Store;
  view: ViewState;
}

/** Rows beyond each visible edge, so that fast scrolling shows no empty space. */
const BEYOND = 6;
const BRIEFS_EVERY_MS = 120;

export function TreePane({ store, view }: TreeProps) {
  const tree = store.tree.value;
  return (
    <section class="tree-pane card" aria-label="Parameters">
      <FilterBox view={view} />
      {tree && (
        <>
          <div class="tree-head" aria-hidden="true">
            <span class="title">Name</span>
            <span class="type">Type</span>
            <span class="shape">Shape</span>
            <span class="dtype">dtype</span>
            <span class="count">Elements</span>
            <span class="glance">Values, mean ± std</span>
          </div>
          <TreeRows store={store} view={view} tree={tree} />
        </>
      )}
    </section>
  );
}

function TreeRows({ store, view, tree }: TreeProps & { tree: TreeModel }) {
  const { rows } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const typeAhead = useMemo(() => new TypeAhead(), []);
  const heights = useSignal<Heights>({ short: 28, tall: 28 });
  const scroll = useSignal(0);
  const height = useSignal(400);
  const tops = useComputed(() => topsOf(rows.visible.value, store.tree.value, heights.value));
  const shown = useComputed(() => windowOf(rows.visible.value, tops.value, scroll.value, height));

  useMeasured(scroller, (element) => {
    const probe = (kind: string) =>
      element.querySelector(`.probe.${kind}`)?.getBoundingClientRect().height || 28;
    height.value = element.clientHeight;
    const now = { short: probe("short"), tall: probe("tall") };
    const { short, tall } = heights.peek();
    if (now.short !== short || now.tall !== tall) heights.value = now;
  });
  useFollowFocus(view, scroller, tops);
  useBriefs(store, view, shown);

  const visible = rows.visible.value;
  const { first, last } = shown.value;
  const focusIndex = rows.focusIndex.value;
  const indices = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  // the focused row stays in the page though it is scrolled away: aria-activedescendant names it
  if (focusIndex < visible.length && (focusIndex < first || focusIndex >= last)) {
    indices.push(focusIndex);
  }
  const hovered = view.hoveredTie.value;
  const onKeyDown = (event: KeyboardEvent) => {
    const bottom = scroll.value + height.value;
    const page = indexAt(tops.value, bottom) - indexAt(tops.value, scroll.value);
    const hand = { tree, view, page: Math.max(1, page) };
    const action = TREE_KEYS[event.key];
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (action && !modified) {
      typeAhead.forget();
      action(hand);
    } else if (isTypeAhead(event)) typeAhead.type(event.key, hand, event.timeStamp);
    else return;
    event.preventDefault();
  };
  return (
    <div
      class="tree"
      role="tree"
      aria-label={`Modules and tensors of ${tree.name(0)}`}
      aria-activedescendant={rowId(view, rows.focus.value)}
      tabIndex={0}
      ref={scroller}
      onScroll={(event) => {
        scroll.value = event.currentTarget.scrollTop;
      }}
      onKeyDown={onKeyDown}
      onClick={(event) => clickRow(event.target, tree, view)}
      onMouseOver={(event) => lightTie(view, tree, rowOf(event.target))}
      onMouseLeave={() => lightTie(view, tree, -1)}
      onFocus={() => lightTie(view, tree, rows.focus.peek())}
      onBlur={() => lightTie(view, tree, -1)}
    >
      <div class="row short probe" aria-hidden="true" />
      <div class="row tall probe" aria-hidden="true" />
      <div class="tree-space" style={{ height: `${tops.value[visible.length] ?? 0}px` }}>
        {indices.map((index) => {
          const row = visible[index] ?? 0;
          const lit = tree.tiesOf(row).find((tie) => tie.index === hovered) ?? null;
          const top = tops.value[index] ?? 0;
          return (
            <Row key={row} store={store} view={view} tree={tree} row={row} top={top} lit={lit} />
          );
        })}
      </div>
    </div>
  );
}

interface Window {
  first: number;
  last: number;
}

function windowOf(
  visible: Int32Array,
  tops: Float64Array,
  scroll: number,
  height: ReadonlySignal<number>,
): Window {
  const first = Math.max(0, indexAt(tops, scroll) - BEYOND);
  const last = Math.min(visible.length, indexAt(tops, scroll + height.value) + 1 + BEYOND);
  return { first, last };
}

/** Measures at first and whenever the element or the text in it changes its size. */
function useMeasured(
  ref: { current: HTMLElement | null },
  measure: (element: HTMLElement) => void,
) {
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => measure(element));
    observer.observe(element);
    for (const probe of element.querySelectorAll(".probe")) observer.observe(probe);
    return () => observer.disconnect();
  }, []);
}

/** Scrolls to the row with the focus, and takes the focus if it is due. */
function useFollowFocus(
  view: ViewState,
  scroller: { current: HTMLElement | null },
  tops: ReadonlySignal<Float64Array>,
) {
  const { rows, focusWanted } = view;
  useSignalEffect(() => {
    rows.revealed.value;
    const element = scroller.current;
    if (!element) return;
    const space = element.clientHeight;
    const to = scrolledTo(tops.peek(), rows.focusIndex.peek(), element.scrollTop, space);
    if (to !== element.scrollTop) element.scrollTop = to;
  });
  useEffectAtOnce(() => {
    if (focusWanted.value !== "tree") return;
    scroller.current?.focus({ preventScroll: true });
    focusWanted.value = null;
  });
  useSignalEffect(() => {
    rows.revealed.value;
    const tree = rows.tree.peek();
    const root = scroller.current?.getRootNode();
    const active = root instanceof ShadowRoot ? root.activeElement : null;
    if (!tree || !active || active !== scroller.current) return;
    lightTie(view, tree, rows.focus.peek());
    // the tree may be scrolled off the page, where a panel below it was left
    requestAnimationFrame(() =>
      active.querySelector(".focused")?.scrollIntoView({ block: "nearest" }),
    );
  });
}

/** The partners of a row are lit, whether it is hovered or walked to by keys; -1 for none. */
function lightTie(view: ViewState, tree: TreeModel, row: number): void {
  view.hoveredTie.value = tree.tiesOf(row)[0]?.index ?? null;
}

/** A click on a module folds it, one on a slot opens its panel. */
function clickRow(target: EventTarget | null, tree: TreeModel, view: ViewState): void {
  const row = rowOf(target);
  if (row < 0) return;
  view.rows.setFocus(row);
  if (tree.isModule(row)) view.rows.setOpen([row], !view.rows.isOpen(row));
  else openRow(tree, view, row);
}

function rowOf(target: EventTarget | null): number {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
  return Number(element?.dataset.row ?? -1);
}

/** Says which rows are on screen, so that Python looks at these and no others. */
function useBriefs(store: Store, view: ViewState, shown: ReadonlySignal<Window>) {
  const throttle = useMemo(() => new Throttle(BRIEFS_EVERY_MS), []);
  useEffect(() => () => throttle.stop(), []);
  useSignalEffect(() => {
    const tree = store.tree.value;
    const { first, last } = shown.value;
    if (!tree || store.connection.value !== "live") return;
    const rows = view.rows.visible.value.subarray(first, last).filter((r) => !tree.isModule(r));
    const message = { view: view.id, revision: tree.revision, rows: [...rows] };
    throttle.call(() => store.say({ kind: "rows", ...message }));
  });
}
