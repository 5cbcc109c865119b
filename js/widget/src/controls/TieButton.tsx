/** One click that ties two slots: the second holds the first one's tensor from then on. */

import type { TieOffer } from "../../../shared/protocol";
import type { Store } from "../store/store";
import { readable } from "../tree/names";
import { Outcome, useAsking } from "./asking";

interface TieButtonProps {
  store: Store;
  offer: TieOffer;
  /** "Tie again" where they were tied before. */
  label: string;
  /** Takes the focus from the button, which goes once the slots are tied. */
  leave: () => void;
}

export function TieButton({ store, offer, label, leave }: TieButtonProps) {
  const asking = useAsking(store);
  if (offer.locked) return <span>{offer.locked}</span>;
  const able = store.editable.value && !asking.answer.value.pending;
  const { first, second } = offer;
  const tie = async () => {
    if ((await asking.ask({ kind: "tie", first, second }))?.ok) leave();
  };
  const [kept, given] = [readable(offer.first_name, 60), readable(offer.second_name, 60)];
  return (
    <>
      <button
        class="button"
        type="button"
        aria-disabled={!able}
        title={`${given} holds the tensor of ${kept} from then on; undo parts them again`}
        onClick={() => able && void tie()}
      >
        {label}
      </button>
      <Outcome store={store} of={asking} />
    </>
  );
}
