/** What follows from the state: the selected site, the query that is shown, the cells that belong to it. */
import type { Capture, CapturedSite, TokenAxis } from "../shared/capture";
import type { CellKind, HeadChoice, Page, Row, RowQuery } from "../shared/page";
import type { HeadProfile, ScoreExtremes } from "../shared/profile";
import { axisOfEntry } from "../shared/sample-axis";
import { fillsGrids } from "../shared/maps/window-grid";
import type { Windows } from "../shared/model";
import { isMean, lastChoosing, rowsOfQuery } from "../shared/query-choice";
import type { AppState } from "./state";

export function captureOf(state: AppState): Capture | null {
  return state.document?.status === "ready" ? state.document.capture : null;
}

/** What a pane of the shown site draws: all of the state but the thumbnails of other sites. */
export function ofShownSite(state: AppState): readonly unknown[] {
  const { thumbnails, ...rest } = state;
  const site = selectedSite(state);
  return [...Object.values(rest), site && thumbnails.get(site.handle)];
}

export function selectedSite(state: AppState): CapturedSite | null {
  return captureOf(state)?.sites[state.selection.site] ?? null;
}

/** The axes of the selected site as the selected sample has them. */
export function axesOf(state: AppState): { query: TokenAxis; key: TokenAxis } | null {
  const capture = captureOf(state);
  const site = selectedSite(state);
  const query = site ? capture?.axes[site.queryAxis] : undefined;
  const key = site ? capture?.axes[site.keyAxis] : undefined;
  const entry = state.selection.batch;
  return site && query && key
    ? { query: axisOfEntry(query, entry, site.batch), key: axisOfEntry(key, entry, site.batch) }
    : null;
}

/** Names a head map: pages, profiles and rows that carry another one are not its own. */
export interface HeadRef {
  readonly handle: string;
  readonly generation: number;
  readonly batch: number;
  readonly head: HeadChoice;
}

export function selectedHead(state: AppState): HeadRef | null {
  const capture = captureOf(state);
  const site = selectedSite(state);
  if (!capture || !site) return null;
  return {
    handle: site.handle,
    generation: capture.generation,
    batch: state.selection.batch,
    head: state.selection.head,
  };
}

export function sameHead(one: HeadRef, other: HeadRef): boolean {
  return (
    one.handle === other.handle &&
    one.generation === other.generation &&
    one.batch === other.batch &&
    JSON.stringify(one.head) === JSON.stringify(other.head)
  );
}

/** A head map and what its cells are. */
export interface MapRef extends HeadRef {
  readonly what: CellKind;
}

/** Whether the captured scores of a site hold this; probabilities are always there. */
export function holds(site: CapturedSite, what: CellKind): boolean {
  return what === "probability" || siteScores(site, what) !== null;
}

/** Extremes of the scores of a whole site; null where it has none. */
export function siteScores(site: CapturedSite, what: CellKind): ScoreExtremes | null {
  if (what === "probability") return null;
  return site.scores?.[what === "scoreBeforeMask" ? "before" : "after"] ?? null;
}

/** What the map shows: what is chosen where the selected site has it, else probabilities. */
export function shownCells(state: AppState): CellKind {
  const site = selectedSite(state);
  return site && holds(site, state.view.cells) ? state.view.cells : "probability";
}

/** The windows of the selected site where they can be put on their grid; null where there are none. */
export function windowsOf(state: AppState): Windows | null {
  const site = selectedSite(state);
  return site && fillsGrids(site.windows, site) ? site.windows : null;
}

/** The map that is shown. */
export function shownMap(state: AppState): MapRef | null {
  const head = selectedHead(state);
  return head && { ...head, what: shownCells(state) };
}

/** Whether a page or row is of this map. */
export function isOf(part: HeadRef & { readonly what?: CellKind | undefined }, map: MapRef): boolean {
  return (part.what ?? "probability") === map.what && sameHead(part, map);
}

function ofHead<T extends HeadRef>(part: T | null, state: AppState): T | null {
  const head = selectedHead(state);
  return part && head && sameHead(part, head) ? part : null;
}

export function profileOf(state: AppState): HeadProfile | null {
  return ofHead(state.profile, state);
}

/** The last page of the map that is shown: probabilities or scores. */
export function pageOf(state: AppState): Page | null {
  const map = shownMap(state);
  return state.page && map && isOf(state.page, map) ? state.page : null;
}

/** The same where it holds probabilities. */
export function probabilityPageOf(state: AppState): Page | null {
  return shownCells(state) === "probability" ? pageOf(state) : null;
}

/** The query to show when nothing is pinned or pointed at: the last one that can choose among keys. */
export function restingQuery(profile: HeadProfile): number | null {
  return lastChoosing(new Uint32Array(profile.validKeys));
}

/** The queries whose mean is pinned; null where none is, or the selected site has none of them. */
export function pinnedMean(state: AppState): readonly number[] | null {
  const { query } = state.selection;
  const site = selectedSite(state);
  const axes = axesOf(state);
  if (!isMean(query) || !site || !axes) return null;
  const rows = rowsOfQuery(query, axes.query, site.queries);
  return typeof rows === "number" ? null : rows;
}

/**
 * The one query that is shown: pinned wins over hovered, hovered over the keyboard's cursor, that over the resting
 * query. null where a mean of several is pinned, which `activeRow` tells.
 */
export function activeQuery(state: AppState): number | null {
  const rows = activeRow(state);
  return typeof rows === "number" ? rows : null;
}

/** The row that is shown: of one query, or the mean of those of a segment. */
export function activeRow(state: AppState): RowQuery | null {
  const { query } = state.selection;
  const chosen = isMean(query) ? pinnedMean(state) : query;
  const shown = chosen ?? state.hover.query ?? state.cursor.query;
  if (shown !== null) return shown;
  const profile = profileOf(state);
  return profile ? restingQuery(profile) : null;
}

/** Where moving over the queries begins: the query that is shown, or the first of those whose mean is. */
export function queryPlace(state: AppState): number {
  const rows = activeRow(state);
  return (typeof rows === "number" ? rows : rows?.[0]) ?? 0;
}

export function activeKey(state: AppState): number | null {
  return state.selection.key ?? state.hover.key ?? state.cursor.key;
}

/** The last row of this head that arrived; `row.query` says whose. */
export function rowOf(state: AppState): Row | null {
  return ofHead(state.row, state);
}

/** The last row of scores that arrived of the map that is shown. */
export function scoreRowOf(state: AppState): Row | null {
  const map = shownMap(state);
  return state.scoreRow && map && isOf(state.scoreRow, map) ? state.scoreRow : null;
}

/** Rank of a key among the visible keys of its query: 1 is the largest; ties share the better rank. */
export function rankOf(cells: Float32Array, key: number): { rank: number; of: number } {
  const own = cells[key] ?? Number.NaN;
  let rank = 1;
  let of = 0;
  for (const cell of cells) {
    if (cell < 0) continue;
    of++;
    if (cell > own) rank++;
  }
  return { rank, of };
}

/** One value of a page that covers (query, key); null when it does not. */
export function pageCell(page: Page, query: number, key: number): number | null {
  if (query < page.queryStart || query >= page.queryEnd || key < page.keyStart || key >= page.keyEnd)
    return null;
  const row = Math.floor((query - page.queryStart) / page.rowFactor);
  const column = Math.floor((key - page.keyStart) / page.columnFactor);
  return new Float32Array(page.cells)[row * page.columns + column] ?? null;
}

export function isPooled(page: Page): boolean {
  return page.rowFactor > 1 || page.columnFactor > 1;
}
