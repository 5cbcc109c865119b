/**
 * The host's settings for every widget on its page, as custom properties of the document:
 *
 * `--paramwidget-font-scale`  a multiple of the notebook's text size
 * `--paramwidget-colours`     blue-orange, purple-green or grey
 * `--paramwidget-cells`       the most rows and columns of cells in a picture
 * `--paramwidget-live-rate`   the most pictures a second while a cell is running
 *
 * The JupyterLab extension sets them from its settings; elsewhere a stylesheet may.
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import { COLOURS, type Colours } from "../heatmap/colours";
import { MOST_CELLS } from "../heatmap/window";

export interface Settings {
  readonly fontScale: number;
  readonly colours: Colours;
  readonly cells: number;
  /** 0 leaves it to Python. */
  readonly liveRate: number;
}

type Ask = (property: string) => string;

/** The settings in a stylesheet; missing or invalid ones keep their defaults. */
export function settingsIn(ask: Ask): Settings {
  const colours = ask("--paramwidget-colours").trim();
  return {
    fontScale: within(ask("--paramwidget-font-scale"), 0.5, 4, 1),
    colours: COLOURS.find((known) => known === colours) ?? "blue-orange",
    cells: Math.round(within(ask("--paramwidget-cells"), 16, MOST_CELLS, MOST_CELLS)),
    liveRate: within(ask("--paramwidget-live-rate"), 0.2, 30, 0),
  };
}

function within(text: string, low: number, high: number, otherwise: number): number {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? Math.max(low, Math.min(high, value)) : otherwise;
}

/** The settings, kept true as the host changes them, until `end`. */
export function hostSettings(end: AbortSignal): ReadonlySignal<Settings> {
  const page = document.documentElement;
  const read = () => {
    const style = getComputedStyle(page);
    return settingsIn((property) => style.getPropertyValue(property));
  };
  const settings = signal(read());
  const observer = new MutationObserver(() => {
    const now = read();
    if (JSON.stringify(now) !== JSON.stringify(settings.peek())) settings.value = now;
  });
  observer.observe(page, { attributeFilter: ["style", "class"] });
  end.addEventListener("abort", () => observer.disconnect());
  return settings;
}
