/** Requests to Python without an answer yet: each intent gets one reply. */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Intent, Reply, Withdraw } from "../../../shared/protocol";

export const NO_KERNEL = "No kernel is connected: this is the last picture.";

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An intent before it has its id. */
export type Asked = Without<Intent, "id">;

export class Intents {
  private readonly waiting = new Map<string, (reply: Reply) => void>();
  private readonly changes = new Set<string>();
  private readonly changing = signal(0);
  private count = 0;

  constructor(
    private readonly prefix: string,
    private readonly send: (message: Intent | Withdraw) => boolean,
  ) {}

  /** How many changes are unanswered and not cancelled. */
  get pending(): ReadonlySignal<number> {
    return this.changing;
  }

  /**
   * Resolves with the one reply, always; while a cell is running that may take its time. Until then
   * `signal` takes the question back.
   */
  ask(asked: Asked, signal?: AbortSignal): Promise<Reply> {
    this.count += 1;
    const id = `${this.prefix}-${this.count}`;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      if (!("dry" in asked && asked.dry)) this.changes.add(id);
      this.countChanges();
      signal?.addEventListener("abort", () => {
        this.changes.delete(id);
        this.countChanges();
        if (this.waiting.has(id)) this.send({ kind: "withdraw", intent: id });
      });
      if (!this.send({ ...asked, id } as Intent)) {
        this.settle(refusal(id, NO_KERNEL));
      }
    });
  }

  settle(reply: Reply): void {
    const resolve = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    this.changes.delete(reply.id);
    this.countChanges();
    resolve?.(reply);
  }

  private countChanges(): void {
    this.changing.value = this.changes.size;
  }

  /** No answer will come any more. */
  abandon(reason: string): void {
    for (const id of [...this.waiting.keys()]) this.settle(refusal(id, reason));
  }
}

function refusal(id: string, error: string): Reply {
  const empty = {
    where: "",
    title: "",
    changed: 0,
    seed: "",
    warnings: [],
    preview: null,
    entry: -1,
    stake: "",
  };
  return { kind: "reply", id, ok: false, error, ...empty };
}
