/** Which panes are side by side at a size, and how large each is: pure, in CSS px. Measures of `mock/DESIGN.md`. */
import type { PaneSizes } from "../state";

/**
 * `wide` as drawn; `medium` with the Inspector in the dock; `narrow` with tabs beside a strip of metric cells, which
 * lies above them when `tiny`.
 */
export type WorkbenchForm = "wide" | "medium" | "narrow" | "tiny";

export interface WorkbenchLayout {
  readonly form: WorkbenchForm;
  readonly overview: number;
  readonly inspector: number;
  readonly tokens: number;
  readonly dock: number;
  /** Too low for a dock: only its tabs are shown until one is chosen. */
  readonly low: boolean;
  /** Bounds of the splitters. */
  readonly most: Readonly<Record<keyof PaneSizes, number>>;
}

const WIDE_FROM = 900;
const NARROW_BELOW = 560;
const TINY_BELOW = 360;
/** Whole height of the panel below which the dock folds; the toolbar takes 36 of it. */
const LOW_BELOW = 600 - 36;
/** Overview, Inspector and dock as drawn. */
const OVERVIEW = { wide: 236, medium: 200, narrow: 104 };
const INSPECTOR = { least: 220, share: 0.205, most: 300 };
const DOCK = { least: 132, share: 0.27, most: 226 };
/** The header, whole lines and the room under them. */
const TOKENS = { high: 122, low: 100, frames: 200 };
/** Height from which all Tokens rows are shown. */
const TOKENS_FROM = 720;
/**
 * Width and height that the map's pane keeps at least; from `whole` on the map has 260 px a side beside its header,
 * margins, rulers and legend.
 */
const MAP = { width: 330, height: 250, whole: 424 };

/** Smallest sizes that a splitter gives. */
export const leastSizes = { overview: 120, inspector: INSPECTOR.least, tokens: 64, dock: 110 } as const;

function bounded(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function formOf(width: number): WorkbenchForm {
  if (width >= WIDE_FROM) return "wide";
  if (width >= NARROW_BELOW) return "medium";
  return width >= TINY_BELOW ? "narrow" : "tiny";
}

/** Whether a page of this width shows the heads as pictures. */
export function showsThumbnails(width: number): boolean {
  return formOf(width) === "wide" || formOf(width) === "medium";
}

export function workbenchLayout(
  size: { width: number; height: number },
  chosen: PaneSizes,
  dockOpen: boolean,
  frames = false,
): WorkbenchLayout {
  const { width, height } = size;
  const form = formOf(width);
  const tabs = form === "narrow" || form === "tiny";
  const low = height < LOW_BELOW;
  const words = height >= TOKENS_FROM ? TOKENS.high : TOKENS.low;
  const share = dockOpen ? bounded(height * DOCK.share, DOCK.least, DOCK.most) : 0;
  // Frames, then the dock, give way to the map.
  const mostTokens = Math.max(words, height - share - MAP.height);
  const tokensDrawn = frames ? bounded(height - share - MAP.whole, words, TOKENS.frames) : words;
  const tokens = bounded(chosen.tokens ?? tokensDrawn, leastSizes.tokens, mostTokens);
  const dockDrawn = bounded(height - tokens - MAP.whole, DOCK.least, Math.max(DOCK.least, share));
  const inspectorDrawn = bounded(width * INSPECTOR.share, INSPECTOR.least, INSPECTOR.most);
  const mostInspector = Math.max(INSPECTOR.least, width - OVERVIEW.wide - MAP.width);
  const inspector =
    form === "wide" ? bounded(chosen.inspector ?? inspectorDrawn, INSPECTOR.least, mostInspector) : 0;
  const mostOverview = Math.max(leastSizes.overview, width - inspector - MAP.width);
  const overview =
    form === "narrow" || form === "tiny"
      ? OVERVIEW.narrow
      : bounded(chosen.overview ?? OVERVIEW[form], leastSizes.overview, mostOverview);
  const mostDock = Math.max(leastSizes.dock, height - tokens - MAP.height);
  const dock = bounded(chosen.dock ?? dockDrawn, leastSizes.dock, mostDock);
  return {
    form,
    low,
    ...{ overview, inspector, tokens },
    dock: dockOpen && !tabs ? dock : 0,
    most: { overview: mostOverview, inspector: mostInspector, tokens: mostTokens, dock: mostDock },
  };
}
