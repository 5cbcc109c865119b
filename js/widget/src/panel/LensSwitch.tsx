/** What of the tensor is shown. */

import type { LensFact } from "../../../shared/protocol";

interface LensSwitchProps {
  lenses: readonly LensFact[];
  /** The name of the one that is chosen. */
  on: string;
  able: boolean;
  choose: (lens: string) => void;
}

export function LensSwitch({ lenses, on, able, choose }: LensSwitchProps) {
  if (lenses.length < 2) return <span />;
  return (
    <fieldset class="buttons" aria-label="What is shown">
      {lenses.map(({ name, label }) => (
        <button
          key={name}
          class="button small"
          type="button"
          aria-pressed={name === on}
          aria-disabled={!able}
          onClick={() => able && choose(name)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
