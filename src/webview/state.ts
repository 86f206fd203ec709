/** What the view knows: the document, what is selected, how it is looked at, and the cells that arrived last. */
import type { ColourMapName } from "../shared/colour-maps";
import type { ScaleName } from "../shared/colour-scale";
import type { DocumentState } from "../shared/document";
import type { MetricName } from "../shared/figures";
import type { CellKind, Grid, Page, Row, Thumbnails } from "../shared/page";
import type { HeadProfile } from "../shared/profile";
import type { Selection } from "../shared/selection";

/** One place of a map; null where no query or key is meant. */
export interface Cursor {
  readonly query: number | null;
  readonly key: number | null;
}

/** The visible part of a map in cells (fractions allowed), half-open, query 0 on top. */
export interface MapWindow {
  readonly queryStart: number;
  readonly queryEnd: number;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/**
 * Where the colours end: `auto` is the head's maximum or its 99th percentile by the number of cells, `site` the
 * largest maximum of the site's heads, `unit` 1, and a number is a locked probability.
 */
export const rangeNames = ["auto", "maximum", "p99", "site", "unit"] as const;
export type RangeName = (typeof rangeNames)[number];
export type RangeChoice = RangeName | number;

export const headOrders = ["graph", "ascending", "descending"] as const;
export type HeadOrder = (typeof headOrders)[number];

export const dockTabs = ["entropy", "layers", "table", "inspector"] as const;
export type DockTab = (typeof dockTabs)[number];

/** What fills a narrow panel. */
export const narrowTabs = ["map", "tokens", "inspector", "entropy", "layers", "table"] as const;
export type NarrowTab = (typeof narrowTabs)[number];

/** Sizes that a person gave to panes, px; null keeps the drawn one. */
export interface PaneSizes {
  readonly overview: number | null;
  readonly inspector: number | null;
  /** Height of Tokens and Frames. */
  readonly tokens: number | null;
  readonly dock: number | null;
}

export interface ViewOptions {
  /** null shows the whole map. */
  readonly window: MapWindow | null;
  readonly colourMap: ColourMapName;
  readonly scale: ScaleName;
  readonly range: RangeChoice;
  /** What the map shows where the site has it. */
  readonly cells: CellKind;
  /** Score at the end of the colours where it is locked there; null follows `range`. */
  readonly scoreEnd: number | null;
  /** What a block of cells shows where the map is larger than its pane. */
  readonly pooling: "max" | "mean";
  readonly metric: MetricName;
  /** One head, or all heads of the site side by side. */
  readonly heads: "one" | "all";
  /** Of a site whose batch axis is windows of a grid: the selected window, or one query of all on their grid. */
  readonly windows: "window" | "grid";
  /** Tokens: the keys of a query, or the queries of a key. */
  readonly reading: "keys" | "queries";
  /** Order of the heads in Overview and Entropy. */
  readonly order: HeadOrder;
  /** Which heads the Overview shows: words of their names, `< 0.4`, `flagged`. */
  readonly filter: string;
  readonly entropyUnit: "normalised" | "nats";
  readonly dock: DockTab;
  readonly dockOpen: boolean;
  readonly narrow: NarrowTab;
  readonly sizes: PaneSizes;
  /** The head to come back to when the mean is switched off. */
  readonly lastHead: number;
}

/** The site that the selection belongs to, by name and size, so that it survives a new capture. */
export interface Anchor {
  readonly site: string;
  readonly queries: number;
  readonly keys: number;
}

/** Places looked at before and, after going back, those left behind; the latest last. */
export interface History {
  readonly past: readonly Selection[];
  readonly future: readonly Selection[];
}

/** What lies over the workbench for the moment. */
export type Overlay = "keys" | "find" | "table" | "input";

/** What of the input the person has changed while the capture of it is on its way. */
export interface WantedRuns {
  /** Where on steps and passes; null where that is shown. */
  readonly step: number | null;
  readonly pass: number | null;
  /** Values of adjustable inputs. */
  readonly set: Readonly<Record<string, number>>;
}

export const nothingWanted: WantedRuns = { step: null, pass: null, set: {} };

export interface AppState {
  readonly document: DocumentState | null;
  /** Site, head, sample; query and key when pinned. */
  readonly selection: Selection;
  readonly anchor: Anchor | null;
  readonly history: History;
  /** Under the pointer. */
  readonly hover: Cursor;
  /** Moved by the keyboard. */
  readonly cursor: Cursor;
  readonly view: ViewOptions;
  readonly overlay: Overlay | null;
  readonly wanted: WantedRuns;
  /** The steps go on by themselves. */
  readonly playing: boolean;
  /** The last cells, figures and row that arrived; they may belong to the head before for a moment. */
  readonly page: Page | null;
  readonly profile: HeadProfile | null;
  readonly row: Row | null;
  /** Scores of the query, while the map shows scores. */
  readonly scoreRow: Row | null;
  /** Why there are no exact cells of this head and will be none: a report may hold maxima alone. */
  readonly rowsLeftOut: boolean;
  /** Whether the scores are being captured, or why they could not be. */
  readonly scoring: { readonly running: boolean; readonly problem: string | null };
  /** One key's cells over all queries, as a page of one column. */
  readonly column: Page | null;
  /** The query in all windows, on their grid. */
  readonly grid: Grid | null;
  /** The whole map for the minimap. */
  readonly minimap: Page | null;
  /** Thumbnails of all heads of the sites that were shown, by handle; of the selected sample. */
  readonly thumbnails: ReadonlyMap<string, Thumbnails>;
  /** Pages of the heads side by side, by head. */
  readonly tiles: ReadonlyMap<number, Page>;
  /** Why cells could not be read; null when they could. */
  readonly problem: string | null;
}

export const nowhere: Cursor = { query: null, key: null };

export const initialView: ViewOptions = {
  window: null,
  colourMap: "magma",
  scale: "linear",
  range: "auto",
  cells: "probability",
  scoreEnd: null,
  pooling: "max",
  metric: "normalisedEntropy",
  heads: "one",
  windows: "window",
  reading: "keys",
  order: "graph",
  filter: "",
  entropyUnit: "normalised",
  dock: "entropy",
  dockOpen: true,
  narrow: "map",
  sizes: { overview: null, inspector: null, tokens: null, dock: null },
  lastHead: 0,
};

export const initialState: AppState = {
  document: null,
  selection: { site: 0, head: 0, batch: 0, query: null, key: null },
  anchor: null,
  history: { past: [], future: [] },
  hover: nowhere,
  cursor: nowhere,
  view: initialView,
  overlay: null,
  wanted: nothingWanted,
  playing: false,
  page: null,
  profile: null,
  row: null,
  scoreRow: null,
  rowsLeftOut: false,
  scoring: { running: false, problem: null },
  column: null,
  grid: null,
  minimap: null,
  thumbnails: new Map(),
  tiles: new Map(),
  problem: null,
};
