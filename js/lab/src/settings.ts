/**
 * The settings of this extension reach every widget on the page as custom properties of the
 * document: `--paramwidget-font-scale` and its kin, which the widget's view reads and which
 * cross its shadow root. A host without this extension may set them too.
 */

import type { ISettingRegistry } from "@jupyterlab/settingregistry";

const PROPERTIES = {
  fontScale: "--paramwidget-font-scale",
  colours: "--paramwidget-colours",
  cells: "--paramwidget-cells",
  liveRate: "--paramwidget-live-rate",
} as const;

export async function followSettings(registry: ISettingRegistry, plugin: string): Promise<void> {
  const settings = await registry.load(plugin);
  const update = () => {
    for (const [name, property] of Object.entries(PROPERTIES)) {
      const value = settings.get(name).composite;
      if (value === undefined || value === null) {
        document.documentElement.style.removeProperty(property);
      } else document.documentElement.style.setProperty(property, String(value));
    }
  };
  settings.changed.connect(update);
  update();
}
