/** Readable names: invisible characters and marks of direction are made visible. */

/** The longest name on the page; the rest becomes an ellipsis. */
const LONGEST = 240;

/** Marks of direction, zero width, line ends; lone halves of a pair; control characters. */
const INVISIBLE =
  /[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}|\p{Cc}/gu;

export function readable(name: string, longest: number = LONGEST): string {
  if (!name.trim()) return JSON.stringify(name);
  const cut = name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
  return cut.replace(INVISIBLE, (c) => DRAWN[c] ?? `⟨${codeOf(c)}⟩`);
}

/** A whole path, for display. */
export function readablePath(path: readonly string[], model: string): string {
  return path.length ? path.map((name) => readable(name, 60)).join(".") : model;
}

export function shapeText(shape: readonly number[]): string {
  return shape.length ? shape.join(" × ") : "scalar";
}

const DRAWN: Record<string, string> = { "\n": "⏎", "\r": "␍", "\t": "⇥" };

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
