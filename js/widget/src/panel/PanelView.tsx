/** One open panel. */

import type { PanelModel } from "../store/panels";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";

export interface PanelProps {
  store: Store;
  view: ViewState;
  panel: PanelModel;
}

export function PanelView({ panel }: PanelProps) {
  return <section class="panel">{panel.path.join(".")}</section>;
}
