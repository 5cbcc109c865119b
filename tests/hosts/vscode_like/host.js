// Stands for VS Code's notebook page: loads the very bundle VS Code uses for widgets
// (@vscode/jupyter-ipywidgets8) and connects it to a kernel of a Jupyter server.
import { KernelManager, ServerConnection } from "@jupyterlab/services";

const VIEW = "application/vnd.jupyter.widget-view+json";

/** VS Code registers share/jupyter/nbextensions/<name>/index.js with require.js. */
function scriptLoader(scripts) {
  const known = new Set();
  return {
    widgetsRegisteredInRequireJs: known,
    async loadWidgetScript(name) {
      if (!scripts[name]) throw new Error(`no script for ${name}`);
      window.requirejs.config({ paths: { [name]: scripts[name] } });
      known.add(name);
    },
    successHandler() {},
    errorHandler: (...what) => console.error("a widget was not loaded", ...what.map(String)),
  };
}

function element(name, parent) {
  const made = document.createElement("div");
  made.className = name;
  parent.append(made);
  return made;
}

/** A kernel that answers: the server may refuse the first connection to one that is starting. */
async function kernelThatAnswers(kernels, tries = 3) {
  if (!tries) throw new Error("no kernel has answered");
  const kernel = await kernels.startNew({ name: "python3" });
  const dead = new Promise((resolve) => {
    const look = () => kernel.status === "dead" && resolve(true);
    kernel.statusChanged.connect(look);
    look();
  });
  const isDead = await Promise.race([kernel.info.then(() => false), dead]);
  if (!isDead) return kernel;
  await kernels.shutdown(kernel.id);
  return kernelThatAnswers(kernels, tries - 1);
}

export async function start(baseUrl, scripts) {
  const wsUrl = baseUrl.replace(/^http/, "ws");
  const serverSettings = ServerConnection.makeSettings({ baseUrl, wsUrl, token: "" });
  const kernel = await kernelThatAnswers(new KernelManager({ serverSettings }));
  kernel.commsOverSubshells = "disabled"; // as VS Code: every comm message to the main shell
  const loader = scriptLoader(scripts);
  const manager = new window.vscIPyWidgets.WidgetManager(kernel, document.body, loader, () => {});

  async function show(data, parent) {
    const node = element("cell-output-ipywidget-background", parent);
    const model = await manager.get_model(data.model_id);
    await manager.display_view(data, await manager.create_view(model, { el: node }), { node });
  }

  /** Runs code as a cell (or, silently, outside any); resolves with its text and its errors. */
  async function run(code, silent = false) {
    const said = { text: "", error: "" };
    const views = [];
    const out = silent ? null : element("cell-output", document.body);
    const future = kernel.requestExecute({ code, silent, store_history: !silent });
    future.onIOPub = ({ header, content }) => {
      if (header.msg_type === "stream") said.text += content.text;
      if (header.msg_type === "error") said.error += content.traceback.join("\n");
      if (content.data?.[VIEW]) views.push(show(content.data[VIEW], out));
      else if (content.data?.["text/plain"]) said.text += content.data["text/plain"];
    };
    await future.done;
    await Promise.all(views);
    if (out && said.text) element("cell-text", out).textContent = said.text;
    return said;
  }
  return { kernel, run, stop: () => kernel.shutdown() };
}
