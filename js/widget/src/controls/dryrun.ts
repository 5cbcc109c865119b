/** What an initialization would do, asked while choosing, one request at a time. */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Reply } from "../../../shared/protocol";

/** A dry run's answer; `stale` while a newer one is on its way. */
export interface Tried {
  reply: Reply | null;
  stale: boolean;
}

/**
 * Waits until the choice has been stable for a moment. While a question is unanswered, as a busy
 * kernel leaves it for minutes, none is added: of all later choices the last is asked about in the
 * end.
 */
export class DryRun<Question> {
  private readonly tried = signal<Tried>({ reply: null, stale: false });
  private timer: ReturnType<typeof setTimeout> | undefined;
  private outstanding = false;
  private wanted: Question | undefined;
  private stopped = false;

  constructor(
    private readonly ask: (question: Question) => Promise<Reply>,
    private readonly pause = 150,
  ) {}

  get answer(): ReadonlySignal<Tried> {
    return this.tried;
  }

  want(question: Question): void {
    this.wanted = question;
    this.tried.value = { ...this.tried.peek(), stale: true };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), this.pause);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    const question = this.wanted;
    if (this.outstanding || this.stopped || question === undefined) return;
    this.outstanding = true;
    this.wanted = undefined;
    const reply = await this.ask(question);
    this.outstanding = false;
    if (this.stopped) return;
    this.tried.value = { reply, stale: this.wanted !== undefined };
    void this.run();
  }
}
