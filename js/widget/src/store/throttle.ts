/** At most one call in so many milliseconds; of those between, the newest is made in the end. */

export class Throttle {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private next: (() => void) | undefined;

  constructor(private readonly every: number) {}

  /** It waits for time, never for an answer: a busy kernel does not give one. */
  call(action: () => void): void {
    if (this.timer !== undefined) {
      this.next = action;
      return;
    }
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const { next } = this;
      this.next = undefined;
      if (next) this.call(next);
    }, this.every);
    action();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.next = undefined;
  }
}
