/** Every change of the state, as pure functions. */
import type { CapturedSite } from "../shared/capture";
import type { DocumentState } from "../shared/document";
import type { HeadChoice } from "../shared/page";
import type { ViewCommand } from "../shared/protocol";
import { activeKey, activeQuery, captureOf, selectedSite } from "./selectors";
import { type AppState, type Cursor, type MapWindow, nowhere, type ViewOptions } from "./state";

function clamp(value: number, count: number): number {
  return Math.min(Math.max(0, value), Math.max(0, count - 1));
}

function fittingHead(head: HeadChoice, heads: number): HeadChoice {
  if (head === "mean") return head;
  if (Array.isArray(head)) {
    const known = head.filter((one) => one < heads);
    return known.length > 0 ? known : 0;
  }
  return clamp(head, heads);
}

const inside = (index: number | null, count: number): number | null =>
  index !== null && index < count ? index : null;

/** Go to a site. Query, key and zoom are kept where both maps have the same size, else let go. */
function atSite(state: AppState, index: number, site: CapturedSite): AppState {
  const { anchor, selection } = state;
  const sameSize = anchor !== null && anchor.queries === site.queries && anchor.keys === site.keys;
  return {
    ...state,
    anchor: { site: site.name, queries: site.queries, keys: site.keys },
    selection: {
      site: index,
      head: fittingHead(selection.head, site.heads),
      batch: clamp(selection.batch, site.batch),
      query: sameSize ? inside(selection.query, site.queries) : null,
      key: sameSize ? inside(selection.key, site.keys) : null,
    },
    hover: nowhere,
    cursor: sameSize ? state.cursor : nowhere,
    view: sameSize ? state.view : { ...state.view, window: null },
  };
}

/** Another state of the document. The selection stays with its site, found by name. */
export function documentArrived(state: AppState, document: DocumentState): AppState {
  const next: AppState = { ...state, document, problem: null };
  if (document.status !== "ready") return next;
  const { sites } = document.capture;
  const named = sites.findIndex((site) => site.name === state.anchor?.site);
  const index = named >= 0 ? named : clamp(state.selection.site, sites.length);
  const site = sites[index];
  return site ? atSite(next, index, site) : next;
}

export function selectSite(state: AppState, index: number): AppState {
  const site = captureOf(state)?.sites[index];
  return site && index !== state.selection.site ? atSite(state, index, site) : state;
}

export function selectHead(state: AppState, head: HeadChoice): AppState {
  const site = selectedSite(state);
  if (!site) return state;
  const fitting = fittingHead(head, site.heads);
  const lastHead = typeof fitting === "number" ? fitting : state.view.lastHead;
  return {
    ...state,
    selection: { ...state.selection, head: fitting },
    view: lastHead === state.view.lastHead ? state.view : { ...state.view, lastHead },
  };
}

export function selectBatch(state: AppState, batch: number): AppState {
  const site = selectedSite(state);
  return site ? { ...state, selection: { ...state.selection, batch: clamp(batch, site.batch) } } : state;
}

/** The pointer is over a query, a key, both, or has left (nulls). */
export function hovered(state: AppState, place: Cursor): AppState {
  if (state.hover.query === place.query && state.hover.key === place.key) return state;
  return { ...state, hover: place };
}

/** Move the keyboard's cursor; a pinned query or key moves with it. */
export function cursorMoved(state: AppState, place: Partial<Cursor>): AppState {
  const site = selectedSite(state);
  if (!site) return state;
  const query = place.query === undefined || place.query === null ? null : clamp(place.query, site.queries);
  const key = place.key === undefined || place.key === null ? null : clamp(place.key, site.keys);
  const { selection } = state;
  return {
    ...state,
    hover: nowhere,
    cursor: { query: query ?? activeQuery(state), key: key ?? activeKey(state) },
    selection: {
      ...selection,
      query: query !== null && selection.query !== null ? query : selection.query,
      key: key !== null && selection.key !== null ? key : selection.key,
    },
  };
}

/** Pin a query and a key; what is pinned there already is let go. Nulls leave their axis as it is. */
export function pinned(state: AppState, place: Cursor): AppState {
  const { selection } = state;
  const both =
    (place.query === null || place.query === selection.query) &&
    (place.key === null || place.key === selection.key);
  return {
    ...state,
    cursor: { query: place.query ?? state.cursor.query, key: place.key ?? state.cursor.key },
    selection: {
      ...selection,
      query: place.query === null ? selection.query : both ? null : place.query,
      key: place.key === null ? selection.key : both ? null : place.key,
    },
  };
}

export function unpinned(state: AppState): AppState {
  if (state.selection.query === null && state.selection.key === null) return state;
  return { ...state, selection: { ...state.selection, query: null, key: null } };
}

export function viewed(state: AppState, options: Partial<ViewOptions>): AppState {
  return { ...state, view: { ...state.view, ...options } };
}

export function zoomed(state: AppState, window: MapWindow | null): AppState {
  return viewed(state, { window });
}

/** Step over all heads of all sites in order; the ends stay. */
function stepHead(state: AppState, step: 1 | -1): AppState {
  const site = selectedSite(state);
  const sites = captureOf(state)?.sites ?? [];
  const { head } = state.selection;
  if (!site) return state;
  if (typeof head !== "number") return selectHead(state, step > 0 ? 0 : site.heads - 1);
  const next = head + step;
  if (next >= 0 && next < site.heads) return selectHead(state, next);
  const index = state.selection.site + step;
  const neighbour = sites[index];
  if (!neighbour) return state;
  return selectHead(selectSite(state, index), step > 0 ? 0 : neighbour.heads - 1);
}

export function toggleMean(state: AppState): AppState {
  return selectHead(state, state.selection.head === "mean" ? state.view.lastHead : "mean");
}

/** Act on a command of the palette or a keybinding. */
export function commanded(state: AppState, command: ViewCommand): AppState {
  switch (command) {
    case "nextHead":
      return stepHead(state, 1);
    case "previousHead":
      return stepHead(state, -1);
    case "nextLayer":
      return selectSite(state, state.selection.site + 1);
    case "previousLayer":
      return selectSite(state, state.selection.site - 1);
    case "toggleMean":
      return toggleMean(state);
    case "zoomToFit":
      return zoomed(state, null);
    default:
      return state;
  }
}
