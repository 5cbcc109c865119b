/** The journal: what was done, as a list, and as the code that does the same. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Entry, Journal } from "../../../shared/protocol";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";
import { CloseButton } from "../style/CloseButton";
import { readable } from "../tree/names";
import { CopyButton } from "./CopyButton";

interface JournalProps {
  store: Store;
  view: ViewState;
}

export function JournalPane({ store, view }: JournalProps) {
  const pane = useRef<HTMLElement>(null);
  useEffect(() => pane.current?.scrollIntoView({ block: "nearest" }), []);
  const list = useRef<HTMLOListElement>(null);
  const journal = store.journal.value;
  const entries = journal?.entries ?? [];
  const edits = entries.filter(({ of }) => of === "edit" || of === "dropped");
  const newest = entries.at(-1)?.number;
  useLayoutEffect(() => list.current?.scrollTo(0, list.current.scrollHeight), [newest]);
  const standing = edits.filter(({ stands }) => stands).length;
  return (
    <section class="journal card" aria-label="Journal" ref={pane}>
      <header class="card-head">
        <h3>
          Journal <span class="muted">{summary(edits.length, standing, !!journal?.first)}</span>
        </h3>
        <CloseButton
          label="Close the journal"
          close={() => {
            view.journalOpen.value = false;
            view.goTo("tree");
          }}
        />
      </header>
      {entries.length === 0 ? (
        <p class="empty">Every edit is recorded here, with the code that repeats it.</p>
      ) : (
        <div class="journal-body">
          <ol class="entries" ref={list}>
            {entries.map((entry) => (
              <EntryLine
                key={entry.number}
                entry={entry}
                bringBack={
                  entry.can_be_brought_back && store.editable.value
                    ? () => view.ask({ kind: "bring_back", entry: entry.number })
                    : null
                }
              />
            ))}
          </ol>
          {journal && <Code journal={journal} net={store.tree.value?.called ?? "net"} />}
        </div>
      )}
    </section>
  );
}

/** `newest`: there are older lines, which are not shown. */
function summary(edits: number, standing: number, newest: boolean): string {
  if (!edits) return "";
  const shown = newest ? `the newest ${edits}` : `${edits}`;
  return standing === edits ? shown : `${standing} of ${shown} in effect`;
}

/** How many names a line shows before it is opened. */
const NAMES = 4;

interface EntryLineProps {
  entry: Entry;
  bringBack: (() => void) | null;
}

/** What a line is called whose values are in their slots. */
const IN_EFFECT: Partial<Record<Entry["of"], string>> = { replaced: "restored" };

/** What a line that is not in effect is called. */
const MARKS: Readonly<Record<Entry["of"], string>> = {
  edit: "undone",
  dropped: "undone",
  replaced: "put away",
  outside: "",
  failed: "failed",
};

function EntryLine({ entry, bringBack }: EntryLineProps) {
  const { names, changed, skipped, left_out, seed, warnings, error } = entry;
  const { stands, title, of, number } = entry;
  const mark = stands ? IN_EFFECT[of] : MARKS[of];
  const more = changed - NAMES;
  const shown = names.slice(0, NAMES).map((name) => readable(name, 60));
  const quiet = of === "outside" || of === "replaced";
  const undone = !stands && (of === "edit" || of === "dropped");
  return (
    <li class={`entry ${of}${undone ? " undone" : ""}`}>
      <span class="number">{quiet ? "" : number + 1}</span>
      <div class="what">
        <div class="line">
          <span class="entry-title">
            {readable(error ? title.replace(/^failed: /, "") : title)}
          </span>
          {seed && <span class="badge">seed {seed}</span>}
          {mark && <span class={error ? "badge danger" : "badge"}>{mark}</span>}
          {bringBack && (
            <button
              class="link"
              type="button"
              title="Restore these values, as a new edit"
              onClick={bringBack}
            >
              Bring back
            </button>
          )}
        </div>
        {!error && shown.length > 0 && (
          <div class="muted" title={listed(entry)}>
            <bdi>{shown.join(", ")}</bdi>
            {more > 0 && ` and ${more} more`}
          </div>
        )}
        {warnings.map((warning) => (
          <p class="entry-warning" key={warning}>
            {warning}
          </p>
        ))}
        {skipped.length > 0 && (
          <details>
            <summary>{left_out ?? skipped.length} left out</summary>
            <ul>
              {skipped.map((reason) => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          </details>
        )}
        {error && (
          <details class="traceback">
            <summary>Traceback</summary>
            <pre>{error}</pre>
          </details>
        )}
      </div>
    </li>
  );
}

/** The names that were sent, a line each, and how many there are besides. */
function listed({ names, changed }: Entry): string {
  const lines = names.map((name) => readable(name, 200));
  const more = changed - names.length;
  return (more > 0 ? [...lines, `and ${more} more`] : lines).join("\n");
}

function Code({ journal, net }: { journal: Journal; net: string }) {
  if (!journal.code.trim())
    return <p class="empty">No edit is in effect: there is nothing to repeat.</p>;
  return (
    <div class="journal-code">
      <header>
        <span class="muted">The same as code, for {net}</span>
        <CopyButton text={journal.code} label="Copy the code" />
      </header>
      <textarea readOnly spellcheck={false} aria-label="The journal as code" value={journal.code} />
    </div>
  );
}
