/** What the view knows: the document, what is selected, how it is looked at, and the cells that arrived last. */
import type { HeadProfile } from "../shared/profile";
import type { DocumentState } from "../shared/document";
import type { Page, Row } from "../shared/page";
import type { Selection } from "../shared/selection";
import type { ColourMapName } from "./colour-maps";
import type { ScaleName } from "./colour-scale";

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

export interface ViewOptions {
  /** null shows the whole map. */
  readonly window: MapWindow | null;
  readonly colourMap: ColourMapName;
  readonly scale: ScaleName;
  /** The head to come back to when the mean is switched off. */
  readonly lastHead: number;
}

/** The site that the selection belongs to, by name and size, so that it survives a new capture. */
export interface Anchor {
  readonly site: string;
  readonly queries: number;
  readonly keys: number;
}

export interface AppState {
  readonly document: DocumentState | null;
  /** Site, head, sample; query and key when pinned. */
  readonly selection: Selection;
  readonly anchor: Anchor | null;
  /** Under the pointer. */
  readonly hover: Cursor;
  /** Moved by the keyboard. */
  readonly cursor: Cursor;
  readonly view: ViewOptions;
  /** The last cells, figures and row that arrived; they may belong to the head before for a moment. */
  readonly page: Page | null;
  readonly profile: HeadProfile | null;
  readonly row: Row | null;
  /** Why cells could not be read; null when they could. */
  readonly problem: string | null;
}

export const nowhere: Cursor = { query: null, key: null };

export const initialState: AppState = {
  document: null,
  selection: { site: 0, head: 0, batch: 0, query: null, key: null },
  anchor: null,
  hover: nowhere,
  cursor: nowhere,
  view: { window: null, colourMap: "magma", scale: "linear", lastHead: 0 },
  page: null,
  profile: null,
  row: null,
  problem: null,
};
