/** Exact statistics, as sent by Python. */

import type { Statistics } from "../../../shared/protocol";
import { minus } from "../heatmap/numbers";

type Name = keyof Statistics;

const FIGURES: readonly (readonly [Name, label: string, title: string])[] = [
  ["mean", "mean", "Mean of the finite elements"],
  ["std", "std", "Standard deviation of the finite elements, as torch.std (n − 1)"],
  ["min", "min", "Smallest finite element"],
  ["max", "max", "Largest finite element"],
  ["numel", "elements", "Number of elements: numel()"],
  ["zeros", "zeros", "Number of elements that are exactly zero"],
  ["nan", "NaN", "Number of elements that are NaN"],
  ["inf", "±∞", "Number of elements that are infinite"],
];

export function StatisticsTable({ of }: { of: Statistics }) {
  const long = of.mean.length + of.std.length + of.min.length + of.max.length > LONG;
  return (
    <dl class={long ? "statistics long" : "statistics"}>
      {FIGURES.map(([name, label, title]) => (
        <div key={name} class={isAlarm(name, of[name]) ? "figure alarm" : "figure"} title={title}>
          <dt>{label}</dt>
          <dd data-figure={name}>{written(name, of[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** More characters than this do not fit beside each other in a narrow panel. */
const LONG = 38;

const COUNTS: readonly Name[] = ["numel", "zeros", "nan", "inf"];

function written(name: Name, text: string): string {
  if (COUNTS.includes(name)) return text.replace(/\B(?=(\d{3})+$)/g, ",");
  return text ? minus(text) : "–";
}

function isAlarm(name: Name, text: string): boolean {
  return (name === "nan" || name === "inf") && text !== "" && text !== "0";
}
