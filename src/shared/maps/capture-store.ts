/** The maps of the last capture, and the pages, rows and profiles that are read from them. */
import { AttentionError } from "../errors";
import type { Windows } from "../model";
import {
  type HeadChoice,
  type CellKind,
  type Grid,
  type GridRequest,
  type HeadRequest,
  MASKED,
  MASKED_SCORE,
  type Page,
  type PageRequest,
  type Row,
  type RowQuery,
  type RowRequest,
  THUMBNAIL_MAX,
  THUMBNAIL_NAN,
  type ThumbnailRequest,
  type Thumbnails,
} from "../page";
import type { HeadProfile } from "../profile";
import type { RowCounts } from "../query-choice";
import { type HeadMap, type MapRow, meanOfHeads, meanOfRows, pageOf, rowOf } from "./head-map";
import { headMetrics, quantile } from "./metrics";
import { fillsGrids, gridOfQuery, windowCount } from "./window-grid";
import { headScoreExtremes, meanOfScores, scoreMap, type SiteScores } from "./score-map";

export interface StoredSite {
  readonly handle: string;
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** float32 [batch, heads, queries, keys]. */
  readonly cells: Float32Array;
  /** 1 where a key is visible, same layout. */
  readonly valid: Uint8Array;
  /** See `headMetrics`. */
  readonly ownKey: number | null;
  /** The key that takes unused attention, where the manifest says another than the first. */
  readonly sink?: number;
  /** How the windows along the batch axis were cut out of a grid. */
  readonly windows?: Windows | null;
  /** Scores before and after masks and biases, where a capture asked for them. */
  readonly scores?: SiteScores;
}

/** Above this many cells the 99th percentile is read from a histogram, to 1/65,536 of the maximum. */
const SORT_LIMIT = 200_000;

export class CaptureStore {
  readonly generation: number;
  readonly #sites: ReadonlyMap<string, StoredSite>;
  #mean: { key: string; map: HeadMap } | undefined;

  constructor(generation: number, sites: readonly StoredSite[]) {
    this.generation = generation;
    this.#sites = new Map(sites.map((site) => [site.handle, site]));
  }

  sites(): Iterable<StoredSite> {
    return this.#sites.values();
  }

  readPage(request: PageRequest): Page {
    const map = this.#map(request, request.what);
    const { cells, ...page } = pageOf(map, request, maskOf(request.what));
    return {
      ...reference(request),
      what: request.what,
      queryStart: Math.min(request.queryStart, map.queries),
      queryEnd: Math.min(request.queryEnd, map.queries),
      keyStart: Math.min(request.keyStart, map.keys),
      keyEnd: Math.min(request.keyEnd, map.keys),
      ...page,
      cells: cells.buffer as ArrayBuffer,
    };
  }

