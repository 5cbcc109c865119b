/** Copies a text, and says for a moment that it did. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../style/Icon";

const MOMENT_MS = 1500;

export function CopyButton({ text, label }: { text: string; label: string }) {
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
    <button class="button" type="button" onClick={copy} aria-label={label} title={label}>
      <Icon name={copied.value ? "done" : "copy"} />
      <span aria-live="polite">{copied.value ? "Copied" : "Copy"}</span>
    </button>
  );
}

/** Plain http pages and some frames have no clipboard; there a selection is copied as of old. */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    near.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    near.focus();
    return done;
  }
}
