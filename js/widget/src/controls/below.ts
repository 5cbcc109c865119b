/** By what a module's parameters can be narrowed: layer types and names below it, with counts. */

import type { TreeModel } from "../store/tree";

export interface Counted {
  name: string;
  count: number;
}

export interface Below {
  types: Counted[];
  parameters: Counted[];
}

export function below(tree: TreeModel, row: number): Below {
  const layers = new Set<number>();
  const types = new Map<string, number>();
  const parameters = new Map<string, number>();
  for (let at = row; at >= 0 && at < tree.endOf(row); at++) {
    if (tree.kind(at) !== "parameter") continue;
    count(parameters, tree.name(at));
    const layer = tree.parent(at);
    if (layers.has(layer)) continue;
    layers.add(layer);
    count(types, tree.typeName(layer));
  }
  return { types: listed(types), parameters: listed(parameters) };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The most frequent first. */
function listed(counts: Map<string, number>): Counted[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}
