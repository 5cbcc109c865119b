/** The filter, with its help beside it and errors below. */

import { useRef } from "preact/hooks";
import { grouped } from "../heatmap/numbers";
import type { ViewState } from "../store/view";
import { useEffectAtOnce } from "../style/hooks";
import { Icon } from "../style/Icon";

const HELP = `Words, combined by spaces:
weight            part of a name
*.attn.*          the whole name, with * and ?
type:Linear       a module type
shape:256x20      a shape; * for any size
dtype:float32     a dtype
frozen   tied`;

export function FilterBox({ view }: { view: ViewState }) {
  const { rows, focusWanted } = view;
  const input = useRef<HTMLInputElement>(null);
  const { problem } = rows.parsed.value;
  const marks = rows.matching.value;

  useEffectAtOnce(() => {
    if (focusWanted.value !== "filter") return;
    input.current?.focus();
    input.current?.select();
    focusWanted.value = null;
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && rows.filter.value) rows.setFilter("");
    else if (event.key === "ArrowDown" || event.key === "Enter" || event.key === "Escape") {
      const first = rows.firstMatch();
      if (event.key !== "Escape" && first >= 0) rows.setFocus(first);
      view.goTo("tree");
    } else return;
    event.preventDefault();
  };
  return (
    <div class="filter">
      <div class="filter-line">
        <Icon name="search" />
        <input
          class="field"
          type="text"
          ref={input}
          value={rows.filter.value}
          placeholder="Filter: name, *.weight, type:Linear, shape:256x20, tied"
          aria-label="Filter the tree"
          aria-invalid={problem ? "true" : "false"}
          aria-describedby={`filter-${view.id}`}
          title={HELP}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => rows.setFilter(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <span class="found" aria-live="polite">
          {marks && foundText(marks)}
        </span>
        {rows.filter.value && (
          <button
            class="button quiet icon clear"
            type="button"
            title="Show all rows (Esc)"
            aria-label="Clear the filter"
            onClick={() => {
              rows.setFilter("");
              view.goTo("tree");
            }}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      <div class="problem error" id={`filter-${view.id}`} aria-live="polite">
        {problem}
      </div>
    </div>
  );
}

function foundText(marks: Uint8Array): string {
  let found = 0;
  for (const mark of marks) if (mark === 2) found += 1;
  return found ? `${grouped(found)} found` : "Nothing found";
}
