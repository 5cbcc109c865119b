/** Whether the host is light or dark now: by its own word, else by what it paints behind us. */

export type Theme = "light" | "dark";

/** Keeps `data-theme` of the root true as the host changes, until `end`. */
export function followTheme(host: HTMLElement, root: HTMLElement, end: AbortSignal): void {
  const update = () => {
    root.dataset.theme = themeOf(host);
  };
  const observer = new MutationObserver(update);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update, { signal: end });
  // Hosts swap their stylesheet some time after the attribute; what they paint fades over.
  window.addEventListener("transitionend", update, { signal: end });
  end.addEventListener("abort", () => observer.disconnect());
  update();
  queueMicrotask(update); // the element is often put into the page after it was rendered
}

export function themeOf(host: Element): Theme {
  return saidTheme() ?? paintedTheme(host);
}

function saidTheme(): Theme | null {
  const { body } = document;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  const kind = body.dataset.vscodeThemeKind ?? body.className;
  if (/vscode-(light|high-contrast-light)/.test(kind)) return "light";
  if (/vscode-(dark|high-contrast)/.test(kind)) return "dark";
  return null;
}

/** The first background that is not clear; over none at all the colour of the text decides. */
function paintedTheme(host: Element): Theme {
  for (let at: Element | null = host; at; at = above(at)) {
    const background = rgba(getComputedStyle(at).backgroundColor);
    if (background && background.alpha > 0.5) return background.light < 0.5 ? "dark" : "light";
  }
  const text = rgba(getComputedStyle(host).color);
  return text && text.light > 0.5 ? "dark" : "light";
}

function above(element: Element): Element | null {
  const root = element.parentNode;
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

function rgba(colour: string): { light: number; alpha: number } | null {
  const numbers = colour.match(/[\d.]+/g)?.map(Number);
  if (!numbers || !colour.startsWith("rgb")) return null;
  const [red = 0, green = 0, blue = 0, alpha = 1] = numbers;
  return { light: (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255, alpha };
}
