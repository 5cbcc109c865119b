// Printed by `python -m paramwidget.protocol` out of paramwidget/protocol.

export const PROTOCOL = 1;

/** Of a slot, say; sent back as it came: half a character is escaped in it. */
export type Name = string;

/** At most 200 characters; sent back as it came. */
export type Id = string;

/** An index into the buffers beside the message. */
export type Buffer = number;

export type Kind = "module" | "parameter" | "buffer" | "constant" | "computed" | "none";

export type State = "ready" | "uninitialized" | "meta" | "unreadable";

export type Cause = "view" | "edit" | "cell" | "step" | "ask";

/** The rows of one tie group. */
export interface TieRows {
  kind: "same" | "memory";
  rows: number[];
}

/** The rows of one repeated module, in order; ``proof`` shows it for the first few. The modules inside it, which occur as often, are not listed. */
export interface SharedModule {
  rows: number[];
  proof: string;
}

/** Counts of the whole model, each shared tensor once, and the chapter's counts. */
export interface Totals {
  parameters: number;
  trainable: number;
  bytes: number;
  bytes_text: string;
  parameter_tensors: number;
  named_slots: number;
  state_entries: number;
}

/** Some rows of a tree, in the columns of ``Tree``; ``depths`` counts the rows above each. */
export interface TreeRows {
  names: Name[];
  depths: number[];
  kinds: Kind[];
  type_of: number[];
  shapes: (number[] | null)[];
  dtype_of: number[];
  counts: number[];
  trainable: (boolean | null)[];
  states: State[];
}

/** Two slots that a click may tie: the second would hold the first one's tensor. ``locked`` is why they cannot be tied as they are, "" if they can. */
export interface TieOffer {
  first: Name[];
  second: Name[];
  first_name: string;
  second_name: string;
  locked: string;
}

/** The summary of one row: a histogram (bar heights 0..255), mean and std as text. */
export interface Brief {
  row: number;
  mean: string;
  std: string;
  bars: number[];
  sampled: boolean;
  alarm: string;
}

/** An open panel, as Python keeps it; the same for every view. */
export interface PanelState {
  panel: string;
  path: Name[];
  lens: string;
  generation: number;
  window: number[] | null;
  cells: number[];
  sliders: number[];
}

/** A panel that Python closed, and why (its slot is gone). */
export interface ClosedPanel {
  panel: string;
  reason: string;
}

export interface TieFact {
  kind: "same" | "memory";
  names: string[];
  paths: Name[][];
  proof: string;
}

/** A way to look at this slot, with the label of its button. */
export interface LensFact {
  name: string;
  label: string;
  locked: string;
}

/** A slot in memory of its own that might be tied with this one: same values, or declared so. */
export interface Twin {
  offer: TieOffer;
  same_values: boolean;
  declared: string;
}

/** How an N-d shape is laid out on the plane; see ``picture/layout.py`` for the functions. Kernels of ``kernel`` (height, width) are on a grid of ``outer`` (rows, columns), with ``gap`` (rows, columns) empty cells between them. ``sliders`` are the sizes of the axes left out. */
export interface Layout {
  shape: number[];
  rows: number;
  cols: number;
  outer: number[];
  kernel: number[];
  gap: number[];
  sliders: number[];
}

/** Row-major cells, little-endian: float32, float64, or bfloat16 (the upper half of float32). */
export interface Plane {
  role: "value" | "low" | "high";
  encoding: "f4" | "f8" | "bf16";
  buffer: Buffer;
}

/** The cells of one window. There are ceil(window rows / block rows) x ceil(window columns / block columns) cells; one cell is the mean of its block, with ``low`` and ``high`` its extremes; ``exact`` where a block is one element. ``limits`` are the ends of the colour scale, ``texts`` the cells (by index) whose value a double cannot hold. ``dtype`` is that of what is shown; of complex numbers it is the magnitude. The ``scale`` is this picture's own, one to be shared with others of its lens (and then called ``shared_scale``), or that of angles. */
export interface Picture {
  layout: Layout;
  sliders: number[];
  window: number[];
  block: number[];
  exact: boolean;
  planes: Plane[];
  texts: Record<string, string>;
  limits: number[];
  limits_text: string;
  dtype: string;
  scale: "own" | "shared" | "cyclic";
  shared_scale: string;
}

