/** From OKLCH, in which equal steps look equal, to the bytes of sRGB (Ottosson, 2020). */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Lightness 0..1, chroma, hue in degrees; chroma is lowered until the screen can show it. */
export function fromOklch(lightness: number, chroma: number, hue: number): Rgb {
  for (let part = 1; part > 0; part -= 0.01) {
    const linear = linearRgb(lightness, chroma * part, hue);
    if (linear.every((value) => value >= -1e-4 && value <= 1.0001)) return toBytes(linear);
  }
  return toBytes(linearRgb(lightness, 0, hue));
}

function linearRgb(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function toBytes([red, green, blue]: Rgb): Rgb {
  return [toByte(red), toByte(green), toByte(blue)];
}

function toByte(linear: number): number {
  const value = Math.min(1, Math.max(0, linear));
  const curved = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(curved * 255);
}

/** Relative luminance of WCAG 2, 0 for black to 1 for white. */
export function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * toLinear(red) + 0.7152 * toLinear(green) + 0.0722 * toLinear(blue);
}

/** Contrast of WCAG 2, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export function toLinear(byte: number): number {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
