/** Readable documentation: PyTorch's is written for Sphinx, with LaTeX in it. */

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^\.\. math::\s*/gm, ""],
  [/^\.\. (\w+)::/gm, "$1:"],
  [/:\w+:`([^`]*)`/g, "$1"],
  [/``([^`]*)``/g, "$1"],
  [/\\(?:text|mathcal|mathrm)\{([^{}]*)\}/g, "$1"],
  [/\\times/g, "×"],
  [/\\(?:geq?)\b/g, "≥"],
  [/\\(?:leq?)\b/g, "≤"],
  [/\\(?:left|right)\b/g, ""],
  [/\\_/g, "_"],
];

/** From the inside out: a root of a fraction of text. */
const NESTED: readonly (readonly [RegExp, string])[] = [
  [/\\frac\{([^{}]*)\}\{([^{}\s]*)\}/g, "$1 / $2"],
  [/\\frac\{([^{}]*)\}\{([^{}]*)\}/g, "$1 / ($2)"],
  [/\\sqrt\{([^{}]*)\}/g, "√($1)"],
];

export function readableDoc(doc: string): string {
  let text = doc;
  for (const [pattern, word] of WORDS) text = text.replace(pattern, word);
  for (let before = ""; before !== text; ) {
    before = text;
    for (const [pattern, word] of NESTED) text = text.replace(pattern, word);
  }
  return text.replace(/\n{3,}/g, "\n\n").trim();
}