/** Exact statistics, as text; empty if there is none. */
export interface Statistics {
  numel: string;
  min: string;
  max: string;
  mean: string;
  std: string;
  zeros: string;
  nan: string;
  inf: string;
}

/** A histogram: bar heights 0..1, the ends as text, zero's position (0..1) if inside. */
export interface Bars {
  heights: number[];
  counts: number[];
  low: string;
  high: string;
  zero: number | null;
  sampled: boolean;
}

/** One line of the journal. ``error`` is the traceback of a user's function that raised. ``of`` is what the line tells: an edit, a change by something else, values that an undo put away, an undone edit that another one followed, a function that failed. */
export interface Entry {
  title: string;
  names: string[];
  changed: number;
  skipped: string[];
  seed: string;
  warnings: string[];
  code: string;
  stands: boolean;
  error: string;
  of: "edit" | "outside" | "replaced" | "dropped" | "failed";
  number: number;
  can_be_brought_back: boolean;
  left_out: number;
}

/** One argument of an initializer; ``default`` as typed, null if the argument is required. */
export interface Argument {
  name: string;
  type: "number" | "integer" | "boolean" | "choice" | "text" | "any";
  default: string | null;
  choices: string[];
}

export interface Initializer {
  name: Name;
  source: "torch" | "module" | "user";
  summary: string;
  doc: string;
  arguments: Argument[];
  random: boolean;
}

/** What an expression may hold: how it is written, and what it means. */
export interface Function {
  call: string;
  means: string;
}

export interface Skipped {
  reason: string;
  count: number;
  names: string[];
}

/** A dry run: how many tensors, which are skipped and why, and what it would give. */
export interface Preview {
  count: number;
  names: string[];
  skipped: Skipped[];
  promise: string;
  warnings: string[];
}

/** One step of the path to a module: a variable, or something held by the step before. ``child``: a registered module; ``attribute``: a plain one; ``item``: a place in a sequence; ``key``: the repr of a dict's key; ``dotted``: what ``.key`` means there, child or attribute. */
export interface LabStep {
  kind: "name" | "child" | "attribute" | "item" | "key" | "dotted";
  key: Name;
}

/** A docked view: the path to its module, and which object was there when it was docked. */
export interface LabBond {
  path: LabStep[];
  object: string;
}

/** A module, or something that holds modules. ``names`` are the variable's names, or how it is reached from its holder. ``parameters`` is null for a holder, and if counting has to wait for the next question. */
export interface LabRow {
  names: string[];
  path: LabStep[];
  object: string;
  type_name: string;
  module: boolean;
  opens: boolean;
  parameters: number | null;
  trainable: number | null;
  bytes_text: string;
  mode: "training" | "evaluation" | "";
}

/** A view has been opened: it is sent everything (tree, catalog, journal, panels, frames). */
export interface Hello {
  kind: "hello";
  view: Id;
  protocol: number;
}

/** The state of a view: Python drops one that was closed or is silent for too long. ``left``: it was closed with its page, which may be reloaded and show it again. */
export interface View {
  kind: "view";
  view: Id;
  what: "opened" | "closed" | "hidden" | "shown" | "alive";
  left?: boolean;
}

/** Open a panel on a slot; ``panel`` is an id the browser makes, shared by all views. ``lens`` is one by name; "" is the usual one. */
export interface Open {
  kind: "open";
  panel: Id;
  path: Name[];
  lens: string;
}

export interface Close {
  kind: "close";
  panel: Id;
}

/** How a panel looks at its tensor from now on. ``window`` is (row0, row1, col0, col1) of the plane or null for all of it, ``cells`` the most rows and columns that the canvas can show, ``sliders`` the index on each axis the plane leaves out. A frame repeats the ``generation`` of the look it answers. */
export interface Look {
  kind: "look";
  panel: Id;
  generation: number;
  lens: string;
  window: number[] | null;
  cells: number[];
  sliders: number[];
}

