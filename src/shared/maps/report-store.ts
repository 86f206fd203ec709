/**
 * The maps that a report holds, read as the engine reads its own. A site's maps are there cell by cell, or, where
 * they were too large, pooled by their maxima with the figures of every row beside them.
 */
import * as z from "zod";
import { AttentionError } from "../errors";
import { headFiguresSchema } from "../figures";
import type {
  Grid,
  GridRequest,
  HeadRequest,
  Page,
  PageRequest,
  Row,
  RowRequest,
  ThumbnailRequest,
  Thumbnails,
} from "../page";
import { windowsSchema } from "../model";
import type { HeadProfile } from "../profile";
import { CaptureStore, type StoredSite } from "./capture-store";
import { fillsGrids } from "./window-grid";
import { unpackFlags, unpackFloats } from "./packed";

const size = z.number().int().positive();

export const reportSiteSchema = z.object({
  handle: z.string(),
  batch: size,
  heads: size,
  queries: size,
  keys: size,
  ownKey: z.number().int().nullable(),
  windows: windowsSchema.nullable().default(null),
  /** Sizes of the scores before and after the mask, cell by cell; null where they are not in it. */
  scores: z
    .object({ before: z.array(size), after: z.array(size) })
    .nullable()
    .default(null),
  /** null where every cell is there. */
  pooled: z
    .object({
      /** Queries per row and keys per column, and how many of them there are. */
      rowFactor: size,
      columnFactor: size,
      rows: size,
      columns: size,
      /** Of every head, then of the mean of heads, which is a map of its own. */
      figures: z.array(headFiguresSchema),
    })
    .nullable(),
});
export type ReportSite = z.infer<typeof reportSiteSchema>;

/** Arrays of a site, compressed, by name. */
export type ReadArray = (handle: string, name: ReportArrayName) => Uint8Array;
export type ReportArrayName = "cells" | "valid" | "profiles" | "scoresBefore" | "scoresAfter";

/** Numbers of a profile: entropy, normalised entropy, row sum, valid keys by query; received by key; two extremes. */
export function profileLength({ queries, keys }: Pick<ReportSite, "queries" | "keys">): number {
  return 4 * queries + keys + 2;
}

export class ReportStore {
  readonly #generation: number;
  readonly #sites: ReadonlyMap<string, ReportSite>;
  readonly #read: ReadArray;
  readonly #exact = new Map<string, CaptureStore>();
  readonly #pooled = new Map<
    string,
    { maps: CaptureStore; thumbnails: CaptureStore; profiles: Float32Array }
  >();

  constructor(generation: number, sites: readonly ReportSite[], read: ReadArray) {
    this.#generation = generation;
    this.#sites = new Map(sites.map((site) => [site.handle, site]));
    this.#read = read;
  }

