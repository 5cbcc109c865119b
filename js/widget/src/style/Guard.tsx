/** Switches off a part that crashes, with a message; the rest keeps working. */

import type { ReadonlySignal } from "@preact/signals";
import { Component, type ComponentChildren } from "preact";

interface GuardProps {
  /** What the part is called in the message. */
  part: string;
  /** Counts what came from Python: with other data the part may work again, so it is tried. */
  heard: ReadonlySignal<number>;
  children: ComponentChildren;
}

interface GuardState {
  error: unknown;
  /** How much had been heard when it failed. */
  at: number;
}

export class Guard extends Component<GuardProps, GuardState> {
  override state: GuardState = { error: undefined, at: -1 };
  private failed = false;

  override componentDidCatch(error: unknown) {
    if (!this.failed && String(error) !== String(this.state.error))
      console.error(`paramwidget: ${this.props.part} was switched off`, error);
    this.failed = true;
    this.setState({ error: error ?? "unknown", at: this.props.heard.peek() });
  }

  override componentDidUpdate() {
    const tried = this.state.error !== undefined && this.state.at !== this.props.heard.peek();
    if (tried && !this.failed) this.setState({ error: undefined });
  }

  /** The message stays where it is during a new try, so that it is not read aloud again. */
  override render({ part, heard, children }: GuardProps) {
    const { error, at } = this.state;
    this.failed = false;
    if (error === undefined) return <>{children}</>;
    const off = at === heard.value;
    return (
      <>
        {!off && children}
        <div class="notice danger" role="alert" key="failed">
          <span>{`${part} failed and was switched off (${String(error)}); the rest works.`}</span>
          <button class="button" type="button" onClick={() => this.setState({ at: -1 })}>
            Try again
          </button>
        </div>
      </>
    );
  }
}
