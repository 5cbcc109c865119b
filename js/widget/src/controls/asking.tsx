/** One control's request to Python: at most one at a time, its answer shown at the control. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Reply } from "../../../shared/protocol";
import type { Asked } from "../store/intents";
import type { Store } from "../store/store";

export interface Answer {
  pending: boolean;
  reply: Reply | null;
}

export interface Asking {
  readonly answer: ReadonlySignal<Answer>;
  /** The reply; null if the last request is still unanswered, or this one was cancelled. */
  ask(asked: Asked): Promise<Reply | null>;
  /** Cancels the request that is not answered yet. */
  withdraw(): void;
  /** Forgets the last answer, which no longer matches the content of the control. */
  forget(): void;
}

export function useAsking(store: Store): Asking {
  return useMemo(() => asking(store, signal<Answer>({ pending: false, reply: null })), [store]);
}

function asking(store: Store, answer: Signal<Answer>): Asking {
  let withdrawn = new AbortController();
  return {
    answer,
    async ask(asked) {
      if (answer.peek().pending) return null;
      answer.value = { pending: true, reply: null };
      withdrawn = new AbortController();
      const { signal } = withdrawn;
      const reply = await store.ask(asked, signal);
      if (signal.aborted) return null;
      answer.value = { pending: false, reply };
      return reply;
    },
    withdraw() {
      withdrawn.abort();
      answer.value = { pending: false, reply: null };
    },
    forget() {
      if (answer.peek().reply) answer.value = { pending: answer.peek().pending, reply: null };
    },
  };
}

/** What to show while an answer is pending; "" for nothing. */
export function waitingText(store: Store): string {
  return store.status.value.busy ? "waiting for the running cell" : "";
}

interface OutcomeProps {
  store: Store;
  of: Asking;
  /** Errors that belong to these fields are shown there. */
  except?: readonly string[];
}

/** One line under a control: waiting, refused and why, or done. */
export function Outcome({ store, of, except = [] }: OutcomeProps) {
  const { pending, reply } = of.answer.value;
  const waiting = pending && waitingText(store);
  const refused = reply && !reply.ok && !except.includes(reply.where);
  return (
    <div class="outcome" role="status">
      {waiting && (
        <span class="waits">
          {waiting}{" "}
          <button class="link" type="button" onClick={() => of.withdraw()}>
            Cancel
          </button>
        </span>
      )}
      {refused && (
        <span class="error" ref={intoSight}>
          {reply.error}
        </span>
      )}
      {reply?.ok && (
        <span class="done" ref={intoSight}>
          {doneText(reply)}
        </span>
      )}
      {reply?.ok && reply.warnings.map((warning) => <Warning key={warning} text={warning} />)}
    </div>
  );
}

/** Scrolls to a message below the edge of the screen, if the focus is still in the form. */
function intoSight(line: HTMLElement | null): void {
  if (line?.closest("form")?.matches(":focus-within")) line.scrollIntoView({ block: "nearest" });
}

function Warning({ text }: { text: string }) {
  return <span class="warning">{text}</span>;
}

function doneText({ title, changed, seed }: Reply): string {
  if (!title) return "";
  const slots = changed === 1 ? "1 slot changed" : `${changed} slots changed`;
  return seed ? `Done: ${slots}, seed ${seed}` : `Done: ${slots}`;
}
