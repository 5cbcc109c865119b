/** Switches off a part that crashes, with a message; the rest keeps working. */

import { Component, type ComponentChildren } from "preact";

interface GuardProps {
  /** What the part is called in the message. */
  part: string;
  children: ComponentChildren;
}

export class Guard extends Component<GuardProps, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static override getDerivedStateFromError(error: unknown) {
    return { error: error ?? "unknown" };
  }

  override componentDidCatch(error: unknown) {
    console.error(`paramwidget: ${this.props.part} was switched off`, error);
  }

  override render({ part, children }: GuardProps) {
    if (this.state.error === undefined) return children;
    return (
      <div class="notice danger" role="alert">
        <span>
          {`${part} failed and was switched off (${String(this.state.error)}); the rest works.`}
        </span>
        <button class="button" type="button" onClick={() => this.setState({ error: undefined })}>
          Try again
        </button>
      </div>
    );
  }
}
