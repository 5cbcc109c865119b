/** Slots in memory of their own that hold the same values, or that the model declares to be tied. */

import type { Facts, Twin } from "../../../shared/protocol";
import { TieButton } from "../controls/TieButton";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";
import { readable } from "../tree/names";

interface TwinsProps {
  store: Store;
  view: ViewState;
  facts: Facts;
}

export function Twins({ store, view, facts }: TwinsProps) {
  return (facts.twins ?? []).map((twin) => (
    <TwinLine key={JSON.stringify(otherOf(twin, facts).path)} {...{ store, view, facts, twin }} />
  ));
}

function TwinLine({ store, view, facts, twin }: TwinsProps & { twin: Twin }) {
  const { path, name } = otherOf(twin, facts);
  const own = "in memory of its own";
  const declared = `${readable(twin.declared, 40)} declares a tie`;
  return (
    <div class="tie-line twin">
      <span class="tie-words">
        {twin.same_values ? "same values as " : "not tied with "}
        <button
          class="link code"
          type="button"
          title="Open its panel beside this one"
          onClick={() => view.show(path)}
        >
          {readable(name, 80)}
        </button>
        {twin.same_values ? `, ${own}` : ""}
        {twin.declared ? `, though ${declared}` : ""}
      </span>
      <TieButton
        store={store}
        offer={twin.offer}
        label="Tie"
        leave={() => {
          view.wanted.value = { panel: facts.panel, focus: true };
        }}
      />
    </div>
  );
}

function otherOf({ offer }: Twin, facts: Facts) {
  const isFirst = JSON.stringify(offer.first) === JSON.stringify(facts.path);
  return isFirst
    ? { path: offer.second, name: offer.second_name }
    : { path: offer.first, name: offer.first_name };
}
