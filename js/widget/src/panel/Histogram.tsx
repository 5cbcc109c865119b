/** How the values are spread, with a mark at zero. */

import { useSignal } from "@preact/signals";
import type { Bars } from "../../../shared/protocol";
import { grouped, minus } from "../heatmap/numbers";
import { barsPath } from "../style/bars";

const HEIGHT = 40;
const HAIRLINE = 1.2;

interface HistogramProps {
  bars: Bars | null;
  /** The one value that all elements have; "" if they differ. */
  constant: string;
}

export function Histogram({ bars, constant }: HistogramProps) {
  const pointed = useSignal(-1);
  if (!bars) return <div class="histogram none" />;
  const { heights, counts, low, high, zero, sampled } = bars;
  const point = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    pointed.value = Math.floor(((event.clientX - left) / width) * heights.length);
  };
  const count = counts[pointed.value];
  return (
    <figure
      class="histogram"
      aria-label={
        constant
          ? `Histogram: all are ${constant}`
          : `Histogram from ${low} to ${high}${sampled ? ", of a sample" : ""}`
      }
    >
      <div
        class="histogram-bars"
        onPointerMove={point}
        onPointerLeave={() => {
          pointed.value = -1;
        }}
      >
        <svg
          viewBox={`0 0 ${heights.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {count !== undefined && (
            <rect class="pointed" x={pointed.value} y={0} width={1} height={HEIGHT} />
          )}
          <path
            class="bars"
            d={barsPath(heights, { width: heights.length, height: HEIGHT, hairline: HAIRLINE })}
          />
        </svg>
        {zero !== null && <span class="zero" style={{ left: `${zero * 100}%` }} title="zero" />}
      </div>
      <figcaption>
        <span>{constant ? `all are ${minus(constant)}` : minus(low)}</span>
        <span class="histogram-word">{wordOf(count, sampled)}</span>
        <span>{constant ? "" : minus(high)}</span>
      </figcaption>
    </figure>
  );
}

function wordOf(count: number | undefined, sampled: boolean): string {
  if (count === undefined) return sampled ? "of a sample" : "";
  return `${grouped(count)}${sampled ? " of a sample" : ""}`;
}
