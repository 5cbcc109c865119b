/** `w[slice] = expression`: computes a tensor, or a part of it, from itself. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Store } from "../store/store";
import { type Asking, Outcome, useAsking } from "./asking";

interface BarProps {
  store: Store;
  path: readonly string[];
}

export function ExpressionBar({ store, path }: BarProps) {
  const index = useSignal("");
  const expression = useSignal("");
  const asking = useAsking(store);
  const { pending, reply } = asking.answer.value;
  const wrong = (where: string) => (reply && !reply.ok && reply.where === where ? reply.error : "");
  const write = (field: typeof index) => (text: string) => {
    field.value = text;
    asking.forget();
  };
  const apply = (event: Event) => {
    event.preventDefault();
    if (!expression.value.trim()) return;
    const asked = { index: index.value, expression: expression.value };
    void asking.ask({ kind: "compute", path: [...path], ...asked });
  };
  return (
    <form class="expression" onSubmit={apply}>
      <div class="assignment">
        <span class="code" aria-hidden="true">
          w[
        </span>
        <Entry
          label="Part of w, as a slice"
          class="slice"
          placeholder=":"
          title="A slice in Python syntax, such as :, 0; leave empty for all of w"
          text={index.value}
          error={wrong("index")}
          write={write(index)}
        />
        <span class="code" aria-hidden="true">
          ] =
        </span>
        <Entry
          label="New value of w"
          class="formula"
          placeholder="w + 1"
          title="An expression of w, such as w * 0.5"
          text={expression.value}
          error={wrong("expression")}
          write={write(expression)}
        />
        <button class="button" type="submit" aria-disabled={pending || !expression.value.trim()}>
          Apply
        </button>
      </div>
      <Position text={expression.value} error={wrong("expression")} />
      <Outcome store={store} of={asking} />
      <Chips store={store} asking={asking} write={write(expression)} />
    </form>
  );
}

interface EntryProps {
  label: string;
  class: string;
  placeholder: string;
  title: string;
  text: string;
  error: string;
  write: (text: string) => void;
}

function Entry({ label, text, error, write, ...rest }: EntryProps) {
  return (
    <input
      {...rest}
      class={`field code ${rest.class}`}
      aria-label={label}
      aria-invalid={!!error}
      value={text}
      spellcheck={false}
      autocomplete="off"
      autocapitalize="off"
      onInput={(event) => write(event.currentTarget.value)}
    />
  );
}

/** The expression again, with a mark under the place of the error. */
function Position({ text, error }: { text: string; error: string }) {
  const position = Number(/^at character (\d+)/.exec(error)?.[1] ?? 0);
  if (!position) return null;
  return (
    <pre class="position" aria-hidden="true">
      {text}
      {"\n"}
      {" ".repeat(position - 1)}^
    </pre>
  );
}

interface ChipsProps {
  store: Store;
  asking: Asking;
  write: (text: string) => void;
}

/** A few expressions to begin with, and the list of what an expression may hold. */
function Chips({ store, asking, write }: ChipsProps) {
  const id = useId();
  const { examples, functions } = store.catalog.value;
  const fill = (event: MouseEvent & { currentTarget: HTMLElement }, text: string) => {
    write(text);
    asking.forget();
    event.currentTarget.closest("form")?.querySelector<HTMLElement>(".formula")?.focus();
  };
  return (
    <div class="chips">
      {examples.map((text) => (
        <button
          key={text}
          class="chip code"
          type="button"
          title={`Insert ${text} into the field`}
          onClick={(event) => fill(event, text)}
        >
          {text}
        </button>
      ))}
      <span class="hovering">
        <button class="chip" type="button" aria-label="Functions" aria-describedby={id}>
          <i>f</i> (w)…
        </button>
        <div class="card popover start" role="tooltip" id={id}>
          <dl class="functions">
            {functions.map(({ call, means }) => (
              <div key={call}>
                <dt class="code">{call}</dt>
                <dd>{means}</dd>
              </div>
            ))}
          </dl>
        </div>
      </span>
    </div>
  );
}
