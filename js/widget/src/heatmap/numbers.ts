/** Numbers as text, with as many digits as the value has or as fit. */

const MINUS = "−";

/** With a real minus sign, which is as wide as a digit. */
export function minus(text: string): string {
  return text.replaceAll("-", MINUS);
}

/**
 * The shortest text that reads back as the same number of its width; NaN and infinities by name.
 */
export function exactText(value: number, single: boolean): string {
  const special = specialText(value);
  if (special) return special;
  if (!single && Number.isSafeInteger(value)) return minus(String(value));
  if (!single || Math.fround(value) !== value) return plain(value);
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return plain(rounded);
  }
  return plain(Number(value.toPrecision(9)));
}

/**
 * At most `digits` significant digits; whole numbers in full while they are short. No digit before
 * the point is invented: a number is never rounded to tens and then written in full.
 */
export function shortText(value: number, digits: number): string {
  const special = specialText(value);
  if (special) return special;
  if (Number.isInteger(value) && Math.abs(value) < 1e4) return minus(String(value));
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (rounded === value || size < 10 ** digits) return plain(rounded);
  return size < 1e5 ? minus(value.toFixed(0)) : exponential(rounded);
}

function specialText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return `${MINUS}inf`;
  return Object.is(value, -0) ? `${MINUS}0` : "";
}

function plain(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e7) ? exponential(value) : minus(String(value));
}

function exponential(value: number): string {
  return minus(value.toExponential().replace("e+", "e"));
}

/**
 * The texts of the cells of one picture, as many decimals in each, so that the largest has at most
 * `digits` digits: numbers below each other can be compared at a glance.
 */
export function alignedTexts(values: ArrayLike<number>, digits: number): string[] {
  let most = 0;
  let whole = true;
  for (let n = 0; n < values.length; n++) {
    const value = values[n] ?? 0;
    if (!Number.isFinite(value)) continue;
    most = Math.max(most, Math.abs(value));
    whole &&= Number.isInteger(value);
  }
  const decimals = digits - 1 - Math.floor(Math.log10(most || 1));
  const aligned = !whole && most >= 1e-3 && most < 1e5;
  return Array.from(values, (value) =>
    aligned && Number.isFinite(value)
      ? minus(value.toFixed(Math.max(0, Math.min(decimals, digits))))
      : shortText(value, digits),
  );
}

export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
