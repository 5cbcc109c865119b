/** The shell of one view: toolbar, tree, panels, journal. */

import { PanelView } from "./panel/PanelView";
import type { Store } from "./store/store";
import type { ViewState } from "./store/view";

export interface AppProps {
  store: Store;
  view: ViewState;
}

export function App({ store, view }: AppProps) {
  return (
    <div class="app">
      {store.panels.value.map((panel) => (
        <PanelView key={panel.id} store={store} view={view} panel={panel} />
      ))}
    </div>
  );
}
