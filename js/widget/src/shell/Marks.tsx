/** Marks that say how far the picture can be trusted: busy, saved, lost, of another version. */

import type { Store } from "../store/store";

export function Marks({ store }: { store: Store }) {
  return (
    <span class="marks" role="status">
      {markOf(store)}
    </span>
  );
}

function markOf(store: Store) {
  const connection = store.connection.value;
  const something = !!store.tree.value;
  if (connection === "saved") {
    return (
      <span
        class="badge warn"
        title="No kernel is connected: this picture was saved with the notebook"
      >
        saved picture
      </span>
    );
  }
  if (connection === "lost") {
    return (
      <span class="badge warn" title="Run the cell again to see the model of the new kernel">
        {something ? "kernel restarted: this is the last picture" : "no kernel"}
      </span>
    );
  }
  if (connection === "connecting") {
    return <span class="badge">{something ? "connecting…" : "waiting for the kernel…"}</span>;
  }
  const { busy, notice } = store.status.value;
  if (notice) return <span class="badge warn">another version</span>;
  if (!busy) return null;
  const waiting = store.waiting.value;
  const edits = waiting === 1 ? "1 edit waiting" : `${waiting} edits waiting`;
  return (
    <span class="badge busy" title="A cell is running; edits are applied at the next safe moment">
      <span class="pulse" />
      {waiting ? `cell running, ${edits}` : "cell running"}
    </span>
  );
}