/** The maximum number of frames per second while a cell is running; 0 for the default. */
export interface Pace {
  kind: "pace";
  view: Id;
  rate: number;
}

/** The tree rows a view has on screen, as indices of the tree with this revision. */
export interface Rows {
  kind: "rows";
  view: Id;
  revision: number;
  rows: number[];
}

/** Asks for changes, about once a second if no hook reports the end of a cell. */
export interface Ask {
  kind: "ask";
  view: Id;
}

/** Cancel an intent: it is refused if it still waits, undone if it was done in the meantime. A kernel that does not read messages while it is busy finds both when the cell has ended. */
export interface Withdraw {
  kind: "withdraw";
  intent: Id;
}

/** Re-initialize a slot or all below a module; ``dry`` only says what would happen. ``arguments`` and ``seed`` are as typed; only Python turns them into values. An empty ``seed`` asks for a new one. Empty ``types`` and ``parameters`` select everything. */
export interface Initialize {
  kind: "initialize";
  id: Id;
  path: Name[];
  name: Name;
  arguments: Record<string, string>;
  types: string[];
  parameters: Name[];
  seed: string;
  dry: boolean;
}

/** Set one element to what was typed. */
export interface Assign {
  kind: "assign";
  id: Id;
  path: Name[];
  index: number[];
  value: string;
}

/** Set a slice (in numpy's syntax; empty for all) to an expression of ``w``. */
export interface Compute {
  kind: "compute";
  id: Id;
  path: Name[];
  index: string;
  expression: string;
}

/** Freeze a slot or the parameters below a module, or unfreeze them. Empty ``types`` and ``parameters`` do not narrow. */
export interface SetRequiresGrad {
  kind: "set_requires_grad";
  id: Id;
  path: Name[];
  value: boolean;
  types?: string[];
  parameters?: Name[];
}

/** Let the second slot hold the first one's tensor. */
export interface Tie {
  kind: "tie";
  id: Id;
  first: Name[];
  second: Name[];
}

/** Undo the newest edit. Where that would put away values of a whole tensor that something else has written, it is refused with ``where`` "confirmed", unless it is ``confirmed``. Where it cannot be done at all, ``where`` is "skip". An answer says which ``entry`` and ``stake`` the refusal was about, so that nothing else is undone than was agreed to; without them it is about whatever is the newest. */
export interface Undo {
  kind: "undo";
  id: Id;
  confirmed?: boolean;
  entry?: number;
  stake?: string;
}

/** Leave the newest edit as it is, so that undo goes on with the one before it. ``entry`` as for undo. */
export interface Skip {
  kind: "skip";
  id: Id;
  entry?: number;
}

/** Restore an entry of the journal that was replaced or dropped. */
export interface BringBack {
  kind: "bring_back";
  id: Id;
  entry: number;
}

/** Redo the edit that was undone last. */
export interface Redo {
  kind: "redo";
  id: Id;
}

/** Back to the start: undo every edit in effect. ``confirmed`` and ``stake`` as for undo. */
export interface Restart {
  kind: "restart";
  id: Id;
  confirmed?: boolean;
  stake?: string;
}

/** The module tree in columns, one entry per row, in the order of a depth-first walk. ``parents`` holds row indices (-1 for the root), ``type_of`` and ``dtype_of`` indices into ``types`` and ``dtypes`` (-1 for none). ``shapes`` is null for modules and for tensors without a known shape. ``counts`` are elements: of a slot its own, of a module those of the parameters below it, each shared one once. ``trainable`` is requires_grad for slots, null for modules and empty slots. ``notes`` has a sentence for the rows (by index) that need one. ``name`` is the model's in Python. */
export interface Tree {
  kind: "tree";
  revision: number;
  model: string;
  names: Name[];
  parents: number[];
  kinds: Kind[];
  types: string[];
  type_of: number[];
  shapes: (number[] | null)[];
  dtypes: string[];
  dtype_of: number[];
  counts: number[];
  trainable: (boolean | null)[];
  states: State[];
  notes: Record<string, string>;
  ties: TieRows[];
  shared_modules: SharedModule[];
  totals: Totals;
  warnings: string[];
  name: string;
}

