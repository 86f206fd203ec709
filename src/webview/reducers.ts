/** Every change of selection and view, as pure functions. */
import type { CapturedSite, ViewStart } from "../shared/capture";
import type { DocumentState } from "../shared/document";
import type { HeadChoice } from "../shared/page";
import { isMean, type QueryChoice, rowsOfQuery, sameQuery } from "../shared/query-choice";
import type { Selection } from "../shared/selection";
import { activeKey, activeQuery, captureOf, selectedSite } from "./selectors";
import {
  type AppState,
  type Cursor,
  type MapWindow,
  nothingWanted,
  nowhere,
  type ViewOptions,
} from "./state";

/** Places kept for going back. */
const HISTORY = 100;

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

/** A pinned mean is kept wherever the site's queries have its segment, a query where both maps have the same size. */
function fittingQuery(
  state: AppState,
  query: QueryChoice | null,
  site: CapturedSite,
  sameSize: boolean,
): QueryChoice | null {
  if (!isMean(query)) return sameSize ? inside(query, site.queries) : null;
  const axis = captureOf(state)?.axes[site.queryAxis];
  return axis && rowsOfQuery(query, axis, site.queries) !== null ? query : null;
}

/** Go to a site. Query, key and zoom are kept where both maps have the same size, else let go. */
function atSite(state: AppState, index: number, site: CapturedSite, head: HeadChoice): AppState {
  const { anchor, selection } = state;
  const sameSize = anchor !== null && anchor.queries === site.queries && anchor.keys === site.keys;
  const fitting = fittingHead(head, site.heads);
  const lastHead = typeof fitting === "number" ? fitting : state.view.lastHead;
  return {
    ...state,
    anchor: { site: site.name, queries: site.queries, keys: site.keys },
    selection: {
      site: index,
      head: fitting,
      batch:
        anchor?.site !== site.name && site.batchDefault !== undefined
          ? site.batchDefault
          : clamp(selection.batch, site.batch),
      query: fittingQuery(state, selection.query, site, sameSize),
      key: sameSize ? inside(selection.key, site.keys) : null,
    },
    hover: nowhere,
    cursor: sameSize ? state.cursor : nowhere,
    view:
      sameSize && lastHead === state.view.lastHead
        ? state.view
        : { ...state.view, lastHead, window: sameSize ? state.view.window : null },
  };
}

/** The same site, head and sample; pins may differ. */
function samePlace(one: Selection, other: Selection): boolean {
  return (
    one.site === other.site &&
    one.batch === other.batch &&
    JSON.stringify(one.head) === JSON.stringify(other.head)
  );
}

/** `after` with the place of `before` to go back to. */
function remembered(before: AppState, after: AppState): AppState {
  if (samePlace(before.selection, after.selection)) return after;
  return {
    ...after,
    history: { past: [...before.history.past.slice(1 - HISTORY), before.selection], future: [] },
  };
}

/** Another state of the document. The selection stays with its site, found by name. */
export function documentArrived(state: AppState, document: DocumentState): AppState {
  // What was asked for is shown, or could not be: the input's own state says which.
  const there = document.status !== "ready" || !document.input.running;
  const wanted = there ? nothingWanted : state.wanted;
  const next: AppState = { ...state, document, wanted, problem: null };
  if (document.status !== "ready") return { ...next, overlay: null };
  const { sites } = document.capture;
  const named = sites.findIndex((site) => site.name === state.anchor?.site);
  const index = named >= 0 ? named : clamp(state.selection.site, sites.length);
  const site = sites[index];
  const before = state.document?.status === "ready" ? state.document.capture.generation : null;
  const history =
    before === document.capture.generation || before === null ? state.history : { past: [], future: [] };
  if (!site) return next;
  const arrived = atSite({ ...next, history }, index, site, state.selection.head);
  return state.anchor === null ? started(arrived, document.capture.start) : arrived;
}

