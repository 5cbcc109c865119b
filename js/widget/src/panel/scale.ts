/** The colour scale of a panel: Python's limits, or one for all panels to be compared. */

import type { Lens } from "../../../shared/protocol";
import type { Colours, Limits, Mark, Wheel } from "../heatmap/colours";
import { markOf } from "../heatmap/colours";
import type { FrameModel } from "../store/cells";

export interface Scale {
  limits: Limits;
  wheel: Wheel;
  /** What the limits are, in words. */
  text: string;
}

const ANGLES: Scale = { limits: [-Math.PI, Math.PI], wheel: "cyclic", text: "±π" };

/**
 * `all` are the frames of the panels that share one scale, null where each has its own. Values are
 * compared with values and gradients with gradients: they differ by orders of magnitude.
 */
export function scaleOf(
  shown: FrameModel,
  all: readonly (FrameModel | null)[] | null,
  colours: Colours = "blue-orange",
): Scale {
  const { lens, picture } = shown.frame;
  if (lens === "angle") return ANGLES;
  const own = limitsOf(shown) ?? [-1, 1];
  const alike = (all ?? []).filter((other) => other?.frame.lens === lens && !isEmpty(other));
  const ends = alike.map(limitsOf).filter((limits) => limits !== null);
  if (!ends.length || (all ?? []).length < 2)
    return { limits: own, wheel: colours, text: picture?.limits_text ?? "" };
  return {
    limits: [Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high))],
    wheel: colours,
    text: lens === ("value" satisfies Lens) ? "one scale" : "one scale for gradients",
  };
}

/** All zero, or nothing finite: what Python then says is no measure for others. */
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