/** The changes of a large tree since the tree of revision ``before``. From row ``start`` on, ``removed`` rows are replaced by ``rows``. Of those that stay, ``changed`` are the ones (by their new index) that now read as in ``changed_rows``. Everything else is sent whole. */
export interface TreeChange {
  kind: "treechange";
  revision: number;
  before: number;
  start: number;
  removed: number;
  rows: TreeRows;
  changed: number[];
  changed_rows: TreeRows;
  types: string[];
  dtypes: string[];
  notes: Record<string, string>;
  ties: TieRows[];
  shared_modules: SharedModule[];
  totals: Totals;
  warnings: string[];
}

/** The ties that a load, a cast or a cell broke, and those that it made, as long as it is so. */
export interface TieNews {
  kind: "tienews";
  lost: TieOffer[];
  gained: TieOffer[];
}

export interface Briefs {
  kind: "briefs";
  revision: number;
  briefs: Brief[];
}

/** All open panels, in order. */
export interface Panels {
  kind: "panels";
  panels: PanelState[];
  closed: ClosedPanel[];
}

/** What a panel shows of its slot beside the picture; sent again when it changes. */
export interface Facts {
  kind: "facts";
  panel: string;
  path: Name[];
  name: string;
  slot_kind: Kind;
  type_name: string;
  shape: number[] | null;
  dtype: string;
  device: string;
  requires_grad: boolean | null;
  state: State;
  reason: string;
  note: string;
  access: string[];
  ties: TieFact[];
  lenses: LensFact[];
  locked: string;
  unfit: Record<string, string>;
  twins: Twin[];
  untrainable: string;
}

/** What one panel shows now. Without a ``picture``, ``message`` says why. */
export interface Frame {
  kind: "frame";
  panel: string;
  generation: number;
  revision: number;
  cause: Cause;
  lens: string;
  message: string;
  picture: Picture | null;
  statistics: Statistics | null;
  bars: Bars | null;
}

/** The edits, oldest first; what undo and redo would do next ("" for nothing). Unless it is ``whole``, only the lines that are new or have changed are sent, to be put in place by their numbers; of the code, what follows the first ``code_kept`` characters. Lines before ``first`` are no longer shown. */
export interface Journal {
  kind: "journal";
  entries: Entry[];
  undo: string;
  redo: string;
  code: string;
  whole: boolean;
  code_kept: number;
  first: number;
}

/** What the forms offer: every initializer, and the language of expressions. */
export interface Catalog {
  kind: "catalog";
  initializers: Initializer[];
  functions: Function[];
  examples: string[];
}

/** Whether a cell is running, and how many edits are waiting for a safe moment. ``polls``: nobody tells Python that a cell has ended, so a visible view asks about once a second. ``notice`` is a sentence for the person: why the page is sent nothing else. */
export interface Status {
  kind: "status";
  busy: boolean;
  waiting: number;
  polls: boolean;
  notice: string;
}

/** The one reply to an intent. ``where`` names the control that an error belongs to. Where it can be answered, ``entry`` is the number of the journal's entry that it is about, and ``stake`` stands for the slots that it names: an answer says both. */
export interface Reply {
  kind: "reply";
  id: string;
  ok: boolean;
  error: string;
  where: string;
  title: string;
  changed: number;
  seed: string;
  warnings: string[];
  preview: Preview | null;
  entry: number;
  stake: string;
}

/** Asks for the modules (unless ``rows`` is false) and the state of the docks. */
export interface LabList {
  kind: "lablist";
  n: number;
  rows: boolean;
  bonds: LabBond[];
}

/** Asks what one module or holder contains. */
export interface LabExpand {
  kind: "labexpand";
  n: number;
  path: LabStep[];
}

/** Asks for a widget of the module at this path, for the docked view ``view``. */
export interface LabDock {
  kind: "labdock";
  n: number;
  view: string;
  path: LabStep[];
}