  readPage(request: PageRequest): Page {
    const site = this.#site(request);
    if (!site.pooled) return this.#exactStore(site).readPage(request);
    const { rowFactor, columnFactor } = site.pooled;
    const page = this.#pooledStore(site).maps.readPage({
      ...request,
      head: pooledHead(site, request),
      queryStart: Math.floor(request.queryStart / rowFactor),
      queryEnd: Math.ceil(request.queryEnd / rowFactor),
      keyStart: Math.floor(request.keyStart / columnFactor),
      keyEnd: Math.ceil(request.keyEnd / columnFactor),
      pooling: "max",
    });
    return {
      ...page,
      head: request.head,
      queryStart: page.queryStart * rowFactor,
      queryEnd: Math.min(site.queries, page.queryEnd * rowFactor),
      keyStart: page.keyStart * columnFactor,
      keyEnd: Math.min(site.keys, page.keyEnd * columnFactor),
      pooling: "max",
      rowFactor: page.rowFactor * rowFactor,
      columnFactor: page.columnFactor * columnFactor,
    };
  }

  readRow(request: RowRequest): Row {
    const site = this.#site(request);
    if (site.pooled)
      throw new AttentionError("leftOut", "The rows of this map are not in it, only maxima of its cells.");
    return this.#exactStore(site).readRow(request);
  }

  readGrid(request: GridRequest): Grid {
    const site = this.#site(request);
    if (site.pooled || !fillsGrids(site.windows, site))
      throw new AttentionError("leftOut", "Not all windows of this grid are in it, cell by cell.");
    return this.#exactStore(site).readGrid(request);
  }

  readHead(request: HeadRequest): HeadProfile {
    const site = this.#site(request);
    if (!site.pooled) return this.#exactStore(site).readHead(request);
    const head = pooledHead(site, request);
    const figures = site.pooled.figures[head];
    if (!figures) throw new AttentionError("badMessage", `Head ${head} of ${site.heads}.`);
    const { profiles } = this.#pooledStore(site);
    const length = profileLength(site);
    const own = profiles.slice(head * length, (head + 1) * length);
    const { queries, keys } = site;
    const part = (index: number) => own.slice(index * queries, (index + 1) * queries);
    return {
      ...request,
      figures,
      entropyNats: part(0).buffer,
      normalisedEntropy: part(1).buffer,
      rowSum: part(2).buffer,
      validKeys: Uint32Array.from(part(3)).buffer,
      received: own.slice(4 * queries, 4 * queries + keys).buffer,
      maximum: own[length - 2] as number,
      p99: own[length - 1] as number,
      scores: null,
    };
  }

  readThumbnails(request: ThumbnailRequest): Thumbnails {
    const site = this.#site(request);
    return site.pooled
      ? this.#pooledStore(site).thumbnails.readThumbnails(request)
      : this.#exactStore(site).readThumbnails(request);
  }

  #site({ handle, generation }: Pick<HeadRequest, "handle" | "generation">): ReportSite {
    const site = this.#sites.get(handle);
    if (!site || generation !== this.#generation) throw new AttentionError("stale");
    return site;
  }

  #exactStore(site: ReportSite): CaptureStore {
    const { handle, batch, heads, queries, keys, ownKey, windows, scores } = site;
    const known = this.#exact.get(handle);
    if (known) return known;
    const cells = unpackFloats(this.#read(handle, "cells"));
    const valid = unpackFlags(this.#read(handle, "valid"), cells.length);
    const read = (name: ReportArrayName) => unpackFloats(this.#read(handle, name));
    const stored: StoredSite = {
      ...{ handle, batch, heads, queries, keys, ownKey, windows, cells, valid },
      ...(scores
        ? {
            scores: {
              before: { cells: read("scoresBefore"), dims: scores.before },
              after: { cells: read("scoresAfter"), dims: scores.after },
            },
          }
        : {}),
    };
    const store = new CaptureStore(this.#generation, [stored]);
    this.#exact.set(handle, store);
    return store;
  }

  #pooledStore(site: ReportSite): { maps: CaptureStore; thumbnails: CaptureStore; profiles: Float32Array } {
    const known = this.#pooled.get(site.handle);
    if (known) return known;
    const { rows, columns } = site.pooled ?? { rows: 0, columns: 0 };
    const cells = unpackFloats(this.#read(site.handle, "cells"));
    const valid = Uint8Array.from(cells, (p) => (p < 0 ? 0 : 1));
    const ofHeads = site.heads * rows * columns;
    const stored = { handle: site.handle, batch: 1, queries: rows, keys: columns, ownKey: null };
    const made = {
      maps: new CaptureStore(this.#generation, [{ ...stored, heads: site.heads + 1, cells, valid }]),
      thumbnails: new CaptureStore(this.#generation, [
        {
          ...stored,
          heads: site.heads,
          cells: cells.subarray(0, ofHeads),
          valid: valid.subarray(0, ofHeads),
        },
      ]),
      profiles: unpackFloats(this.#read(site.handle, "profiles")),
    };
    this.#pooled.set(site.handle, made);
    return made;
  }
}

/** Heads in order, then their mean. */
function pooledHead(site: ReportSite, { head }: Pick<HeadRequest, "head">): number {
  if (typeof head === "number") return head;
  if (head === "mean") return site.heads;
  throw new AttentionError("leftOut", "The mean of chosen heads is not in it.");
}
