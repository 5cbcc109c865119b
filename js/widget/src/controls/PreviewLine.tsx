/** The dry run in one line, and why some tensors would be left as they are. */

import type { Preview } from "../../../shared/protocol";
import type { Tried } from "./dryrun";

interface PreviewLineProps {
  tried: Tried;
  /** Errors in these arguments are shown at their own fields. */
  fields: readonly string[];
  /** What to show while the answer is pending; "" for nothing. */
  waiting: string;
  /** Why the chosen initializer cannot be used here, if that is known beforehand. */
  unfit: string;
}

export function PreviewLine({ tried, fields, waiting, unfit }: PreviewLineProps) {
  const { reply, stale } = tried;
  const error = reply && !reply.ok && !fields.includes(reply.where) ? reply.error : unfit;
  return (
    <div class={stale ? "preview stale" : "preview"} role="status">
      {error && <span class="error">{error}</span>}
      {!error && reply?.preview && <Found preview={reply.preview} />}
      {stale && waiting && <span class="waits">{waiting}</span>}
      {!reply && !error && !waiting && <span class="muted">…</span>}
    </div>
  );
}

function Found({ preview }: { preview: Preview }) {
  const { count, names, skipped, promise, warnings } = preview;
  const left = skipped.reduce((sum, { count }) => sum + count, 0);
  const which = count > names.length ? `${names.join(", ")}, …` : names.join(", ");
  return (
    <>
      <span class="found" title={which}>
        <b>{left ? `${count} of ${count + left}` : count}</b>
        {count + left === 1 ? " slot" : " slots"}
        {left > 0 && `; ${left} skipped`}
      </span>
      {promise && <span class="promise">{promise}</span>}
      {warnings.map((warning) => (
        <span class="warning" key={warning}>
          {warning}
        </span>
      ))}
      {skipped.map(({ reason, count, names }) => (
        <span class="skipped" key={reason}>
          {`${reason} (${names.join(", ")}${count > names.length ? ", …" : ""})`}
        </span>
      ))}
    </>
  );
}
