/** Exact statistics, as Python said them. */

import type { Statistics } from "../../../shared/protocol";
import { minus } from "../heatmap/numbers";

const FIGURES: readonly (readonly [keyof Statistics, label: string, title: string])[] = [
  ["mean", "mean", "Mean of the finite elements"],
  ["std", "std", "Standard deviation of the finite elements, as torch.std (n − 1)"],
  ["min", "min", "The least finite element"],
  ["max", "max", "The greatest finite element"],
  ["numel", "elements", "How many there are: numel()"],
  ["zeros", "zeros", "How many are exactly zero"],
  ["nan", "NaN", "How many are no number"],
  ["inf", "±∞", "How many are infinite"],
];

export function StatisticsTable({ of }: { of: Statistics }) {
  return (
    <dl class="statistics">
      {FIGURES.map(([name, label, title]) => (
        <div key={name} class={isAlarm(name, of[name]) ? "figure alarm" : "figure"} title={title}>
          <dt>{label}</dt>
          <dd data-figure={name}>{of[name] ? minus(of[name]) : "–"}</dd>
        </div>
      ))}
    </dl>
  );
}

function isAlarm(name: keyof Statistics, text: string): boolean {
  return (name === "nan" || name === "inf") && text !== "" && text !== "0";
}
