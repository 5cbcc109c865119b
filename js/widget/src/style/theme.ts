/** Whether the host is light or dark: as it declares, else from the background it paints. */

export type Theme = "light" | "dark";

/** Keeps the theme of the root true as the host changes, until `end`. */
export function followTheme(host: HTMLElement, root: HTMLElement, end: AbortSignal): void {
  const update = () => adopt(host, root);
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

/** Uses the host's background and text colour if they match its theme and are easy to read. */
function adopt(host: HTMLElement, root: HTMLElement): void {
  const ground = groundOf(host);
  const text = parse(getComputedStyle(host).color);
  const theme = saidTheme() ?? (isDark(ground, text) ? "dark" : "light");
  root.dataset.theme = theme;
  const fits = ground !== null && ground.light < 0.5 === (theme === "dark");
  const clear = fits && text !== null && Math.abs(text.light - ground.light) > 0.6;
  set(root, "--host-ground", fits ? ground.css : null);
  set(root, "--host-text", clear ? text.css : null);
}

function isDark(ground: Colour | null, text: Colour | null): boolean {
  return ground ? ground.light < 0.5 : !!text && text.light > 0.5;
}

function set(root: HTMLElement, name: string, value: string | null): void {
  if (value === null) root.style.removeProperty(name);
  else root.style.setProperty(name, value);
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

/** The first background behind the widget that is not clear. */
function groundOf(host: Element): Colour | null {
  for (let at: Element | null = host; at; at = above(at)) {
    const background = parse(getComputedStyle(at).backgroundColor);
    if (background && background.alpha > 0.5) return background;
  }
  return null;
}

function above(element: Element): Element | null {
  const root = element.parentNode;
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

interface Colour {
  css: string;
  light: number;
  alpha: number;
}

function parse(css: string): Colour | null {
  const numbers = css.match(/[\d.]+/g)?.map(Number);
  if (!numbers || !css.startsWith("rgb")) return null;
  const [red = 0, green = 0, blue = 0, alpha = 1] = numbers;
  const light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  return { css, light, alpha };
}
