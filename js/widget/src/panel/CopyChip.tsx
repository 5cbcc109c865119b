/** A piece of code that is copied by a click, and briefly says so. */

import { useCopy } from "../style/copying";
import { Icon } from "../style/Icon";

export function CopyChip({ text }: { text: string }) {
  const [copied, copy] = useCopy(text);
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
