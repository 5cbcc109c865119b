/** The form that re-initializes a slot or all below a module. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Facts, Initializer } from "../../../shared/protocol";
import type { Store } from "../store/store";
import { Arguments } from "./Arguments";
import { Outcome, useAsking, waitingText } from "./asking";
import { below } from "./below";
import { Chooser, fitting } from "./Chooser";
import { DryRun } from "./dryrun";
import { ModuleActions } from "./ModuleActions";
import { Narrow } from "./Narrow";
import { PreviewLine } from "./PreviewLine";
import { Seed } from "./Seed";

export interface InitializeFormProps {
  store: Store;
  path: readonly string[];
}

/** What was chosen; what was typed is kept when another initializer is selected. */
interface Choice {
  name: string;
  typed: Record<string, Record<string, string>>;
  types: readonly string[];
  parameters: readonly string[];
}

export function InitializeForm({ store, path }: InitializeFormProps) {
  const choice = useSignal<Choice>({ name: "", typed: {}, types: [], parameters: [] });
  const seed = useSignal("");
  const asking = useAsking(store);
  const tree = store.tree.value;
  const row = tree?.row(path) ?? -1;
  const narrowing = useMemo(() => tree?.isModule(row) && below(tree, row), [tree, row]);
  const facts = factsOf(store, path);
  const { name } = choice.value;
  const { initializers } = store.catalog.value;
  const chosen = initializers.find((known) => known.name === name) ?? fitting(initializers, facts);
  const typed = chosen ? (choice.value.typed[chosen.name] ?? {}) : {};
  const dry = useDryRun(store, path, chosen, choice.value, typed);
  const change = (part: Partial<Choice>) => {
    choice.value = { ...choice.value, ...part };
    asking.forget();
  };
  if (!chosen) return <p class="muted pad">Waiting for the list of initializers…</p>;

  const apply = async (withSeed: string) => {
    const what = question(path, chosen, choice.value, typed);
    const reply = await asking.ask({ ...what, seed: withSeed, dry: false });
    if (reply?.ok && reply.seed) seed.value = reply.seed;
    return !!reply?.ok;
  };
  const { reply } = asking.answer.value;
  const tried = dry.answer.value;
  const wrong = (where: string) => {
    // a field without input is not reported as an error before Apply
    const meant = where in typed ? [reply, tried.reply] : [reply];
    const said = meant.find((one) => one && !one.ok && one.where === where);
    return said?.error ?? "";
  };
  const fields = [...chosen.arguments.map(({ name }) => name), "seed"];
  return (
    <form class="initialize" onSubmit={(event) => event.preventDefault()}>
      <Chooser
        catalog={initializers}
        chosen={chosen}
        unfit={facts?.unfit ?? {}}
        choose={(name) => change({ name })}
      />
      <Arguments
        of={chosen}
        typed={typed}
        wrong={wrong}
        write={(name, text) =>
          change({
            typed: { ...choice.value.typed, [chosen.name]: { ...typed, [name]: text } },
          })
        }
      />
      {narrowing && (
        <Narrow
          below={narrowing}
          types={choice.value.types}
          parameters={choice.value.parameters}
          change={change}
        />
      )}
      <PreviewLine
        tried={tried}
        fields={fields}
        waiting={waitingText(store)}
        unfit={facts?.unfit[chosen.name] ?? ""}
      />
      <Seed
        random={chosen.random}
        seed={seed}
        error={wrong("seed")}
        able={store.editable.value && !asking.answer.value.pending}
        apply={apply}
      />
      <Outcome store={store} of={asking} except={fields} />
      {narrowing && (
        <ModuleActions
          store={store}
          path={path}
          types={choice.value.types}
          parameters={choice.value.parameters}
        />
      )}
    </form>
  );
}

function useDryRun(
  store: Store,
  path: readonly string[],
  chosen: Initializer | null,
  choice: Choice,
  typed: Record<string, string>,
): DryRun<ReturnType<typeof question>> {
  const dry = useMemo(
    () =>
      new DryRun((what: ReturnType<typeof question>) =>
        store.ask({ ...what, seed: "", dry: true }),
      ),
    [store],
  );
  const structure = store.tree.value?.revision;
  const asked = chosen && JSON.stringify([question(path, chosen, choice, typed), structure]);
  useEffect(() => {
    if (chosen && store.editable.peek()) dry.want(question(path, chosen, choice, typed));
  }, [dry, asked]);
  useEffect(() => () => dry.stop(), [dry]);
  return dry;
}

/**
 * Only what differs from the default is sent, so that the journal's code is what one would write.
 */
function question(
  path: readonly string[],
  { name, arguments: known }: Initializer,
  { types, parameters }: Choice,
  typed: Record<string, string>,
) {
  const said = known.filter((one) => one.name in typed && typed[one.name] !== one.default);
  return {
    kind: "initialize" as const,
    path: [...path],
    name,
    arguments: Object.fromEntries(said.map((one) => [one.name, typed[one.name] ?? ""])),
    types: [...types],
    parameters: [...parameters],
  };
}

/** An open panel of the slot knows what cannot be used; for others the dry run reports it. */
function factsOf(store: Store, path: readonly string[]): Facts | null {
  const same = (other: readonly string[]) =>
    other.length === path.length && other.every((name, n) => name === path[n]);
  return store.panels.value.find((panel) => same(panel.path))?.facts.value ?? null;
}
