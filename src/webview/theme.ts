/** The one reader of the theme: VS Code's CSS variables as colours for canvases and charts. */
import type { SegmentRole } from "../shared/capture";
import { segmentColours } from "../shared/segment-colours";
import type { Rgb } from "../shared/colour-maps";

export type ThemeKind = "dark" | "light" | "highContrast" | "highContrastLight";

export interface Theme {
  readonly kind: ThemeKind;
  /** Whether the ground is light, so that colour maps are reversed. */
  readonly light: boolean;
  readonly ground: Rgb;
  readonly foreground: Rgb;
  readonly description: Rgb;
  readonly link: Rgb;
  readonly focus: Rgb;
  readonly warning: Rgb;
  readonly hover: Rgb;
  readonly hoverBorder: Rgb;
  /** Neutral for bars, mixed from the foreground. */
  readonly bar: Rgb;
  /** The selected bar. */
  readonly selected: Rgb;
  /** Lines that measure: grid and reference. */
  readonly grid: Rgb;
  readonly reference: Rgb;
  /** Stripes of masked cells. */
  readonly hatch: Rgb;
  readonly fontFamily: string;
}

/** Colour of a segment on its band. Colour never stands alone: the name is beside it. */
export function segmentColour(theme: Theme, role: SegmentRole): string {
  const table = theme.kind === "highContrast" ? "highContrast" : theme.light ? "light" : "dark";
  return segmentColours[table][role];
}

let probe: OffscreenCanvasRenderingContext2D | null = null;

/** Any CSS colour as opaque bytes over `under`. */
function toRgb(css: string, under: Rgb): Rgb {
  probe ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  if (!probe) return under;
  probe.fillStyle = `rgb(${under.join(",")})`;
  probe.fillRect(0, 0, 1, 1);
  probe.fillStyle = css;
  probe.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = probe.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/** `share` of `over` on `under`. */
export function mix(under: Rgb, over: Rgb, share: number): Rgb {
  const channel = (index: 0 | 1 | 2): number =>
    Math.round(under[index] + (over[index] - under[index]) * share);
  return [channel(0), channel(1), channel(2)];
}

function kindOf(body: HTMLElement): ThemeKind {
  const kind = body.dataset["vscodeThemeKind"] ?? "";
  const has = (name: string): boolean => kind === name || body.classList.contains(name);
  if (has("vscode-high-contrast-light")) return "highContrastLight";
  if (has("vscode-high-contrast")) return "highContrast";
  return has("vscode-light") ? "light" : "dark";
}

/** Read the theme as it is now. */
export function readTheme(): Theme {
  const styles = getComputedStyle(document.body);
  const kind = kindOf(document.body);
  const light = kind === "light" || kind === "highContrastLight";
  const contrast = kind === "highContrast" || kind === "highContrastLight";
  const white: Rgb = [255, 255, 255];
  const black: Rgb = [0, 0, 0];
  const read = (name: string, otherwise: Rgb, under: Rgb): Rgb => {
    const value = styles.getPropertyValue(`--vscode-${name}`).trim();
    return value === "" ? otherwise : toRgb(value, under);
  };
  const ground = read("editor-background", light ? white : black, light ? white : black);
  const foreground = read("foreground", light ? black : white, ground);
  const link = read("textLink-foreground", foreground, ground);
  const focus = read("focusBorder", link, ground);
  return {
    kind,
    light,
    ground,
    foreground,
    description: read("descriptionForeground", foreground, ground),
    link,
    focus,
    warning: read("editorWarning-foreground", foreground, ground),
    hover: read("editorHoverWidget-background", ground, ground),
    hoverBorder: read("editorHoverWidget-border", foreground, ground),
    bar: mix(ground, foreground, contrast ? 0.82 : 0.62),
    selected: contrast ? focus : link,
    grid: mix(ground, foreground, contrast ? 0.25 : 0.08),
    reference: mix(ground, foreground, 0.6),
    hatch: mix(ground, foreground, contrast ? 0.4 : 0.14),
    fontFamily: styles.getPropertyValue("--vscode-font-family").trim() || styles.fontFamily || "sans-serif",
  };
}

/** Call `changed` when VS Code switches the theme: it rewrites the classes of the body and the style of the root. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-kind"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  return () => observer.disconnect();
}
