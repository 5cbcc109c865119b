/** Effects of signals in components. */

import { effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * Runs at once when a signal changes, where useSignalEffect waits for the next frame: a focus that
 * moves a frame late loses the keys that are typed in between.
 */
export function useEffectAtOnce(run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  useLayoutEffect(() => effect(() => latest.current()), []);
}
