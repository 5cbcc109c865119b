/** What anywidget hands to `initialize` and `render`, as far as we use it. */

export interface AnyModel {
  get(name: string): unknown;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): unknown;
}

export interface Initialized {
  model: AnyModel;
  signal?: AbortSignal;
}

export interface Rendered extends Initialized {
  el: HTMLElement;
}
