/** The JupyterLab extension: assembles its parts and restores the last session. */

import { ILabShell, ILayoutRestorer, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IConsoleTracker } from "@jupyterlab/console";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { addCommands, COMMANDS } from "./commands";
import { Docks } from "./dock/docks";
import { Lines } from "./kernel/line";
import { Live } from "./live";
import { Owners } from "./owner";
import { ParametersPanel } from "./panel/panel";
import { followSettings } from "./settings";

const ID = "paramwidget-lab:plugin";

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Lists the live models of the active kernel and docks the widget on one.",
  autoStart: true,
  optional: [
    INotebookTracker,
    IConsoleTracker,
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    ISettingRegistry,
  ],
  activate: (
    app,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    lab: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
  ) => {
    const lines = new Lines();
    const docks = new Docks(app.shell, lab, lines);
    const owners = new Owners(app.shell, notebooks, consoles, (widget) => docks.ownerOf(widget));
    const live = new Live(owners, lines);
    const panel = new ParametersPanel(live, (row) => {
      if (live.owner) void docks.dock(live.owner, row.path);
    });
    // Notebook 7 docks to the right, where the list would be covered.
    app.shell.add(panel, lab ? "right" : "left", { rank: 950 });
    restorer?.add(panel, "paramwidget-live");
    addCommands({ app, palette, owners, docks, lines, panel, notebooks });
    void restorer?.restore(docks.tracker, {
      command: COMMANDS.restore,
      args: ({ place }) => ({ place: { ...place, path: place.path.map((step) => ({ ...step })) } }),
      name: ({ place }) => place.view,
    });
    if (settings) void followSettings(settings, ID);
  },
};

export default plugin;
