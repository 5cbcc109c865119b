/** A piece of code that is copied by a click, and says for a moment that it was. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { copyText } from "../journal/CopyButton";
import { Icon } from "../style/Icon";

const MOMENT_MS = 1500;

export function CopyChip({ text }: { text: string }) {
  const copied = useSignal(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = (event: MouseEvent & { currentTarget: HTMLElement }) => {
    void copyText(text, event.currentTarget).then((done) => {
      copied.value = done;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        copied.value = false;
      }, MOMENT_MS);
    });
  };
  return (
    <button
      class={copied.value ? "copy-chip copied" : "copy-chip"}
      type="button"
      title="Copy"
      onClick={copy}
    >
      <code>
        {text.split(/( is | and )/).map((part, n) => (
          <span key={`${n} ${part}`}>{part}</span>
        ))}
      </code>
      <span class="copy-word" aria-live="polite">
        <Icon name={copied.value ? "done" : "copy"} />
        {copied.value && "copied"}
      </span>
    </button>
  );
}
