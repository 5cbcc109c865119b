/** The entry point for anywidget: one store per widget, and one mounted app per view. */

import type { Initialized, Rendered } from "./anywidget";
import { mount } from "./mount";
import { WidgetStore } from "./store/store";
import { overAnywidget } from "./transport";

export default () => {
  let store: WidgetStore | undefined;

  return {
    initialize({ model, signal }: Initialized) {
      store = new WidgetStore(overAnywidget(model));
      return lifetime(signal, (end) => store?.start(end));
    },

    render({ el, signal }: Rendered) {
      return lifetime(signal, (end) => {
        if (store) mount(el, store, end);
      });
    },
  };
};

/** Hosts end a view with the returned function or a signal, older ones with the function only. */
function lifetime(outer: AbortSignal | undefined, start: (end: AbortSignal) => void): () => void {
  const end = new AbortController();
  const stop = () => end.abort();
  outer?.addEventListener("abort", stop, { once: true });
  start(end.signal);
  return stop;
}
