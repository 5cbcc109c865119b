/** One slider for each axis that the plane leaves out. */

import { useId } from "preact/hooks";
import type { Layout } from "../../../shared/protocol";

interface SlidersProps {
  layout: Layout;
  at: readonly number[];
  move: (sliders: number[]) => void;
}

export function Sliders({ layout, at, move }: SlidersProps) {
  if (!layout.sliders.length) return null;
  const positions = layout.sliders.map((_, n) => at[n] ?? 0);
  return (
    <div class="sliders">
      {layout.sliders.map((size, n) => (
        <Slider
          key={`axis ${n + 2}`}
          axis={n + 2}
          size={size}
          at={positions[n] ?? 0}
          move={(to) => move(positions.map((old, m) => (m === n ? to : old)))}
        />
      ))}
    </div>
  );
}

interface SliderProps {
  axis: number;
  size: number;
  at: number;
  move: (to: number) => void;
}

function Slider({ axis, size, at, move }: SliderProps) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{`axis ${axis}`}</label>
      <input
        id={id}
        type="range"
        min={0}
        max={Math.max(0, size - 1)}
        value={at}
        aria-valuetext={`${at} of ${size}`}
        onInput={(event) => move(event.currentTarget.valueAsNumber)}
      />
      <output for={id}>{`${at} of 0–${size - 1}`}</output>
    </div>
  );
}
