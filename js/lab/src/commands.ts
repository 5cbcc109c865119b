/** The commands of the palette, the notebook's context menu and the shortcuts. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, Notification } from "@jupyterlab/apputils";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import type { ConsolePanel } from "@jupyterlab/console";
import { type INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { LabStep } from "../../shared/protocol";
import { type Docks, failure } from "./dock/docks";
import { DockView, type Place } from "./dock/view";
import { parametersIcon } from "./icons";
import type { Lines, Question } from "./kernel/line";
import { kernelOf, type Owner, type Owners } from "./owner";
import type { ParametersPanel } from "./panel/panel";
import { stepsAt } from "./variable";

export const COMMANDS = {
  panel: "paramwidget:show-panel",
  variable: "paramwidget:show-variable",
  dock: "paramwidget:dock-widget",
  journal: "paramwidget:insert-journal",
  restore: "paramwidget:restore-dock",
} as const;

const VIEW = "application/vnd.jupyter.widget-view+json";

interface Parts {
  readonly app: JupyterFrontEnd;
  readonly palette: ICommandPalette | null;
  readonly owners: Owners;
  readonly docks: Docks;
  readonly lines: Lines;
  readonly panel: ParametersPanel;
  readonly notebooks: INotebookTracker | null;
}

export function addCommands(parts: Parts): void {
  const { commands, shell } = parts.app;
  const { owners, docks, palette } = parts;
  commands.addCommand(COMMANDS.panel, {
    label: "Show the Kernel's Live Models",
    icon: parametersIcon,
    execute: () => shell.activateById(parts.panel.id),
  });
  commands.addCommand(COMMANDS.variable, {
    label: "Show Parameters of the Variable Under the Cursor",
    icon: parametersIcon,
    isEnabled: () => !!owners.current,
    execute: async () => {
      const owner = owners.current;
      const steps = owner && stepsUnderCursor(owner);
      if (owner && steps?.length) await docks.dock(owner, steps);
      else if (owner) tell("The cursor is not on a name.");
    },
  });
  commands.addCommand(COMMANDS.dock, {
    label: "Dock This Widget",
    isEnabled: () => !!owners.current && !!widgetOf(parts),
    execute: async () => {
      const model = widgetOf(parts);
      if (owners.current && model) await docks.dockWidget(owners.current, model);
      else tell("The active cell does not show a widget.");
    },
  });
  commands.addCommand(COMMANDS.journal, {
    label: "Insert the Journal as a Cell Below",
    isEnabled: () => owners.current?.kind === "notebook",
    execute: () => insertJournal(parts),
  });
  commands.addCommand(COMMANDS.restore, {
    label: "Restore a Docked Widget",
    isVisible: () => false,
    execute: (args: ReadonlyPartialJSONObject) => {
      docks.restore(owners, args.place as unknown as Place);
    },
  });
  for (const command of [COMMANDS.panel, COMMANDS.variable, COMMANDS.dock, COMMANDS.journal]) {
    palette?.addItem({ command, category: "Parameters" });
  }
}

function tell(text: string): void {
  Notification.info(text, { autoClose: 4000 });
}

/** The editor that has the cursor: the active cell's, or the console's prompt. */
function editorOf(owner: Owner): CodeEditor.IEditor | null {
  return owner.kind === "notebook"
    ? ((owner.widget as NotebookPanel).content.activeCell?.editor ?? null)
    : ((owner.widget as ConsolePanel).console.promptCell?.editor ?? null);
}

function stepsUnderCursor(owner: Owner): LabStep[] {
  const editor = editorOf(owner);
  if (!editor) return [];
  const { line, column } = editor.getCursorPosition();
  return stepsAt(editor.getLine(line) ?? "", column);
}

/** The model id of the first widget in the active cell's output; "" where there is none. */
function widgetOf({ owners }: Parts): string {
  const { current } = owners;
  if (current?.kind !== "notebook") return "";
  const cell = (current.widget as NotebookPanel).content.activeCell;
  const outputs = (cell?.model as { outputs?: { toJSON(): unknown[] } } | undefined)?.outputs;
  for (const output of outputs?.toJSON() ?? []) {
    const { data } = output as { data?: Record<string, { model_id?: string }> };
    const id = data?.[VIEW]?.model_id;
    if (id) return id;
  }
  return "";
}

/**
 * The journal of the docked view in front, else of the active cell's widget, else of the variable
 * at the cursor.
 */
function journalOf(parts: Parts, owner: Owner): Question | null {
  const front = parts.app.shell.currentWidget;
  if (front instanceof DockView && front.place.path.length) {
    return { kind: "labjournal", path: [...front.place.path], model: "" };
  }
  const model = widgetOf(parts);
  if (model) return { kind: "labjournal", path: [], model };
  const path = stepsUnderCursor(owner);
  if (path.length) return { kind: "labjournal", path, model: "" };
  const docked = parts.docks.tracker.find((view) => view.owner?.widget === owner.widget);
  return docked ? { kind: "labjournal", path: [...docked.place.path], model: "" } : null;
}

async function insertJournal(parts: Parts): Promise<void> {
  const owner = parts.owners.current;
  const kernel = owner && kernelOf(owner);
  if (!owner || !kernel) return;
  const question = journalOf(parts, owner);
  if (!question) {
    tell("Which model's journal? Put the cursor on its variable, or into the cell of its widget.");
    return;
  }
  try {
    const answer = await parts.lines.ask(kernel, question);
    if (answer.kind === "labcode") insertBelow(owner.widget as NotebookPanel, answer.code);
    else if (answer.kind === "labrefused") tell(answer.reason);
  } catch (error) {
    tell(failure(error));
  }
}

function insertBelow({ content }: NotebookPanel, code: string): void {
  NotebookActions.insertBelow(content);
  content.activeCell?.model.sharedModel.setSource(code);
}
