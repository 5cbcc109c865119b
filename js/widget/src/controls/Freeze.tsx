/** Freezes what the form has selected below a module, or unfreezes it. */

import { useEffect, useId } from "preact/hooks";
import type { Store } from "../store/store";
import { Outcome, useAsking } from "./asking";

interface FreezeProps {
  store: Store;
  path: readonly string[];
  types: readonly string[];
  parameters: readonly string[];
}

export function Freeze({ store, path, types, parameters }: FreezeProps) {
  const id = useId();
  const asking = useAsking(store);
  useEffect(() => asking.forget(), [asking, types, parameters]); // it was about another choice
  const able = store.editable.value && !asking.answer.value.pending;
  const set = (value: boolean) => {
    if (!able) return;
    void asking.ask({
      kind: "set_requires_grad",
      path: [...path],
      value,
      types: [...types],
      parameters: [...parameters],
    });
  };
  return (
    <fieldset class="freeze" aria-labelledby={id}>
      <code class="narrow-label" id={id}>
        requires_grad
      </code>
      <button
        class="button"
        type="button"
        aria-disabled={!able}
        title="requires_grad = False: no gradient is computed for these parameters"
        onClick={() => set(false)}
      >
        Freeze
      </button>
      <button
        class="button"
        type="button"
        aria-disabled={!able}
        title="requires_grad = True: backward() computes their gradients, an optimizer may move them"
        onClick={() => set(true)}
      >
        Unfreeze
      </button>
      <Outcome store={store} of={asking} />
    </fieldset>
  );
}
