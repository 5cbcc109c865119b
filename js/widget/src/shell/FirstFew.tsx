/** The first few of many lines, and a button for the rest, which scroll in a box. */

import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

const FEW = 3;

export function FirstFew({ lines }: { lines: readonly VNode[] }) {
  const open = useSignal(false);
  const more = lines.length - FEW;
  const all = more <= 0 || open.value;
  return (
    <>
      <ul
        class={more > 0 && all ? "lines all" : "lines"}
        tabIndex={more > 0 && all ? 0 : undefined}
      >
        {all ? lines : lines.slice(0, FEW)}
      </ul>
      {more > 0 && (
        <button
          class="link"
          type="button"
          aria-expanded={all}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {all ? "Show fewer" : `and ${more} more`}
        </button>
      )}
    </>
  );
}
