/** Reports the state of a view to Python, so that it does no work for a view that nobody sees. */

import { effect } from "@preact/signals";
import type { View } from "../../shared/protocol";
import type { Store } from "./store/store";
import type { ViewState } from "./store/view";

const ALIVE_EVERY_MS = 20_000;
const ASK_EVERY_MS = 1_000;

export function viewLife(host: HTMLElement, store: Store, view: ViewState, end: AbortSignal): void {
  let onScreen = true;
  let told: View["what"] | "" = "";
  let heardAtAsk = -1;

  const say = (what: View["what"]) => store.say({ kind: "view", view: view.id, what });
  const visible = () => onScreen && document.visibilityState !== "hidden";
  const tell = () => {
    const what = visible() ? "shown" : "hidden";
    if (told && what !== told) say(what);
    if (told) told = what;
    view.onScreen.value = visible();
  };
  const open = () => {
    say("opened");
    told = "shown";
    tell();
  };
  // A page that is left may be reloaded, and Python keeps the model for it.
  const close = (left: boolean) => {
    if (told) store.say({ kind: "view", view: view.id, what: "closed", left });
    told = "";
  };
  // Needed only if no hook reports the end of a cell to Python. A busy kernel leaves the last request
  // unanswered: no further one is sent, or they would all arrive when the cell ends.
  const ask = () => {
    if (!told || !visible() || !store.status.peek().polls) return;
    if (store.connection.peek() !== "live" || store.heard.peek() === heardAtAsk) return;
    heardAtAsk = store.heard.peek();
    store.say({ kind: "ask", view: view.id });
  };

  const observer = new IntersectionObserver((entries) => {
    onScreen = entries.at(-1)?.isIntersecting ?? true;
    tell();
  });
  observer.observe(host);
  document.addEventListener("visibilitychange", tell, { signal: end });
  window.addEventListener("pagehide", () => close(true), { signal: end });
  window.addEventListener("pageshow", () => told || open(), { signal: end });
  let rate = 0;
  const pace = () => {
    const { liveRate } = view.settings.peek();
    if (!told || liveRate === rate) return;
    rate = liveRate;
    store.say({ kind: "pace", view: view.id, rate: liveRate });
  };
  const timers = [
    setInterval(() => told && say("alive"), ALIVE_EVERY_MS),
    setInterval(ask, ASK_EVERY_MS),
  ];
  const stop = effect(() => {
    store.hellos.value;
    open();
    rate = 0;
    pace();
  });
  const stopPace = effect(() => {
    view.settings.value;
    pace();
  });
  end.addEventListener("abort", () => {
    stop();
    stopPace();
    observer.disconnect();
    for (const timer of timers) clearInterval(timer);
    close(false);
  });
}
