/** The list of keys: a card below the toolbar, until the focus goes elsewhere. */

import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import type { ViewState } from "../store/view";
import { CloseButton } from "../style/CloseButton";
import { KEY_LIST, type KeyGroup, marksOf } from "./allkeys";

export function KeyList({ view }: { view: ViewState }) {
  const card = useRef<HTMLDivElement>(null);
  const title = useId();
  const close = () => {
    view.keysShown.value = false;
  };
  useBorrowedFocus(card, view);
  useEffect(() => {
    const end = new AbortController();
    const clicked = (event: Event) => {
      if (card.current && !event.composedPath().includes(card.current)) close();
    };
    document.addEventListener("click", clicked, end);
    return () => end.abort();
  }, []);
  return (
    <div
      class="key-list card"
      role="dialog"
      aria-labelledby={title}
      tabIndex={-1}
      ref={card}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        close();
      }}
      onFocusOut={({ relatedTarget, currentTarget }) => {
        if (relatedTarget && !currentTarget.contains(relatedTarget as Node)) close();
      }}
    >
      <div class="card-head">
        <h3 id={title}>Keys</h3>
        <CloseButton label="Close the list of keys" title="Close (Esc)" close={close} />
      </div>
      <div class="key-groups">
        {KEY_LIST.map((group) => (
          <Group key={group.where} of={group} />
        ))}
      </div>
    </div>
  );
}

function Group({ of: { where, lines } }: { of: KeyGroup }) {
  return (
    <section class="key-group">
      <h4>{where}</h4>
      <dl>
        {lines.map(([keys, does]) => (
          <div class="key-line" key={keys}>
            <dt>
              {keys.split(" ").map((chord) => (
                <span class="chord" key={chord}>
                  {marksOf(chord).map((mark) => (
                    <kbd key={mark}>{mark}</kbd>
                  ))}
                </span>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Takes the focus, and returns it at the end, unless it has moved elsewhere. */
function useBorrowedFocus(card: { current: HTMLElement | null }, view: ViewState) {
  useLayoutEffect(() => {
    const root = card.current?.getRootNode() as ShadowRoot;
    const before = root.activeElement as HTMLElement | null;
    card.current?.focus();
    return () => {
      const now = root.activeElement;
      if (now ? !card.current?.contains(now) : document.activeElement !== document.body) return;
      if (before?.isConnected) before.focus();
      else view.goTo("tree");
    };
  }, []);
}