/** Asks which module the widget with this model id shows. */
export interface LabFind {
  kind: "labfind";
  n: number;
  view: string;
  model: string;
}

/** The docked view is gone. */
export interface LabUndock {
  kind: "labundock";
  n: number;
  view: string;
}

/** The script of a module's journal, by its path or by a widget's model id. */
export interface LabJournal {
  kind: "labjournal";
  n: number;
  path: LabStep[];
  model: string;
}

/** The rows of a list or of one holder; ``more`` were left out. ``torch`` is false if it has not been imported yet. ``bonds`` says for each dock what its path leads to now; ``unfinished`` says that some modules have not been counted yet. */
export interface LabRows {
  kind: "labrows";
  n: number;
  torch: boolean;
  rows: LabRow[];
  more: number;
  unfinished: boolean;
  bonds: ("same" | "other" | "gone")[];
}

/** The widget to show. ``path`` is empty if no variable leads to its module. */
export interface LabDocked {
  kind: "labdocked";
  n: number;
  model: string;
  object: string;
  path: LabStep[];
  expression: string;
  type_name: string;
}

/** The script that was asked for. */
export interface LabCode {
  kind: "labcode";
  n: number;
  code: string;
}

/** The question was carried out. */
export interface LabDone {
  kind: "labdone";
  n: number;
}

/** The reason for a refusal, as a sentence. */
export interface LabRefused {
  kind: "labrefused";
  n: number;
  reason: string;
}

export type ToKernel = Hello | View | Open | Close | Look | Pace | Rows | Ask | Withdraw | Initialize | Assign | Compute | SetRequiresGrad | Tie | Undo | Skip | BringBack | Redo | Restart;

export type ToBrowser = Tree | TreeChange | TieNews | Briefs | Panels | Facts | Frame | Journal | Catalog | Status | Reply;

export type LabQuestion = LabList | LabExpand | LabDock | LabFind | LabUndock | LabJournal;

export type LabAnswer = LabRows | LabDocked | LabCode | LabDone | LabRefused;

export type Intent = Initialize | Assign | Compute | SetRequiresGrad | Tie | Undo | Skip | BringBack | Redo | Restart;

/** What a field holds: the name of a plain type or of a part, or a list, a record of it or null. */
export type Sort = string | readonly ["list" | "record" | "maybe", Sort];

