/** The toolbar: the totals of the model, and the actions for all of it. */

import type { Totals } from "../../../shared/protocol";
import { grouped } from "../heatmap/numbers";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";
import { Icon, type IconName } from "../style/Icon";
import { readable } from "../tree/names";
import { Marks } from "./Marks";

interface ShellProps {
  store: Store;
  view: ViewState;
}

export function Toolbar({ store, view }: ShellProps) {
  const tree = store.tree.value;
  return (
    <header class="toolbar">
      <div class="headline">
        <h2 class="model">{tree ? readable(tree.name(0)) : "Model"}</h2>
        <Marks store={store} />
      </div>
      <Tools store={store} view={view} />
      {tree && <Counts totals={tree.message.totals} net={tree.called} />}
    </header>
  );
}

function Counts({ totals, net }: { totals: Totals; net: string }) {
  return (
    <dl class="counts">
      <Count
        of="parameters"
        value={grouped(totals.parameters)}
        title={`sum(p.numel() for p in ${net}.parameters())\nA shared tensor counts once.`}
      />
      <Count
        of="trainable"
        value={grouped(totals.trainable)}
        title={`sum(p.numel() for p in ${net}.parameters() if p.requires_grad)`}
      />
      <Count
        of="in memory"
        value={totals.bytes_text}
        title={`${grouped(totals.bytes)} bytes of parameters and buffers, shared ones once`}
      />
      <Count
        of="parameters()"
        call
        value={grouped(totals.parameter_tensors)}
        title={`len(list(${net}.parameters()))\nA shared tensor counts once.`}
      />
      <Count
        of="named_parameters()"
        call
        value={grouped(totals.named_slots)}
        title={`len(list(${net}.named_parameters()))\nA shared tensor counts once, under its first name.`}
      />
      <Count
        of="state_dict()"
        call
        value={grouped(totals.state_entries)}
        title={`len(${net}.state_dict())\nParameters and persistent buffers, each at every place.`}
      />
    </dl>
  );
}

interface CountProps {
  of: string;
  value: string;
  title: string;
  call?: boolean;
}

function Count({ of, value, title, call }: CountProps) {
  return (
    <div class={call ? "count-of call" : "count-of"} title={title}>
      <dd>{value}</dd>
      <dt>{of}</dt>
    </div>
  );
}

function Tools({ store, view }: ShellProps) {
  const { undo = "", redo = "" } = store.journal.value ?? {};
  const editable = store.editable.value;
  return (
    <div class="tools" role="toolbar" aria-label="Model">
      <button
        class="button"
        type="button"
        aria-disabled={!editable}
        title="Re-initialize the whole model, or the layers of one type"
        onClick={() => {
          if (editable) view.form.value = [];
        }}
      >
        <Icon name="initialize" />
        Initialize…
      </button>
      <span class="buttons">
        <Tool
          icon="undo"
          label={undo ? `Undo: ${undo}` : "Nothing to undo"}
          hint="Ctrl+Z"
          able={editable && !!undo}
          act={() => view.step("undo")}
        />
        <Tool
          icon="redo"
          label={redo ? `Redo: ${redo}` : "Nothing to redo"}
          hint="Ctrl+Shift+Z"
          able={editable && !!redo}
          act={() => view.step("redo")}
        />
        <Tool
          icon="back"
          label="Back to the start: undo all edits"
          able={editable && !!undo}
          act={() => view.step("restart")}
        />
      </span>
      <Toggle
        icon="journal"
        text="Journal"
        title="All edits, and the code that repeats them"
        on={view.journalOpen}
      />
      <Toggle
        icon="scale"
        text="Same scale"
        title="Use one colour scale for all panels, so that they can be compared"
        on={view.sameScale}
      />
      <span class="buttons">
        <button
          class="button icon"
          type="button"
          title="Smaller text (−)"
          aria-label="Smaller text"
          onClick={() => view.grow(-1)}
        >
          A−
        </button>
        <button
          class="button icon"
          type="button"
          title="Larger text (+)"
          aria-label="Larger text"
          onClick={() => view.grow(1)}
        >
          A+
        </button>
      </span>
      <KeysButton shown={view.keysShown} />
    </div>
  );
}

function KeysButton({ shown }: { shown: ViewState["keysShown"] }) {
  return (
    <button
      class="button quiet icon"
      type="button"
      title="Keys (?)"
      aria-label="Keys"
      aria-haspopup="dialog"
      aria-expanded={shown.value}
      // a list that is open keeps the focus, else it would close at the press and open at the click
      onMouseDown={(event) => shown.value && event.preventDefault()}
      onClick={() => {
        shown.value = !shown.value;
      }}
    >
      <Icon name="keys" />
    </button>
  );
}

interface ToolProps {
  icon: IconName;
  label: string;
  hint?: string;
  able: boolean;
  act: () => void;
}

/** Disabled with aria-disabled only: a button with `disabled` would lose the focus. */
function Tool({ icon, label, hint, able, act }: ToolProps) {
  return (
    <button
      class="button icon"
      type="button"
      aria-disabled={!able}
      aria-label={label}
      title={hint ? `${label} (${hint})` : label}
      onClick={() => able && act()}
    >
      <Icon name={icon} />
    </button>
  );
}

interface ToggleProps {
  icon: IconName;
  text: string;
  title: string;
  on: ViewState["sameScale"];
}

function Toggle({ icon, text, title, on }: ToggleProps) {
  return (
    <button
      class="button"
      type="button"
      aria-pressed={on.value}
      title={title}
      onClick={() => {
        on.value = !on.value;
      }}
    >
      <Icon name={icon} />
      {text}
    </button>
  );
}
