/** What has to be answered before an undo goes on. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { isText } from "../keys";
import type { Question, ViewState } from "../store/view";

interface QuestionProps {
  question: Question;
  view: ViewState;
}

export function QuestionBar({ question, view }: QuestionProps) {
  const bar = useRef<HTMLDivElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => borrowedFocus(bar.current, cancel.current, () => view.goTo("tree")), []);
  return (
    <div
      class="notice warn question"
      role="alertdialog"
      aria-label={question.title}
      aria-describedby="question"
      ref={bar}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        view.cancel();
      }}
    >
      <span id="question">{question.text}</span>
      <span class="answers">
        {question.answers.map(({ label, title, asks }) => (
          <button
            class={"confirmed" in asks ? "button loses" : "button"}
            type="button"
            key={label}
            title={title}
            onClick={() => view.ask(asks)}
          >
            {label}
          </button>
        ))}
        <button class="button" type="button" ref={cancel} onClick={() => view.cancel()}>
          Cancel
        </button>
      </span>
    </div>
  );
}

/**
 * The focus goes to the answer that changes nothing, and back when the bar goes. It is not taken
 * from a field, nor from outside of the widget: a question may come late, when a cell has ended.
 */
function borrowedFocus(bar: HTMLElement | null, to: HTMLElement | null, otherwise: () => void) {
  const root = bar?.getRootNode();
  if (!bar || !(root instanceof ShadowRoot)) return;
  const from = root.activeElement;
  if (from && !isText(from)) to?.focus();
  return () => {
    if (!bar.contains(root.activeElement)) return;
    if (from instanceof HTMLElement && from.isConnected) from.focus();
    else otherwise();
  };
}
