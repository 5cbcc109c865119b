/** Copying a text by a click, and saying for a moment that it was copied. */

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const MOMENT_MS = 1500;

type Click = MouseEvent & { currentTarget: HTMLElement };

/** Whether the text was copied just now, and what copies it on a click. */
export function useCopy(text: string): [ReadonlySignal<boolean>, (event: Click) => void] {
  const copied = useSignal(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = (event: Click) => {
    void copyText(text, event.currentTarget).then((done) => {
      copied.value = done;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        copied.value = false;
      }, MOMENT_MS);
    });
  };
  return [copied, copy];
}

/** Plain http pages and some frames have no clipboard; there a selection is copied. */
async function copyText(text: string, near: HTMLElement): Promise<boolean> {
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
