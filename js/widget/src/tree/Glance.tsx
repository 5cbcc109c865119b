/** The values of a slot at a glance: a tiny histogram, and mean ± deviation. */

import type { Brief } from "../../../shared/protocol";
import { minus } from "../heatmap/numbers";
import { barsPath } from "../style/bars";

const ROOM = { width: 64, height: 18, hairline: 1 };

export function Glance({ brief }: { brief: Brief | null }) {
  if (!brief) return <span class="glance" />;
  const { mean, std, sampled } = brief;
  const sign = sampled ? "≈ " : "";
  const known = std && std !== "–"; // of a single element there is none
  const text = known ? `${sign}${mean} ± ${std}` : `${sign}${mean}`;
  return (
    <span
      class="glance"
      title={`Mean${known ? " ± standard deviation" : ""}${sampled ? ", of a sample" : ""}`}
    >
      <svg class="bars" viewBox={`0 0 ${ROOM.width} ${ROOM.height}`} aria-hidden="true">
        <path
          d={barsPath(
            brief.bars.map((bar) => bar / 255),
            ROOM,
          )}
        />
      </svg>
      <span class="stat">{mean && minus(text)}</span>
    </span>
  );
}
