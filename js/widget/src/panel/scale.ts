/** The colour scale of a panel: Python's limits, or one for all panels to be compared. */

import type { Colours, Limits, Mark, Wheel } from "../heatmap/colours";
import { markOf } from "../heatmap/colours";
import type { FrameModel } from "../store/cells";

export interface Scale {
  limits: Limits;
  wheel: Wheel;
  /** What the limits are, in words. */
  text: string;
}

/**
 * `all` are the frames of the panels that share one scale, null where each has its own. Only what
 * the same lens shows is compared: values and gradients differ by orders of magnitude.
 */
export function scaleOf(
  shown: FrameModel,
  all: readonly (FrameModel | null)[] | null,
  colours: Colours = "blue-orange",
): Scale {
  const { lens, picture } = shown.frame;
  const limits = limitsOf(shown) ?? [-1, 1];
  const text = picture?.limits_text ?? "";
  if (picture?.scale === "cyclic") return { limits, wheel: "cyclic", text };
  const own: Scale = { limits, wheel: colours, text };
  if (picture?.scale !== "shared" || !all || all.length < 2) return own;
  const alike = all.filter((other) => other?.frame.lens === lens && !isEmpty(other));
  const ends = alike.map(limitsOf).filter((limits) => limits !== null);
  if (!ends.length) return own;
  return {
    limits: [Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high))],
    wheel: colours,
    text: picture.shared_scale,
  };
}

/** All zero, or nothing finite: these limits are not meaningful for other panels. */
function isEmpty({ frame: { picture } }: FrameModel): boolean {
  return picture?.limits_text === "±1";
}

function limitsOf(shown: FrameModel | null): Limits | null {
  const [low, high] = shown?.frame.picture?.limits ?? [];
  return low === undefined || high === undefined ? null : [low, high];
}

/** The marks that occur among the cells, to be explained below them; gaps are none. */
export function marksAmong(shown: FrameModel, limits: Limits): Mark[] {
  const found = new Set<Mark>();
  const gaps = (shown.frame.picture?.layout.gap ?? []).some((gap) => gap > 0);
  for (const value of shown.value ?? []) {
    if (value >= limits[0] && value <= limits[1]) continue;
    if (!gaps || !Number.isNaN(value)) found.add(markOf(value, limits));
  }
  if (gaps && Number(shown.frame.statistics?.nan || 0) > 0) found.add("nan");
  return ORDER.filter((mark) => found.has(mark));
}

const ORDER: readonly Mark[] = ["below", "above", "-inf", "+inf", "nan"];
