/**
 * Registers the extension in a kernel, with one silent request that binds no name and counts no
 * cell.
 */

import type { Kernel, KernelMessage } from "@jupyterlab/services";

/** Our own expression, never a user's; its value is None. */
const SERVE = "__import__('paramwidget.lab', fromlist=['serve']).serve()";

/** Why a kernel could not be reached. */
export type Boot = "ready" | "no-package" | { error: string };

/**
 * Loads `paramwidget.lab`, on a subshell if the kernel has them, so that it works while a cell
 * runs.
 */
export async function boot(kernel: Kernel.IKernelConnection): Promise<Boot> {
  await kernel.info;
  if (!kernel.supportsSubshells) return read(await ask(kernel));
  const created = await kernel.requestCreateSubshell({}).done;
  const clone = kernel.clone();
  clone.subshellId = (created.content as { subshell_id?: string }).subshell_id ?? null;
  try {
    return read(await ask(clone));
  } finally {
    clone.dispose(); // which deletes its subshell
  }
}

async function ask(kernel: Kernel.IKernelConnection): Promise<KernelMessage.IExecuteReplyMsg> {
  const future = kernel.requestExecute({
    code: "",
    silent: true,
    store_history: false,
    stop_on_error: false,
    user_expressions: { serve: SERVE },
  });
  return await future.done;
}

function read({ content }: KernelMessage.IExecuteReplyMsg): Boot {
  if (content.status !== "ok") return { error: "The kernel did not answer." };
  const said = content.user_expressions?.serve as
    | { status: string; ename?: string; evalue?: string }
    | undefined;
  if (said?.status !== "error") return "ready";
  if (said.ename === "ModuleNotFoundError" && /paramwidget/.test(said.evalue ?? "")) {
    return "no-package";
  }
  return { error: `${said.ename}: ${said.evalue}` };
}
