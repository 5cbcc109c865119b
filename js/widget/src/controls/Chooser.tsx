/** The choice of an initializer; those that cannot be used here are disabled, with the reason. */

import { useId } from "preact/hooks";
import type { Facts, Initializer } from "../../../shared/protocol";
import { readableDoc } from "./doc";

const GROUPS: readonly (readonly [Initializer["source"], string])[] = [
  ["torch", "torch.nn.init"],
  ["module", "The module's own"],
  ["user", "Your own, by @initializer"],
];

/** What is offered at first. */
const FIRST = ["xavier_uniform_", "zeros_"];

/** The first initializer that can be used for a slot. */
export function fitting(catalog: readonly Initializer[], facts: Facts | null): Initializer | null {
  const fit = catalog.filter(({ name }) => !facts?.unfit[name]);
  const named = FIRST.map((name) => fit.find((known) => known.name === name));
  return named.find((known) => !!known) ?? fit[0] ?? catalog[0] ?? null;
}

interface ChooserProps {
  catalog: readonly Initializer[];
  chosen: Initializer;
  unfit: Record<string, string>;
  choose: (name: string) => void;
}

export function Chooser({ catalog, chosen, unfit, choose }: ChooserProps) {
  const id = useId();
  return (
    <div class="chooser">
      <div class="chooser-line">
        <select
          class="field code"
          aria-label="Initializer"
          aria-describedby={id}
          value={chosen.name}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {GROUPS.map(([source, title]) => (
            <Group
              key={source}
              title={title}
              list={catalog.filter((known) => known.source === source)}
              unfit={unfit}
            />
          ))}
        </select>
        <span class="hovering">
          <button class="button quiet icon" type="button" aria-label={`About ${chosen.name}`}>
            ?
          </button>
          <div class="card popover below" role="tooltip">
            <pre class="doc">{readableDoc(chosen.doc) || "No documentation."}</pre>
          </div>
        </span>
      </div>
      <p class="summary" id={id}>
        {chosen.summary}
      </p>
    </div>
  );
}

interface GroupProps {
  title: string;
  list: readonly Initializer[];
  unfit: Record<string, string>;
}

function Group({ title, list, unfit }: GroupProps) {
  if (!list.length) return null;
  return (
    <optgroup label={title}>
      {list.map(({ name, summary }) => (
        <option key={name} value={name} disabled={!!unfit[name]} title={unfit[name] || summary}>
          {unfit[name] ? `${name} — ${unfit[name]}` : name}
        </option>
      ))}
    </optgroup>
  );
}
