/**
 * The colour of a value: blue below zero, orange above, white (on dark pages: black) at zero.
 *
 * Blue and orange can be told apart with every common kind of colour blindness, and lightness alone
 * shows the magnitude. Values off the scale (clipped, infinite, NaN) have colours of their own,
 * and a glyph where there is room for one.
 */

import { contrast, fromOklch, type Rgb } from "./oklch";

export type Theme = "light" | "dark";
/** The choices; each is readable for the colour-blind, grey also on paper. */
export const COLOURS = ["blue-orange", "purple-green", "grey"] as const;
export type Colours = (typeof COLOURS)[number];
/** An angle of pi equals one of -pi: both ends of this scale have one colour. */
export type Wheel = Colours | "cyclic";
export type Limits = readonly [low: number, high: number];
export type Mark = "gap" | "nan" | "+inf" | "-inf" | "above" | "below" | "";

export interface Palette {
  /** 255 steps from `low` to `high`, zero exactly in the middle, and NaN in the last place. */
  table: Uint32Array;
  marks: Record<Exclude<Mark, "gap" | "">, number>;
}

const STEPS = 255;
const MIDDLE = (STEPS - 1) / 2;
const NAN = STEPS;
export const TRANSPARENT = 0;

/** Hues below and above zero, in degrees. */
const HUES: Record<Wheel, readonly [below: number, above: number]> = {
  "blue-orange": [255, 55],
  "purple-green": [310, 145],
  grey: [0, 0],
  cyclic: [255, 55],
};

const MARKS: Record<Theme, Record<Exclude<Mark, "gap" | "">, Rgb>> = {
  light: {
    nan: [214, 0, 190],
    "+inf": [255, 230, 0],
    "-inf": [0, 232, 226],
    above: [64, 16, 0],
    below: [0, 8, 64],
  },
  dark: {
    nan: [255, 72, 232],
    "+inf": [250, 255, 60],
    "-inf": [40, 255, 214],
    above: [255, 236, 200],
    below: [206, 238, 255],
  },
};

const made = new Map<string, Palette>();

/** The table is the same for every widget on the page, so it is computed once. */
export function palette(theme: Theme, wheel: Wheel = "blue-orange"): Palette {
  const key = `${theme} ${wheel}`;
  const found = made.get(key) ?? makePalette(theme, wheel);
  made.set(key, found);
  return found;
}

function makePalette(theme: Theme, wheel: Wheel): Palette {
  const table = new Uint32Array(STEPS + 1);
  for (let step = 0; step < STEPS; step++) {
    const distance = (step - MIDDLE) / MIDDLE;
    table[step] = pack(shade(theme, wheel, distance));
  }
  const marks = MARKS[theme];
  table[NAN] = pack(marks.nan);
  return {
    table,
    marks: {
      nan: pack(marks.nan),
      "+inf": pack(marks["+inf"]),
      "-inf": pack(marks["-inf"]),
      above: pack(marks.above),
      below: pack(marks.below),
    },
  };
}

/** The colour at a signed distance from zero, -1 to 1. */
function shade(theme: Theme, wheel: Wheel, distance: number): Rgb {
  const size = Math.abs(distance);
  // Without colour, lightness must show the sign: black, grey at zero, white.
  if (wheel === "grey") return fromOklch(0.62 + 0.36 * distance, 0, 0);
  const [below, above] = HUES[wheel];
  const hue = distance < 0 ? below : above;
  const colourful = wheel === "cyclic" ? 0.14 * Math.sin(Math.PI * size) : Math.min(0.14, size / 3);
  const [centre, end] = theme === "light" ? [0.99, 0.37] : [0.2, 0.83];
  return fromOklch(centre + (end - centre) * size, colourful, hue);
}

/** The mark of a value off the scale; "" for a value on it. */
export function markOf(value: number, [low, high]: Limits): Mark {
  if (value >= low && value <= high) return "";
  if (Number.isNaN(value)) return "nan";
  if (value === Number.POSITIVE_INFINITY) return "+inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  return value > high ? "above" : "below";
}

/** The packed colour of a value. A value on the scale, the usual case, is handled first. */
export function packedColour(value: number, limits: Limits, { table, marks }: Palette): number {
  const [low, high] = limits;
  if (value >= low && value <= high) {
    const part = high > low ? (value - low) / (high - low) : 0.5;
    return table[Math.round(part * (STEPS - 1))] as number;
  }
  return marks[markOf(value, limits) as keyof Palette["marks"]];
}

/** The colour of a value, as tests and legends want it. */
export function colourOf(
  value: number,
  limits: Limits,
  theme: Theme,
  wheel: Wheel = "blue-orange",
): Rgb {
  return unpack(packedColour(value, limits, palette(theme, wheel)));
}

/** The colour of a mark, null if it has none. */
export function markColour(mark: Mark, theme: Theme): Rgb | null {
  return mark === "" || mark === "gap" ? null : MARKS[theme][mark];
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

/** Black or white, whichever reads better on a colour: never less than 4.5 : 1. */
export function inkOn(colour: Rgb): Rgb {
  return contrast(colour, BLACK) >= contrast(colour, WHITE) ? BLACK : WHITE;
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** The scale as a CSS gradient, from `low` at the left to `high` at the right. */
export function gradient(theme: Theme, wheel: Wheel = "blue-orange", stops = 17): string {
  const { table } = palette(theme, wheel);
  const colours = Array.from({ length: stops }, (_, n) =>
    css(unpack(table[Math.round((n / (stops - 1)) * (STEPS - 1))] ?? 0)),
  );
  return `linear-gradient(to right, ${colours.join(", ")})`;
}

/** In the byte order of ImageData: every machine that a browser runs on is little-endian. */
function pack([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export function unpack(packed: number): Rgb {
  return [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
}
