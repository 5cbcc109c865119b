/** The picture of a panel with its tools: lens, zoom, heatmap, readout, legend, sliders. */

import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Picture } from "../../../shared/protocol";
import { waitingText } from "../controls/asking";
import { type Actions, Heatmap } from "../heatmap/heatmap";
import { whole, windowOf } from "../heatmap/window";
import type { FrameModel } from "../store/cells";
import { NO_KERNEL } from "../store/intents";
import type { PanelModel } from "../store/panels";
import type { Store } from "../store/store";
import type { ViewState } from "../store/view";
import { readable } from "../tree/names";
import { Legend } from "./Legend";
import { LensSwitch } from "./LensSwitch";
import { type Reading, Readout } from "./Readout";
import { Sliders } from "./Sliders";
import { scaleOf } from "./scale";
import { ZoomTools } from "./ZoomTools";

interface PictureBoxProps {
  store: Store;
  view: ViewState;
  panel: PanelModel;
}

export function PictureBox({ store, view, panel }: PictureBoxProps) {
  const host = useRef<HTMLDivElement>(null);
  const heatmap = useRef<Heatmap | null>(null);
  const reading = useSignal<Reading>({ hovered: null, selected: null, refused: "" });
  useHeatmap({ store, view, panel }, host, heatmap, reading);

  const shown = panel.frame.value;
  const state = panel.state.value;
  const able = store.editable.value;
  const { message = "" } = shown?.frame ?? {};
  const picture = pictureOf(shown);
  const scale =
    picture && shown && scaleOf(shown, comparedWith(store, view), view.settings.value.colours);
  const late = !!shown && shown.frame.generation < state.generation;
  return (
    <div class="picture" aria-busy={late}>
      <div class="picture-tools">
        <LensSwitch
          lenses={panel.facts.value?.lenses ?? []}
          on={state.lens}
          able={able}
          choose={(lens) => store.look(panel.id, { lens })}
        />
        {late && <span class="waits">{waitingText(store)}</span>}
        {picture && (
          <ZoomTools
            zoomed={state.window !== null}
            able={able}
            zoom={(direction) => heatmap.current?.zoom(direction)}
            fit={() => heatmap.current?.fit()}
          />
        )}
      </div>
      {!picture && <p class="nothing">{message || nothingIn(panel, store)}</p>}
      <div class="stage" ref={host} hidden={!picture} />
      {picture && shown && scale && (
        <>
          <Readout reading={reading.value} picture={picture} />
          <Sliders
            layout={picture.layout}
            at={state.sliders}
            move={(sliders) => able && store.look(panel.id, { sliders })}
          />
          <Legend shown={shown} scale={scale} />
        </>
      )}
    </div>
  );
}

/** Null if there is nothing to paint. */
function pictureOf(shown: FrameModel | null): Picture | null {
  const picture = shown?.frame.picture;
  return picture?.layout.rows && picture.layout.cols ? picture : null;
}

function nothingIn(panel: PanelModel, store: Store): string {
  if (panel.frame.value?.frame.picture) return "No elements.";
  return panel.facts.value?.reason || waitingText(store) || "…";
}

/** The frames that share one colour scale; null where each panel has its own. */
function comparedWith(store: Store, view: ViewState) {
  return view.sameScale.value ? store.panels.value.map((other) => other.frame.value) : null;
}

function useHeatmap(
  { store, view, panel }: PictureBoxProps,
  host: { current: HTMLDivElement | null },
  heatmap: { current: Heatmap | null },
  reading: Signal<Reading>,
): void {
  const { id } = panel;
  useEffect(() => {
    if (!host.current) return undefined;
    const end = new AbortController();
    const actions: Actions = {
      look: (window, cells) => store.look(id, { window, cells }),
      assign: (index, value, signal) =>
        store.ask({ kind: "assign", path: [...panel.path], index, value }, signal),
      read(what, how) {
        const { hovered, selected, refused } = reading.peek();
        const told = what ? "" : refused;
        if (how === "hover") reading.value = { hovered: what, selected, refused: told };
        else if (how === "select") reading.value = { hovered: null, selected: what, refused: "" };
        else reading.value = { hovered, selected: what, refused };
      },
      refuse(refused) {
        reading.value = { ...reading.value, refused };
      },
      waiting: () => waitingText(store),
    };
    heatmap.current = new Heatmap(host.current, actions, end.signal);
    return () => end.abort();
  }, [id]);
  useSignalEffect(() => {
    const shown = panel.frame.value;
    const state = panel.state.value;
    view.fontScale.value; // cells grow with the text
    const picture = pictureOf(shown);
    if (!shown || !picture) return;
    const { limits, wheel } = scaleOf(
      shown,
      comparedWith(store, view),
      view.settings.value.colours,
    );
    const late = shown.frame.generation < state.generation;
    heatmap.current?.update({
      model: shown,
      limits,
      wheel,
      asked: late ? windowOf(state.window ?? whole(picture.layout)) : null,
      name: readable(panel.facts.value?.name ?? panel.path.join(".")),
      locked: lockedWhy(store, panel),
      cells: state.cells,
      live: store.editable.value,
    });
  });
}

function lockedWhy(store: Store, panel: PanelModel): string {
  if (!store.editable.value) return store.status.value.notice || NO_KERNEL;
  const shown = panel.frame.value?.frame.lens;
  const lens = panel.facts.value?.lenses.find(({ name }) => name === shown);
  return lens ? lens.locked : "This is read-only.";
}