  /** One query, or the mean of several, of all windows of a sample, on their grid. */
  readGrid(request: GridRequest): Grid {
    const site = this.#site(request);
    const windows = site.windows ?? null;
    if (!fillsGrids(windows, site))
      throw new AttentionError("badMessage", "This site has no windows of a grid.");
    const count = windowCount(windows);
    const first = Math.floor(request.batch / count) * count;
    const map = gridOfQuery(windows, (window) =>
      queryRow(this.#map({ ...request, batch: first + window }, request.what), request),
    );
    const whole = { queryStart: 0, queryEnd: windows.gridHeight, keyStart: 0, keyEnd: windows.gridWidth };
    const { maxRows, maxColumns, pooling } = request;
    const { cells, ...page } = pageOf(map, { ...whole, maxRows, maxColumns, pooling }, maskOf(request.what));
    return {
      ...reference(request),
      ...{ what: request.what, query: request.query },
      ...whole,
      ...page,
      cells: cells.buffer as ArrayBuffer,
    };
  }

  readRow(request: RowRequest): Row {
    const row = queryRow(this.#map(request, request.what), request);
    const cells = row.cells.slice();
    // Where no probability is given to a masked key, NaN is. A score that is NaN is no mask's.
    for (let key = 0; key < cells.length; key++)
      if (!row.valid[key] && !(request.what && Number.isNaN(cells[key]))) cells[key] = maskOf(request.what);
    return {
      ...reference(request),
      ...{ what: request.what, query: request.query, cells: cells.buffer },
      ...(row.of ? { of: row.of } : {}),
    };
  }

  readHead(request: HeadRequest): HeadProfile {
    const map = this.#map(request);
    const { ownKey, sink } = this.#site(request);
    const metrics = headMetrics(map, ownKey, sink);
    return {
      ...reference(request),
      figures: metrics.figures,
      entropyNats: metrics.entropyNats.buffer as ArrayBuffer,
      normalisedEntropy: metrics.normalisedEntropy.buffer as ArrayBuffer,
      rowSum: metrics.rowSum.buffer as ArrayBuffer,
      validKeys: metrics.validKeys.buffer as ArrayBuffer,
      received: metrics.received.buffer as ArrayBuffer,
      ...extremes(map),
      scores: this.#site(request).scores
        ? headScoreExtremes(this.#scores(request, "scoreBeforeMask"), this.#scores(request, "scoreAfterMask"))
        : null,
    };
  }

  /** Largest cell and 99th percentile of the valid cells. */
  readExtremes(request: HeadRequest): { maximum: number; p99: number } {
    return extremes(this.#map(request));
  }

  /** All heads of a site, max-pooled to a byte a cell. */
  readThumbnails(request: ThumbnailRequest): Thumbnails {
    const site = this.#site(request);
    if (request.batch >= site.batch)
      throw new AttentionError("badMessage", `Batch ${request.batch} of ${site.batch}.`);
    const pages = Array.from({ length: site.heads }, (_, head) =>
      pageOf(headMap(site, request.batch, head), {
        queryStart: 0,
        queryEnd: site.queries,
        keyStart: 0,
        keyEnd: site.keys,
        maxRows: request.side,
        maxColumns: request.side,
        pooling: "max",
      }),
    );
    const { rows, columns } = pages[0] ?? { rows: 0, columns: 0 };
    const cells = new Uint8Array(site.heads * rows * columns);
    const maxima = Float32Array.from(pages, (page) =>
      page.cells.reduce((most, value) => (value > most ? value : most), 0),
    );
    pages.forEach((page, head) => {
      const scale = THUMBNAIL_MAX - 1;
      const maximum = maxima[head] || 1;
      page.cells.forEach((value, cell) => {
        const byte = Number.isNaN(value)
          ? THUMBNAIL_NAN
          : value < 0
            ? 0
            : 1 + Math.round((value / maximum) * scale);
        cells[head * rows * columns + cell] = byte;
      });
    });
    return { ...request, heads: site.heads, rows, columns, cells: cells.buffer, maxima: maxima.buffer };
  }

  #site({ handle, generation }: Pick<HeadRequest, "handle" | "generation">): StoredSite {
    const site = this.#sites.get(handle);
    if (!site || generation !== this.generation) throw new AttentionError("stale");
    return site;
  }

  #map(request: HeadRequest, what: CellKind = "probability"): HeadMap {
    if (what !== "probability") {
      const map = this.#scores(request, what);
      if (!map) throw new AttentionError("badMessage", "The scores of this site were not captured.");
      return map;
    }
    const site = this.#site(request);
    if (request.batch >= site.batch)
      throw new AttentionError("badMessage", `Batch ${request.batch} of ${site.batch}.`);
    if (typeof request.head === "number") return headMap(site, request.batch, request.head);
    const key = JSON.stringify([request.handle, request.batch, request.head]);
    if (this.#mean?.key !== key)
      this.#mean = {
        key,
        map: meanOfHeads(chosen(site, request.head).map((head) => headMap(site, request.batch, head))),
      };
    return this.#mean.map;
  }

  /** The scores of a head, or their mean; null where the site has none. */
  #scores(request: HeadRequest, what: CellKind): HeadMap | null {
    const site = this.#site(request);
    const maps = chosen(site, request.head).flatMap(
      (head) => scoreMap(site, what, request.batch, head) ?? [],
    );
    const [only] = maps;
    return maps.length > 1 ? meanOfScores(maps) : (only ?? null);
  }
}

/** The row that is asked for: one query's, or the mean of several. */
function queryRow(
  map: HeadMap,
  { query, what = "probability" }: { readonly query: RowQuery; readonly what?: CellKind | undefined },
): MapRow & { readonly of?: RowCounts } {
  return typeof query === "number"
    ? rowOf(map, query)
    : meanOfRows(map, query, what === "probability" ? "rows" : "seen");
}

/** What stands for a masked cell. */
function maskOf(what: CellKind = "probability"): number {
  return what === "probability" ? MASKED : MASKED_SCORE;
}

/** Views, not copies, of one head. */
export function headMap(site: StoredSite, batch: number, head: number): HeadMap {
  if (head >= site.heads) throw new AttentionError("badMessage", `Head ${head} of ${site.heads}.`);
  const size = site.queries * site.keys;
  const start = (batch * site.heads + head) * size;
  return {
    queries: site.queries,
    keys: site.keys,
    cells: site.cells.subarray(start, start + size),
    valid: site.valid.subarray(start, start + size),
  };
}

function chosen(site: StoredSite, head: HeadChoice): number[] {
  if (typeof head === "number") return [head];
  return head === "mean" ? Array.from({ length: site.heads }, (_, index) => index) : [...new Set(head)];
}

function reference({ handle, generation, batch, head }: HeadRequest): HeadRequest {
  return { handle, generation, batch, head };
}

function extremes(map: HeadMap): { maximum: number; p99: number } {
  let maximum = 0;
  let count = 0;
  for (let cell = 0; cell < map.cells.length; cell++) {
    const value = map.cells[cell] as number;
    if (!map.valid[cell] || !Number.isFinite(value)) continue;
    count += 1;
    if (value > maximum) maximum = value;
  }
  if (count <= SORT_LIMIT) {
    const values = map.cells.filter((value, cell) => map.valid[cell] && Number.isFinite(value)).sort();
    return { maximum, p99: quantile(values, 0.99) ?? 0 };
  }
  const bins = new Uint32Array(65_536);
  for (let cell = 0; cell < map.cells.length; cell++) {
    const value = map.cells[cell] as number;
    if (!map.valid[cell] || !Number.isFinite(value)) continue;
    const bin = Math.min(65_535, Math.floor((value / (maximum || 1)) * 65_535));
    bins[bin] = (bins[bin] as number) + 1;
  }
  let above = count * 0.01;
  let bin = bins.length - 1;
  while (bin > 0 && (above -= bins[bin] as number) > 0) bin -= 1;
  return { maximum, p99: ((bin + 1) / 65_535) * maximum };
}
