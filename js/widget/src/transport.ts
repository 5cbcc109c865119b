/** Messages to and from Python over anywidget's model; knows only their kind. */

import type { ToBrowser, ToKernel } from "../../shared/protocol";
import type { AnyModel } from "./anywidget";

export interface Packet {
  content: ToBrowser;
  buffers: readonly DataView[];
}

export interface Transport {
  /**
   * False if it cannot be sent: there is no kernel, or it is not the one that created the model.
   */
  send(message: ToKernel): boolean;
  /** Calls back until `signal` aborts. `onCut` says that the kernel may be another one. */
  listen(onPacket: (packet: Packet) => void, onCut: () => void, signal: AbortSignal): void;
  /** The messages saved with the notebook, in order. */
  saved(): Packet[];
}

export function overAnywidget(model: AnyModel): Transport {
  return {
    send(message) {
      try {
        Promise.resolve(model.send(message)).catch(() => undefined); // some hosts promise
        return true;
      } catch {
        return false;
      }
    },
    listen(onPacket, onCut, signal) {
      const receive = (content: unknown, buffers?: unknown) => {
        const packet = packetOf({ content, buffers });
        if (packet) onPacket(packet);
      };
      model.on("msg:custom", receive);
      model.on("comm_live_update", onCut);
      signal.addEventListener("abort", () => {
        model.off("msg:custom", receive);
        model.off("comm_live_update", onCut);
      });
    },
    saved() {
      const { messages } = (model.get("saved") ?? {}) as { messages?: unknown };
      return Array.isArray(messages) ? messages.map(packetOf).filter((packet) => !!packet) : [];
    },
  };
}

function packetOf(message: unknown): Packet | null {
  const { content, buffers } = (message ?? {}) as { content?: unknown; buffers?: unknown };
  if (typeof (content as { kind?: unknown } | null)?.kind !== "string") return null;
  try {
    const list = Array.isArray(buffers) ? buffers.map(viewOf) : [];
    return { content: content as ToBrowser, buffers: list };
  } catch {
    return null; // what stands for a buffer is none
  }
}

/** Hosts hand over views, most often in the middle of a larger buffer, or whole buffers. */
function viewOf(buffer: ArrayBuffer | ArrayBufferView): DataView {
  return ArrayBuffer.isView(buffer)
    ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new DataView(buffer);
}
