/** What an expression may hold, for the list beside the field; Python alone understands it. */

export interface Known {
  call: string;
  means: string;
}

export const COMMON: readonly string[] = ["w * 0.5", "w + 1", "clamp(w, -1, 1)", "0"];

export const FUNCTIONS: readonly Known[] = [
  { call: "clamp(w, low, high)", means: "not below low, not above high" },
  { call: "minimum(a, b), maximum(a, b)", means: "the smaller, the larger of two" },
  { call: "min(w), max(w), sum(w)", means: "of all elements" },
  { call: "mean(w), std(w), var(w)", means: "of all elements" },
  { call: "abs(w), sign(w), relu(w)", means: "size, sign, nothing below 0" },
  { call: "round(w), floor(w), ceil(w), trunc(w)", means: "whole numbers" },
  { call: "sqrt(w), square(w), exp(w)", means: "root, square, power of e" },
  { call: "log(w), log2(w), log10(w)", means: "logarithms" },
  { call: "sin(w), cos(w), tan(w)", means: "of an angle" },
  { call: "sigmoid(w), tanh(w)", means: "between 0 and 1, −1 and 1" },
  { call: "+ - * / % **", means: "arithmetic; ** is a power" },
  { call: "pi, e, inf, nan", means: "constants" },
];
