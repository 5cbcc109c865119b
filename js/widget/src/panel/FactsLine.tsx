/** The facts of a slot: kind, shape, dtype, device, and whether it is trainable. */

import type { Facts } from "../../../shared/protocol";
import { Outcome, useAsking } from "../controls/asking";
import type { Store } from "../store/store";
import { readable, shapeText } from "../tree/names";

interface FactsLineProps {
  store: Store;
  facts: Facts;
}

const KINDS: Partial<Record<Facts["slot_kind"], string>> = {
  buffer: "buffer",
  constant: "constant",
  computed: "computed",
};

export function FactsLine({ store, facts }: FactsLineProps) {
  const { shape, dtype, device, slot_kind, note, locked } = facts;
  const kind = KINDS[slot_kind];
  const special = facts.type_name && !["Parameter", "Tensor"].includes(facts.type_name);
  return (
    <>
      <div class="facts">
        {shape && <b class="shape">{shapeText(shape)}</b>}
        {dtype && <span>{dtype}</span>}
        {device && <span>{device}</span>}
        {kind && <span class="badge">{kind}</span>}
        {special && <span class="badge">{readable(facts.type_name, 40)}</span>}
        {facts.requires_grad !== null && (
          <Requires store={store} facts={facts} on={facts.requires_grad} />
        )}
      </div>
      {note && <p class={locked ? "note" : "note warn"}>{note}</p>}
    </>
  );
}

/**
 * A switch that shows the tensor's state, not the click, until Python has applied it. Where the
 * tensor must stay frozen, a click says why.
 */
function Requires({ store, facts, on }: FactsLineProps & { on: boolean }) {
  const { path, untrainable } = facts;
  const asking = useAsking(store);
  const { pending } = asking.answer.value;
  const able = store.editable.value && !pending;
  const flip = () => {
    if (able) void asking.ask({ kind: "set_requires_grad", path: [...path], value: !on });
  };
  const { reply } = asking.answer.value;
  return (
    <>
      <button
        class="switch"
        type="button"
        role="switch"
        aria-checked={on}
        aria-disabled={!able || !!untrainable}
        title={
          on
            ? "Trainable: backward() computes its gradient, and an optimizer may update it"
            : untrainable || "Frozen: no gradient is computed for it"
        }
        onClick={flip}
      >
        <span class="switch-track" aria-hidden="true">
          <span class="switch-knob" />
        </span>
        <code>requires_grad</code>
      </button>
      {(pending || (reply && !reply.ok)) && <Outcome store={store} of={asking} />}
    </>
  );
}
