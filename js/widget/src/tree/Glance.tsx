/** The values of a slot at a glance: a tiny histogram, and mean ± deviation. */

import type { Brief } from "../../../shared/protocol";

const WIDTH = 64;
const HEIGHT = 18;

export function Glance({ brief }: { brief: Brief | null }) {
  if (!brief) return <span class="glance" />;
  const { mean, std, sampled } = brief;
  const sign = sampled ? "≈ " : "";
  const known = std && std !== "–"; // of a single element there is none
  const text = known ? `${sign}${mean} ± ${std}` : `${sign}${mean}`;
  return (
    <span
      class="glance"
      title={`Mean${std && " ± standard deviation"}${sampled ? ", of a sample" : ""}`}
    >
      <svg class="bars" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <path d={barsPath(brief.bars)} />
      </svg>
      <span class="stat">{mean && text.replaceAll("-", "−")}</span>
    </span>
  );
}

/** All bars as one silhouette; a bar that holds anything is at least a hairline high. */
export function barsPath(bars: readonly number[]): string {
  const width = WIDTH / bars.length;
  return bars
    .map((bar, i) => {
      if (bar <= 0) return "";
      const height = Math.max(1, (bar / 255) * HEIGHT);
      return `M${round(i * width)} ${HEIGHT}v${-round(height)}h${round(width)}v${round(height)}z`;
    })
    .join("");
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
