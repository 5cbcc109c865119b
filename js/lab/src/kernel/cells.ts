/** Reports the end of each cell, whoever ran it, but not of silent requests such as ours. */

import type { ISessionContext } from "@jupyterlab/apputils";
import type { KernelMessage } from "@jupyterlab/services";

export function afterCells(context: ISessionContext, ended: () => void): () => void {
  const running = new Set<string>();
  const hear = (_: unknown, message: KernelMessage.IMessage) => {
    const asked = (message.parent_header as { msg_id?: string }).msg_id ?? "";
    if (message.header.msg_type === "execute_input") running.add(asked);
    if (message.header.msg_type !== "status") return;
    const { execution_state } = message.content as KernelMessage.IStatusMsg["content"];
    if (execution_state === "idle" && running.delete(asked)) ended();
  };
  context.iopubMessage.connect(hear);
  return () => {
    context.iopubMessage.disconnect(hear);
  };
}
