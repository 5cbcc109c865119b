import assert from "node:assert/strict";
import { test } from "node:test";
import {
  colourOf,
  css,
  gradient,
  inkOn,
  type Limits,
  markColour,
  markOf,
  palette,
  type Theme,
  unpack,
  type Wheel,
} from "../src/heatmap/colours";
import { contrast, fromOklch, luminance, type Rgb, toLinear } from "../src/heatmap/oklch";

const THEMES: Theme[] = ["light", "dark"];
const LIMITS: Limits = [-2, 2];
const OFF_SCALE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3, -3];

/** How a colour looks to one who lacks a kind of cone (Machado, Oliveira, Fernandes 2009). */
const SIGHT = {
  full: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152, 1.053, -0.205, 0.115, 0.786, 0.099, -0.004, -0.048, 1.052],
  deuteranopia: [0.367, 0.861, -0.228, 0.28, 0.673, 0.047, -0.012, 0.043, 0.969],
  tritanopia: [1.256, -0.077, -0.179, -0.078, 0.931, 0.148, 0.005, 0.691, 0.304],
};

function seen(colour: Rgb, matrix: number[]): number[] {
  const linear = colour.map(toLinear);
  return [0, 3, 6].map((row) =>
    [0, 1, 2].reduce((sum, col) => sum + (matrix[row + col] ?? 0) * (linear[col] ?? 0), 0),
  );
}

/** Distance in OKLab, 0.02 being just noticeable side by side. */
function distance(a: Rgb, b: Rgb, matrix = SIGHT.full): number {
  const [first, second] = [lab(seen(a, matrix)), lab(seen(b, matrix))];
  return Math.hypot(...first.map((value, n) => value - (second[n] ?? 0)));
}

function lab([red = 0, green = 0, blue = 0]: number[]): number[] {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

test("zero is the page's own colour, the ends are blue and orange", () => {
  assert.deepEqual(colourOf(0, LIMITS, "light"), fromOklch(0.99, 0, 0));
  assert.deepEqual(colourOf(0, LIMITS, "dark"), fromOklch(0.2, 0, 0));
  for (const theme of THEMES) {
    const [red, , blue] = colourOf(-2, LIMITS, theme);
    assert.ok(blue > red + 50, `${theme}: below zero is blue`);
    const [red2, , blue2] = colourOf(2, LIMITS, theme);
    assert.ok(red2 > blue2 + 50, `${theme}: above zero is orange`);
  }
});

test("the further from zero, the darker on light pages and the brighter on dark ones", () => {
  for (const theme of THEMES) {
    for (const sign of [-1, 1]) {
      const steps = Array.from({ length: 21 }, (_, n) =>
        luminance(colourOf((sign * n) / 10, LIMITS, theme)),
      );
      for (const [n, value] of steps.slice(1).entries()) {
        const before = steps[n] ?? 0;
        assert.ok(theme === "light" ? value < before : value > before, `${theme} ${sign} ${n}`);
      }
    }
  }
});

test("equal steps look equal: no step of the scale is twice the usual one", () => {
  for (const theme of THEMES) {
    const colours = Array.from({ length: 33 }, (_, n) => colourOf(n / 8 - 2, LIMITS, theme));
    const steps = colours.slice(1).map((colour, n) => distance(colour, colours[n] ?? colour));
    const mean = steps.reduce((sum, step) => sum + step) / steps.length;
    for (const step of steps) assert.ok(step < 2 * mean && step > mean / 2.5, `${step} ${mean}`);
  }
});

test("both signs stay apart for every kind of colour blindness", () => {
  for (const [kind, matrix] of Object.entries(SIGHT)) {
    for (const theme of THEMES) {
      for (const size of [0.5, 1, 2]) {
        const [low, high] = [colourOf(-size, LIMITS, theme), colourOf(size, LIMITS, theme)];
        assert.ok(distance(low, high, matrix) > 0.05, `${kind} ${theme} ${size}`);
      }
    }
  }
});

test("what is no point of the scale has a colour that the scale has not", () => {
  for (const theme of THEMES) {
    const scale = Array.from({ length: 255 }, (_, n) => colourOf((n - 127) / 63.5, LIMITS, theme));
    for (const value of OFF_SCALE) {
      const mark = colourOf(value, LIMITS, theme);
      for (const colour of scale) {
        assert.ok(distance(mark, colour) > 0.06, `${theme} ${value} like ${css(colour)}`);
      }
      for (const other of OFF_SCALE.filter((one) => !Object.is(one, value))) {
        assert.ok(distance(mark, colourOf(other, LIMITS, theme)) > 0.06, `${value} like ${other}`);
      }
    }
  }
});

test("marks are told by value and limits", () => {
  assert.deepEqual(
    [...OFF_SCALE, 2, -2, 0].map((value) => markOf(value, LIMITS)),
    ["nan", "+inf", "-inf", "above", "below", "", "", ""],
  );
  assert.equal(markColour("", "light"), null);
  assert.deepEqual(markColour("nan", "dark"), colourOf(Number.NaN, LIMITS, "dark"));
});

test("a table has 256 entries, NaN in the last", () => {
  for (const wheel of ["blue-orange", "cyclic"] as Wheel[]) {
    const { table } = palette("light", wheel);
    assert.equal(table.length, 256);
    assert.deepEqual(unpack(table[255] ?? 0), markColour("nan", "light"));
    assert.deepEqual(unpack(table[127] ?? 0), colourOf(0, LIMITS, "light", wheel));
    assert.ok(table.every((colour) => colour >>> 24 === 255));
  }
});

test("an angle of pi has the colour of -pi", () => {
  for (const theme of THEMES) {
    const ends: Limits = [-Math.PI, Math.PI];
    const low = colourOf(-Math.PI, ends, theme, "cyclic");
    assert.ok(distance(low, colourOf(Math.PI, ends, theme, "cyclic")) < 0.02);
    assert.ok(distance(low, colourOf(0, ends, theme, "cyclic")) > 0.3);
  }
});

test("limits without an extent put their one value in the middle", () => {
  assert.deepEqual(colourOf(0, [0, 0], "light"), colourOf(0, LIMITS, "light"));
  assert.deepEqual(colourOf(1, [0, 0], "light"), markColour("above", "light"));
});

test("numbers read on every colour", () => {
  for (const theme of THEMES) {
    for (const value of [...OFF_SCALE, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]) {
      const colour = colourOf(value, LIMITS, theme);
      assert.ok(contrast(inkOn(colour), colour) >= 4.5, `${theme} ${value}`);
    }
  }
});

test("the legend's gradient begins and ends as the scale does", () => {
  const colours = gradient("light").match(/rgb\([^)]*\)/g) ?? [];
  assert.equal(colours[0], css(colourOf(-2, LIMITS, "light")));
  assert.equal(colours[8], css(colourOf(0, LIMITS, "light")));
  assert.equal(colours.at(-1), css(colourOf(2, LIMITS, "light")));
});
