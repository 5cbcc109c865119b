/** Narrows what is initialized below a module, by layer type and by parameter name. */

import { useId } from "preact/hooks";
import { readable } from "../tree/names";
import type { Below, Counted } from "./below";

interface NarrowProps {
  below: Below;
  types: readonly string[];
  parameters: readonly string[];
  change: (part: { types: readonly string[] } | { parameters: readonly string[] }) => void;
}

export function Narrow({ below, types, parameters, change }: NarrowProps) {
  return (
    <>
      <Chips
        label="Layers"
        every="all types"
        list={below.types}
        on={types}
        set={(names) => change({ types: names })}
      />
      <Chips
        label="Parameters"
        every="all names"
        list={below.parameters}
        on={parameters}
        set={(names) => change({ parameters: names })}
      />
    </>
  );
}

/** More than that cannot be chosen by eye. */
const MOST = 24;

interface ChipsProps {
  label: string;
  every: string;
  list: readonly Counted[];
  on: readonly string[];
  set: (names: readonly string[]) => void;
}

function Chips({ label, every, list, on, set }: ChipsProps) {
  const id = useId();
  if (list.length < 2) return null;
  const toggle = (name: string) =>
    set(on.includes(name) ? on.filter((other) => other !== name) : [...on, name]);
  return (
    <fieldset class="narrow" aria-labelledby={id}>
      <span class="narrow-label" id={id}>
        {label}
      </span>
      <button class="chip" type="button" aria-pressed={!on.length} onClick={() => set([])}>
        {every}
      </button>
      {list.slice(0, MOST).map(({ name, count }) => (
        <button
          key={name}
          class="chip code"
          type="button"
          aria-pressed={on.includes(name)}
          onClick={() => toggle(name)}
        >
          {readable(name, 40)} <span class="chip-count">{count}</span>
        </button>
      ))}
      {list.length > MOST && <span class="muted">{`and ${list.length - MOST} more`}</span>}
    </fieldset>
  );
}