/** The fields of each message to the browser, by its kind, and of the parts that they hold. */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, Sort>>>> = {
  tree: { revision: "integer", model: "string", names: ["list", "string"], parents: ["list", "integer"], kinds: ["list", "string"], types: ["list", "string"], type_of: ["list", "integer"], shapes: ["list", ["maybe", ["list", "integer"]]], dtypes: ["list", "string"], dtype_of: ["list", "integer"], counts: ["list", "integer"], trainable: ["list", ["maybe", "boolean"]], states: ["list", "string"], notes: ["record", "string"], ties: ["list", "TieRows"], shared_modules: ["list", "SharedModule"], totals: "Totals", warnings: ["list", "string"], "name?": "string" },
  treechange: { revision: "integer", before: "integer", start: "integer", removed: "integer", rows: "TreeRows", changed: ["list", "integer"], changed_rows: "TreeRows", types: ["list", "string"], dtypes: ["list", "string"], notes: ["record", "string"], ties: ["list", "TieRows"], shared_modules: ["list", "SharedModule"], totals: "Totals", warnings: ["list", "string"] },
  tienews: { lost: ["list", "TieOffer"], gained: ["list", "TieOffer"] },
  briefs: { revision: "integer", briefs: ["list", "Brief"] },
  panels: { panels: ["list", "PanelState"], closed: ["list", "ClosedPanel"] },
  facts: { panel: "string", path: ["list", "string"], name: "string", slot_kind: "string", type_name: "string", shape: ["maybe", ["list", "integer"]], dtype: "string", device: "string", requires_grad: ["maybe", "boolean"], state: "string", reason: "string", note: "string", access: ["list", "string"], ties: ["list", "TieFact"], lenses: ["list", "LensFact"], locked: "string", unfit: ["record", "string"], "twins?": ["list", "Twin"], "untrainable?": "string" },
  frame: { panel: "string", generation: "integer", revision: "integer", cause: "string", lens: "string", message: "string", picture: ["maybe", "Picture"], statistics: ["maybe", "Statistics"], bars: ["maybe", "Bars"] },
  journal: { entries: ["list", "Entry"], undo: "string", redo: "string", code: "string", "whole?": "boolean", "code_kept?": "integer", "first?": "integer" },
  catalog: { initializers: ["list", "Initializer"], functions: ["list", "Function"], examples: ["list", "string"] },
  status: { busy: "boolean", waiting: "integer", polls: "boolean", "notice?": "string" },
  reply: { id: "string", ok: "boolean", error: "string", where: "string", title: "string", changed: "integer", seed: "string", warnings: ["list", "string"], preview: ["maybe", "Preview"], "entry?": "integer", "stake?": "string" },
  TieRows: { kind: "string", rows: ["list", "integer"] },
  SharedModule: { rows: ["list", "integer"], proof: "string" },
  Totals: { parameters: "integer", trainable: "integer", bytes: "integer", bytes_text: "string", parameter_tensors: "integer", named_slots: "integer", state_entries: "integer" },
  TreeRows: { names: ["list", "string"], depths: ["list", "integer"], kinds: ["list", "string"], type_of: ["list", "integer"], shapes: ["list", ["maybe", ["list", "integer"]]], dtype_of: ["list", "integer"], counts: ["list", "integer"], trainable: ["list", ["maybe", "boolean"]], states: ["list", "string"] },
  TieOffer: { first: ["list", "string"], second: ["list", "string"], first_name: "string", second_name: "string", "locked?": "string" },
  Brief: { row: "integer", mean: "string", std: "string", bars: ["list", "integer"], sampled: "boolean", alarm: "string" },
  PanelState: { panel: "string", path: ["list", "string"], lens: "string", generation: "integer", window: ["maybe", ["list", "integer"]], cells: ["list", "integer"], sliders: ["list", "integer"] },
  ClosedPanel: { panel: "string", reason: "string" },
  TieFact: { kind: "string", names: ["list", "string"], paths: ["list", ["list", "string"]], proof: "string" },
  LensFact: { name: "string", label: "string", locked: "string" },
  Twin: { offer: "TieOffer", same_values: "boolean", declared: "string" },
  Layout: { shape: ["list", "integer"], rows: "integer", cols: "integer", outer: ["list", "integer"], kernel: ["list", "integer"], gap: ["list", "integer"], sliders: ["list", "integer"] },
  Plane: { role: "string", encoding: "string", buffer: "integer" },
  Picture: { layout: "Layout", sliders: ["list", "integer"], window: ["list", "integer"], block: ["list", "integer"], exact: "boolean", planes: ["list", "Plane"], texts: ["record", "string"], limits: ["list", "number"], limits_text: "string", "dtype?": "string", "scale?": "string", "shared_scale?": "string" },
  Statistics: { numel: "string", min: "string", max: "string", mean: "string", std: "string", zeros: "string", nan: "string", inf: "string" },
  Bars: { heights: ["list", "number"], counts: ["list", "integer"], low: "string", high: "string", zero: ["maybe", "number"], sampled: "boolean" },
  Entry: { title: "string", names: ["list", "string"], changed: "integer", skipped: ["list", "string"], seed: "string", warnings: ["list", "string"], code: "string", stands: "boolean", error: "string", "of?": "string", "number?": "integer", "can_be_brought_back?": "boolean", "left_out?": "integer" },
  Argument: { name: "string", type: "string", default: ["maybe", "string"], choices: ["list", "string"] },
  Initializer: { name: "string", source: "string", summary: "string", doc: "string", arguments: ["list", "Argument"], random: "boolean" },
  Function: { call: "string", means: "string" },
  Skipped: { reason: "string", count: "integer", names: ["list", "string"] },
  Preview: { count: "integer", names: ["list", "string"], skipped: ["list", "Skipped"], promise: "string", "warnings?": ["list", "string"] },
};
