/** What of the tensor is shown. */

import type { Lens } from "../../../shared/protocol";

const WORDS: Record<Lens, string> = { value: "Value", grad: "Gradient", angle: "Angle" };

interface LensSwitchProps {
  lenses: readonly Lens[];
  on: Lens;
  able: boolean;
  choose: (lens: Lens) => void;
}

export function LensSwitch({ lenses, on, able, choose }: LensSwitchProps) {
  if (lenses.length < 2) return <span />;
  return (
    <fieldset class="buttons" aria-label="What is shown">
      {lenses.map((lens) => (
        <button
          key={lens}
          class="button small"
          type="button"
          aria-pressed={lens === on}
          aria-disabled={!able}
          onClick={() => able && choose(lens)}
        >
          {WORDS[lens]}
        </button>
      ))}
    </fieldset>
  );
}
