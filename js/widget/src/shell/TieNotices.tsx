/** What a load, a cast or a cell did to ties: lost ones with the click that ties again. */

import { useSignal } from "@preact/signals";
import type { TieOffer } from "../../../shared/protocol";
import { TieButton } from "../controls/TieButton";
import type { Store } from "../store/store";
import { readable } from "../tree/names";
import { Notice } from "./Notice";

export function TieNotices({ store, leave }: { store: Store; leave: () => void }) {
  const news = store.tieNews.value;
  const dismissed = useSignal<unknown>(null);
  if (!news || dismissed.value === news || news.lost.length + news.gained.length === 0) return null;
  const name = ({ second_name }: TieOffer) => <code>{readable(second_name, 80)}</code>;
  const partner = ({ first_name }: TieOffer) => <code>{readable(first_name, 80)}</code>;
  const dismiss = () => {
    dismissed.value = news;
    leave();
  };
  return (
    <Notice class="warn tie-news" role="status" dismiss={dismiss}>
      <ul>
        {news.lost.map((offer) => (
          <li key={`lost ${JSON.stringify(offer.second)}`}>
            <span>
              no longer tied: {name(offer)} (it was tied with {partner(offer)})
            </span>
            <TieButton store={store} offer={offer} label="Tie again" leave={leave} />
          </li>
        ))}
        {news.gained.map((offer) => (
          <li key={`gained ${JSON.stringify(offer.second)}`}>
            <span>
              now tied: {name(offer)} (with {partner(offer)})
            </span>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