/** A view that has shown nothing yet begins as the manifest's defaults say. */
function started(state: AppState, start: ViewStart | undefined): AppState {
  const sites = captureOf(state)?.sites;
  if (!start || !sites) return state;
  const index = start.site ?? state.selection.site;
  const site = sites[index];
  if (!site) return state;
  const { selection, view, ...rest } = atSite(state, index, site, start.head ?? state.selection.head);
  const { colourMap, scale, range, metric, heads } = start;
  const said = Object.fromEntries(
    Object.entries({ colourMap, scale, range, metric, heads }).filter(([, value]) => value !== undefined),
  );
  return {
    ...rest,
    selection: {
      ...selection,
      query: fittingQuery(state, start.query ?? null, site, true) ?? selection.query,
    },
    view: { ...view, ...said },
  };
}

/** Go to a head of a site: one step of the history. */
export function selectPlace(state: AppState, index: number, head: HeadChoice): AppState {
  const site = captureOf(state)?.sites[index];
  if (!site) return state;
  if (index !== state.selection.site) return remembered(state, atSite(state, index, site, head));
  const fitting = fittingHead(head, site.heads);
  if (JSON.stringify(fitting) === JSON.stringify(state.selection.head)) return state;
  const lastHead = typeof fitting === "number" ? fitting : state.view.lastHead;
  return remembered(state, {
    ...state,
    selection: { ...state.selection, head: fitting },
    view: lastHead === state.view.lastHead ? state.view : { ...state.view, lastHead },
  });
}

export function selectSite(state: AppState, index: number): AppState {
  return selectPlace(state, index, state.selection.head);
}

export function selectHead(state: AppState, head: HeadChoice): AppState {
  return selectPlace(state, state.selection.site, head);
}

/** Put a head into the mean of chosen heads, or take it out; at another site this selects the head. */
export function toggleHead(state: AppState, index: number, head: number): AppState {
  const { selection } = state;
  if (index !== selection.site || selection.head === "mean") return selectPlace(state, index, head);
  const chosen = typeof selection.head === "number" ? [selection.head] : selection.head;
  const next = chosen.includes(head) ? chosen.filter((one) => one !== head) : [...chosen, head];
  const ordered = next.sort((one, other) => one - other);
  return selectHead(state, ordered.length > 1 ? ordered : (ordered[0] ?? head));
}

export function selectBatch(state: AppState, batch: number): AppState {
  const site = selectedSite(state);
  if (!site) return state;
  return remembered(state, {
    ...state,
    selection: { ...state.selection, batch: clamp(batch, site.batch) },
    thumbnails: batch === state.selection.batch ? state.thumbnails : new Map(),
  });
}

/** Go back to the place before (−1) or forth again (1). */
export function travelled(state: AppState, step: 1 | -1): AppState {
  const { past, future } = state.history;
  const target = step < 0 ? past.at(-1) : future.at(-1);
  const site = target ? captureOf(state)?.sites[target.site] : undefined;
  if (!target || !site) return state;
  const history =
    step < 0
      ? { past: past.slice(0, -1), future: [...future, state.selection] }
      : { past: [...past, state.selection], future: future.slice(0, -1) };
  const there = atSite(state, target.site, site, target.head);
  const batch = clamp(target.batch, site.batch);
  return {
    ...there,
    history,
    selection: {
      ...there.selection,
      batch,
      query: fittingQuery(state, target.query, site, true),
      key: inside(target.key, site.keys),
    },
    thumbnails: batch === state.selection.batch ? state.thumbnails : new Map(),
  };
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

/** What can be pinned: one query or the mean of a segment's, and a key. */
export type PinPlace = Pick<Selection, "query" | "key">;

/** Pin a query and a key; what is pinned there already is let go. Nulls leave their axis as it is. */
export function pinned(state: AppState, place: PinPlace): AppState {
  const { selection } = state;
  const both =
    (place.query === null || sameQuery(place.query, selection.query)) &&
    (place.key === null || place.key === selection.key);
  const query = isMean(place.query) ? null : place.query;
  return {
    ...state,
    cursor: { query: query ?? state.cursor.query, key: place.key ?? state.cursor.key },
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

export function toggleMean(state: AppState): AppState {
  return selectHead(state, state.selection.head === "mean" ? state.view.lastHead : "mean");
}
