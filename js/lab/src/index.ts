/** The JupyterLab extension. */

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "paramwidget-lab:plugin",
  description: "Lists the live models of the active kernel and docks the widget on one.",
  autoStart: true,
  activate: () => undefined,
};

export default plugin;
