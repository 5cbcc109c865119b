/** What a load, a cast or a cell did to ties: lost ones with the click that ties again. */

import type { TieOffer } from "../../../shared/protocol";
import { Outcome, useAsking } from "../controls/asking";
import { TieButton } from "../controls/TieButton";
import type { Store } from "../store/store";
import { readable } from "../tree/names";
import { FirstFew } from "./FirstFew";
import { Notice } from "./Notice";

interface TieNoticesProps {
  store: Store;
  leave: () => void;
}

export function TieNotices({ store, leave }: TieNoticesProps) {
  const { lost = [], gained = [] } = store.ties.news.value ?? {};
  if (lost.length + gained.length === 0) return null;
  const name = ({ second_name }: TieOffer) => <code>{readable(second_name, 80)}</code>;
  const partner = ({ first_name }: TieOffer) => <code>{readable(first_name, 80)}</code>;
  const dismiss = () => {
    store.ties.dismiss();
    leave();
  };
  const lines = [
    ...lost.map((offer) => (
      <li key={`lost ${JSON.stringify(offer.second)}`}>
        <span>
          no longer tied: {name(offer)} (it was tied with {partner(offer)})
        </span>
        <TieButton store={store} offer={offer} label="Tie again" leave={leave} />
      </li>
    )),
    ...gained.map((offer) => (
      <li key={`gained ${JSON.stringify(offer.second)}`}>
        <span>
          now tied: {name(offer)} (with {partner(offer)})
        </span>
      </li>
    )),
  ];
  return (
    <Notice class="warn tie-news" role="status" dismiss={dismiss}>
      <div class="told">
        <FirstFew lines={lines} />
        <TieAll store={store} offers={lost.filter(({ locked }) => !locked)} leave={leave} />
      </div>
    </Notice>
  );
}

/** Ties one after the other, each an edit of its own; the first that is refused ends it. */
function TieAll({ store, offers, leave }: TieNoticesProps & { offers: readonly TieOffer[] }) {
  const asking = useAsking(store);
  const { pending } = asking.answer.value;
  if (offers.length < 2 && !pending) return null;
  const able = store.editable.value && !pending;
  const tieAll = async () => {
    for (const { first, second } of offers) {
      if (!(await asking.ask({ kind: "tie", first, second }))?.ok) return;
    }
    asking.forget();
    leave();
  };
  return (
    <div class="tie-all">
      <button
        class="button"
        type="button"
        aria-disabled={!able}
        title="Each is an edit of its own, which undo parts again"
        onClick={() => able && void tieAll()}
      >
        Tie all again
      </button>
      <Outcome store={store} of={asking} />
    </div>
  );
}
