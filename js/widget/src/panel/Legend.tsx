/** The legend: the scale with its ends, and the marks that occur. */

import { css, gradient, inkOn, type Mark, markColour, type Theme } from "../heatmap/colours";
import { GLYPHS } from "../heatmap/ink";
import { shortText } from "../heatmap/numbers";
import type { FrameModel } from "../store/cells";
import { marksAmong, type Scale } from "./scale";

const WORDS: Record<Exclude<Mark, "" | "gap">, string> = {
  below: "below",
  above: "above",
  "-inf": "−∞",
  "+inf": "+∞",
  nan: "NaN",
};

export function Legend({ shown, scale }: { shown: FrameModel; scale: Scale }) {
  const { limits, wheel, text } = scale;
  const [low, high] = limits;
  const marks = marksAmong(shown, limits);
  return (
    <div class="legend">
      <span class="legend-end">{shortText(low, 3)}</span>
      <span
        class="legend-bar themed"
        style={{ "--light": gradient("light", wheel), "--dark": gradient("dark", wheel) }}
      />
      <span class="legend-end">{shortText(high, 3)}</span>
      <span class="legend-text">{text}</span>
      {marks.length > 0 && (
        <span class="legend-marks">
          {marks.map((mark) => (
            <Swatch key={mark} mark={mark} />
          ))}
        </span>
      )}
    </div>
  );
}

function Swatch({ mark }: { mark: Mark }) {
  const name = mark as keyof typeof WORDS;
  return (
    <span class="legend-mark">
      <span class="swatch themed" style={{ ...colours(name, "light"), ...colours(name, "dark") }}>
        {GLYPHS[name].replace("−", "")}
      </span>
      {WORDS[name]}
    </span>
  );
}

/** Both themes at once: the stylesheet selects the active one. */
function colours(mark: Mark, theme: Theme): Record<string, string> {
  const colour = markColour(mark, theme);
  return colour ? { [`--${theme}`]: css(colour), [`--${theme}-ink`]: css(inkOn(colour)) } : {};
}
