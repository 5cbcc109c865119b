/** What can be done to a module besides initializing it: each a row of buttons, declared here. */

import { useEffect, useId } from "preact/hooks";
import type { Asked } from "../store/intents";
import type { Store } from "../store/store";
import { Outcome, useAsking } from "./asking";

/** What the form has selected below a module: all of it where types and parameters are empty. */
interface Selected {
  path: string[];
  types: string[];
  parameters: string[];
}

interface Action {
  /** What it is about, in code. */
  about: string;
  buttons: readonly { name: string; title: string; asks(selected: Selected): Asked }[];
}

const ACTIONS: readonly Action[] = [
  {
    about: "requires_grad",
    buttons: [
      {
        name: "Freeze",
        title: "requires_grad = False: no gradient is computed for these parameters",
        asks: (selected) => ({ kind: "set_requires_grad", value: false, ...selected }),
      },
      {
        name: "Unfreeze",
        title:
          "requires_grad = True: backward() computes their gradients, an optimizer may update them",
        asks: (selected) => ({ kind: "set_requires_grad", value: true, ...selected }),
      },
    ],
  },
];

interface ModuleActionsProps {
  store: Store;
  path: readonly string[];
  types: readonly string[];
  parameters: readonly string[];
}

export function ModuleActions(props: ModuleActionsProps) {
  return ACTIONS.map((action) => <Buttons key={action.about} action={action} {...props} />);
}

function Buttons({
  store,
  path,
  types,
  parameters,
  action,
}: ModuleActionsProps & { action: Action }) {
  const id = useId();
  const asking = useAsking(store);
  useEffect(() => asking.forget(), [asking, types, parameters]); // it was about another choice
  const able = store.editable.value && !asking.answer.value.pending;
  const selected = { path: [...path], types: [...types], parameters: [...parameters] };
  return (
    <fieldset class="module-action" aria-labelledby={id}>
      <code class="narrow-label" id={id}>
        {action.about}
      </code>
      {action.buttons.map(({ name, title, asks }) => (
        <button
          key={name}
          class="button"
          type="button"
          aria-disabled={!able}
          title={title}
          onClick={() => able && void asking.ask(asks(selected))}
        >
          {name}
        </button>
      ))}
      <Outcome store={store} of={asking} />
    </fieldset>
  );
}
