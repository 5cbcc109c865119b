/** One line of fixed height: the cell under the cursor or the selected one, its index and value. */

import type { Picture } from "../../../shared/protocol";
import type { Described } from "../heatmap/describe";

export interface Reading {
  hovered: Described | null;
  selected: Described | null;
  /** Why the selected cell could not be edited. */
  refused: string;
}

export function Readout({ reading, picture }: { reading: Reading; picture: Picture }) {
  const what = reading.hovered ?? reading.selected;
  const live = reading.hovered ? "off" : "polite";
  return (
    <output class={picture.exact ? "readout" : "readout reduced"} aria-live={live}>
      {reading.refused && <span class="warn">{reading.refused}</span>}
      {!reading.refused && what && (
        <>
          <code class="readout-index">{what.index}</code>
          <b class="readout-value">{what.value}</b>
          <span class="readout-note">{what.note}</span>
        </>
      )}
      {!reading.refused && !what && <span class="readout-note">{restingText(picture)}</span>}
    </output>
  );
}

function restingText({ exact, block: [rows = 1, cols = 1] }: Picture): string {
  if (exact) return "each cell is one element";
  return `each cell is the mean of up to ${rows}×${cols} elements; double-click to zoom in`;
}
