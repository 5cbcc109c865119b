/** The panels that Python closed, and why. */

import type { Store } from "../store/store";
import { FirstFew } from "./FirstFew";
import { Notice } from "./Notice";

export function ClosedNotice({ store, leave }: { store: Store; leave: () => void }) {
  const closed = store.closed.value;
  const [only] = closed;
  if (!only) return null;
  const dismiss = () => {
    store.closed.value = [];
    leave();
  };
  return (
    <Notice class="danger" role="alert" dismiss={dismiss}>
      {closed.length === 1 ? (
        <span>A panel was closed: {only.reason}.</span>
      ) : (
        <div class="told">
          <span>{closed.length} panels were closed:</span>
          <FirstFew lines={closed.map(({ panel, reason }) => <li key={panel}>{reason}</li>)} />
        </div>
      )}
    </Notice>
  );
}
