/** What goes into a report: the capture and its maps, cut to a limit of bytes, with what was left out in words. */
import { deflateSync } from "node:zlib";
import type { Capture, CapturedSite } from "../shared/capture";
import type { HeadFigures } from "../shared/figures";
import { bytes as formatBytes, count, counted } from "../shared/format";
import { CaptureStore, headMap, type StoredSite } from "../shared/maps/capture-store";
import { pageOf } from "../shared/maps/head-map";
import { packFlags, packFloats } from "../shared/maps/packed";
import { profileLength, type ReportSite } from "../shared/maps/report-store";

const FLOAT = 4;
/** Maps of fewer cells are kept whole whatever the limit. */
const SMALL_MAP_CELLS = 128 * 128;
const LARGEST_FACTOR = 1024;

export interface ReportArrays {
  readonly sites: readonly ReportSite[];
  /** Compressed arrays: site's handle, name, bytes. */
  readonly arrays: readonly { handle: string; name: "cells" | "valid" | "profiles"; deflated: Uint8Array }[];
  /** The capture as far as its maps are there. */
  readonly capture: Capture;
  readonly leftOut: readonly string[];
}

export function reportArrays(
  capture: Capture,
  stored: readonly StoredSite[],
  limitBytes: number,
): ReportArrays {
  const sites = capture.sites.flatMap((site) => {
    const maps = stored.find(({ handle }) => handle === site.handle);
    return maps ? [{ site, maps }] : [];
  });
  const samples = samplesKept(
    sites.map(({ maps }) => maps),
    limitBytes,
  );
  const factor =
    samples > 1
      ? 1
      : poolingFactor(
          sites.map(({ maps }) => maps),
          limitBytes,
        );
  const leftOut: string[] = [];
  const most = Math.max(1, ...sites.map(({ maps }) => maps.batch));
  if (samples < most)
    leftOut.push(
      `This report holds ${samples === 1 ? "sample 0" : `samples 0 to ${samples - 1}`} of ${count(most)}, to stay within ${formatBytes(limitBytes)} of maps.`,
    );
  const reportSites: ReportSite[] = [];
  const arrays: { handle: string; name: "cells" | "valid" | "profiles"; deflated: Uint8Array }[] = [];
  for (const { site, maps } of sites) {
    const { handle, heads, queries, keys, ownKey } = maps;
    const batch = Math.min(maps.batch, samples);
    const facts = { handle, batch, heads, queries, keys, ownKey, windows: maps.windows ?? null };
    if (factor === 1 || queries * keys <= SMALL_MAP_CELLS) {
      const cells = batch * heads * queries * keys;
      reportSites.push({ ...facts, pooled: null });
      arrays.push({
        handle,
        name: "cells",
        deflated: deflateSync(packFloats(maps.cells.subarray(0, cells))),
      });
      arrays.push({ handle, name: "valid", deflated: deflateSync(packFlags(maps.valid.subarray(0, cells))) });
      continue;
    }
    const pooled = pooledSite(capture.generation, maps, factor);
    reportSites.push({ ...facts, pooled: pooled.facts });
    arrays.push({ handle, name: "cells", deflated: deflateSync(packFloats(pooled.cells)) });
    arrays.push({ handle, name: "profiles", deflated: deflateSync(packFloats(pooled.profiles)) });
    leftOut.push(pooledWords(site, pooled.facts, limitBytes));
  }
  return {
    sites: reportSites,
    arrays,
    capture: {
      ...capture,
      sites: sites.map(({ site }) => ({
        ...site,
        scores: null,
        batch: Math.min(site.batch, samples),
        figures: site.figures.slice(0, samples),
      })),
      notices: [...capture.notices, ...leftOut],
    },
    leftOut,
  };
}

function pooledWords(
  site: CapturedSite,
  { rowFactor, columnFactor }: { rowFactor: number; columnFactor: number },
  limit: number,
): string {
  return `${site.name}: its ${counted(site.heads, "map")} of ${count(site.queries)} × ${count(site.keys)} cells are kept as maxima of ${rowFactor} × ${columnFactor} cells, without single rows, to stay within ${formatBytes(limit)} of maps; figures are of the whole maps.`;
}

/** How many samples of every site fit; at least one. */
function samplesKept(sites: readonly StoredSite[], limit: number): number {
  const most = Math.max(1, ...sites.map(({ batch }) => batch));
  const taken = (samples: number) =>
    sites.reduce(
      (sum, site) => sum + FLOAT * Math.min(site.batch, samples) * site.heads * site.queries * site.keys,
      0,
    );
  let samples = most;
  while (samples > 1 && taken(samples) > limit) samples -= 1;
  return samples;
}

/** The smallest factor by which the larger maps must be pooled so that one sample of all sites fits. */
function poolingFactor(sites: readonly StoredSite[], limit: number): number {
  const taken = (factor: number) =>
    sites.reduce((sum, { heads, queries, keys }) => {
      const small = factor === 1 || queries * keys <= SMALL_MAP_CELLS;
      const cells = small
        ? queries * keys * heads
        : Math.ceil(queries / factor) * Math.ceil(keys / factor) * (heads + 1);
      return sum + FLOAT * cells;
    }, 0);
  let factor = 1;
  while (factor < LARGEST_FACTOR && taken(factor) > limit) factor += factor < 8 ? 1 : factor / 4;
  return factor;
}

/** Every head and then their mean: maxima of blocks, and a profile of the whole map. */
function pooledSite(
  generation: number,
  maps: StoredSite,
  factor: number,
): { facts: NonNullable<ReportSite["pooled"]>; cells: Float32Array; profiles: Float32Array } {
  const { handle, heads, queries, keys } = maps;
  const store = new CaptureStore(generation, [maps]);
  const rows = Math.ceil(queries / factor);
  const columns = Math.ceil(keys / factor);
  const cells = new Float32Array((heads + 1) * rows * columns);
  const length = profileLength(maps);
  const profiles = new Float32Array((heads + 1) * length);
  const all = [...Array.from({ length: heads }, (_, head) => head), "mean" as const];
  const figures: HeadFigures[] = [];
  all.forEach((head, index) => {
    const window = {
      queryStart: 0,
      queryEnd: queries,
      keyStart: 0,
      keyEnd: keys,
      maxRows: rows,
      maxColumns: columns,
    };
    const page =
      head === "mean"
        ? new Float32Array(
            store.readPage({ handle, generation, batch: 0, head, ...window, pooling: "max" }).cells,
          )
        : pageOf(headMap(maps, 0, head), { ...window, pooling: "max" }).cells;
    cells.set(page, index * rows * columns);
    const profile = store.readHead({ handle, generation, batch: 0, head });
    const at = index * length;
    figures.push(profile.figures);
    profiles.set(new Float32Array(profile.entropyNats), at);
    profiles.set(new Float32Array(profile.normalisedEntropy), at + queries);
    profiles.set(new Float32Array(profile.rowSum), at + 2 * queries);
    profiles.set(Float32Array.from(new Uint32Array(profile.validKeys)), at + 3 * queries);
    profiles.set(new Float32Array(profile.received), at + 4 * queries);
    profiles.set([profile.maximum, profile.p99], at + length - 2);
  });
  // As `pageOf` chooses them: blocks as even as they can be.
  const [rowFactor, columnFactor] = [Math.ceil(queries / rows), Math.ceil(keys / columns)];
  return { facts: { rowFactor, columnFactor, rows, columns, figures }, cells, profiles };
}
