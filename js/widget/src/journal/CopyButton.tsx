/** A button that copies a text, and briefly says so. */

import { useCopy } from "../style/copying";
import { Icon } from "../style/Icon";

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy(text);
  return (
    <button class="button" type="button" onClick={copy} aria-label={label} title={label}>
      <Icon name={copied.value ? "done" : "copy"} />
      <span aria-live="polite">{copied.value ? "Copied" : "Copy"}</span>
    </button>
  );
}
