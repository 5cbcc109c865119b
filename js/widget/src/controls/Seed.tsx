/**
 * Applies the initializer, with a new seed or the same one again. Three controls, three meanings.
 */

import { type Signal, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";

interface SeedProps {
  random: boolean;
  seed: Signal<string>;
  error: string;
  able: boolean;
  /** Resolves with whether it was done. */
  apply: (seed: string) => Promise<boolean>;
}

export function Seed({ random, seed, error, able, apply }: SeedProps) {
  const id = useId();
  const drawn = useSignal("");
  const typed = seed.value.trim();
  const run = async (withSeed: string) => {
    if (!able) return;
    if (await apply(withSeed)) drawn.value = seed.value;
  };
  if (!random) {
    return (
      <div class="apply-line">
        <button
          class="button primary"
          type="button"
          aria-disabled={!able}
          onClick={() => void run("")}
        >
          Apply
        </button>
      </div>
    );
  }
  return (
    <div class="apply-line">
      <button
        class="button primary"
        type="button"
        aria-disabled={!able}
        title="Draws again, with a new seed"
        onClick={() => void run("")}
      >
        Apply, new seed
      </button>
      <span class="again">
        <button
          class="button"
          type="button"
          aria-disabled={!able || !typed}
          title="Draws the same numbers again, with this seed"
          onClick={() => typed && void run(typed)}
        >
          {typed && typed !== drawn.value ? "Apply this seed" : "Same seed again"}
        </button>
        <label class="seed" for={id}>
          seed
          <input
            class="field code"
            id={id}
            inputMode="numeric"
            placeholder="drawn"
            aria-invalid={!!error}
            value={seed.value}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => {
              seed.value = event.currentTarget.value;
            }}
          />
        </label>
      </span>
      {error && (
        <span class="error" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}
