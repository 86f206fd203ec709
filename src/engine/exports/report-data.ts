/** What goes into a report: the capture and its maps, cut to a limit of bytes, with what was left out in words. */
import { deflateSync } from "node:zlib";
import type { Capture, CapturedSite } from "../../shared/capture";
import type { HeadFigures } from "../../shared/figures";
import { bytes as formatBytes, count, counted } from "../../shared/format";
import { CaptureStore, headMap, type StoredSite } from "../../shared/maps/capture-store";
import { pageOf } from "../../shared/maps/head-map";
import { packFlags, packFloats } from "../../shared/maps/packed";
import { profileLength, type ReportArrayName, type ReportSite } from "../../shared/maps/report-store";
import type { ScoreTensor, SiteScores } from "../../shared/maps/score-map";

const FLOAT = 4;
/** Maps of fewer cells are kept whole whatever the limit. */
const SMALL_MAP_CELLS = 128 * 128;
const LARGEST_FACTOR = 1024;

interface ReportArray {
  readonly handle: string;
  readonly name: ReportArrayName;
  readonly deflated: Uint8Array;
}

export interface ReportArrays {
  readonly sites: readonly ReportSite[];
  /** Compressed arrays: site's handle, name, bytes. */
  readonly arrays: readonly ReportArray[];
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
  const arrays: ReportArray[] = [];
  const add = (handle: string, name: ReportArrayName, packed: Uint8Array) =>
    arrays.push({ handle, name, deflated: deflateSync(packed) });
  const withScores = scoresKept(
    sites.map(({ maps }) => maps),
    { samples, pooled: factor > 1, limit: limitBytes },
  );
  if (withScores.leftOut !== null) leftOut.push(withScores.leftOut);
  for (const { site, maps } of sites) {
    const { handle, heads, queries, keys, ownKey } = maps;
    const batch = Math.min(maps.batch, samples);
    const facts = { handle, batch, heads, queries, keys, ownKey, windows: maps.windows ?? null };
    if (factor === 1 || queries * keys <= SMALL_MAP_CELLS) {
      const cells = batch * heads * queries * keys;
      const scores = withScores.kept && maps.scores ? scoresOf(maps.scores, samples) : null;
      const dims = scores && { before: [...scores.before.dims], after: [...scores.after.dims] };
      reportSites.push({ ...facts, scores: dims, pooled: null });
      add(handle, "cells", packFloats(maps.cells.subarray(0, cells)));
      add(handle, "valid", packFlags(maps.valid.subarray(0, cells)));
      if (scores) {
        add(handle, "scoresBefore", packFloats(scores.before.cells));
        add(handle, "scoresAfter", packFloats(scores.after.cells));
      }
      continue;
    }
    const pooled = pooledSite(capture.generation, maps, factor);
    reportSites.push({ ...facts, scores: null, pooled: pooled.facts });
    add(handle, "cells", packFloats(pooled.cells));
    add(handle, "profiles", packFloats(pooled.profiles));
    leftOut.push(pooledWords(site, pooled.facts, limitBytes));
  }
  return {
    sites: reportSites,
    arrays,
    capture: {
      ...capture,
      sites: sites.map(({ site }) => ({
        ...site,
        scores: withScores.kept ? site.scores : null,
        batch: Math.min(site.batch, samples),
        figures: site.figures.slice(0, samples),
        roles: site.roles.slice(0, samples),
      })),
      notices: [...capture.notices, ...leftOut],
    },
    leftOut,
  };
}

/** Scores of the samples that are kept. */
function scoresOf({ before, after }: SiteScores, samples: number): SiteScores {
  const cut = ({ cells, dims }: ScoreTensor): ScoreTensor => {
    const kept = [Math.min(dims[0] ?? 1, samples), ...dims.slice(1)];
    return {
      cells: cells.subarray(
        0,
        kept.reduce((all, dim) => all * dim, 1),
      ),
      dims: kept,
    };
  };
  return { before: cut(before), after: cut(after) };
}

/** Scores are kept where they fit beside the maps, of all sites or of none; why not, as a sentence. */
function scoresKept(
  sites: readonly StoredSite[],
  { samples, pooled, limit }: { samples: number; pooled: boolean; limit: number },
): { kept: boolean; leftOut: string | null } {
  const scored = sites.filter(({ scores }) => scores !== undefined);
  if (scored.length === 0) return { kept: false, leftOut: null };
  const taken = sites.reduce((sum, { batch, heads, queries, keys, scores }) => {
    const cells = Math.min(batch, samples) * heads * queries * keys;
    const cut = scores && scoresOf(scores, samples);
    return sum + FLOAT * (cells + (cut ? cut.before.cells.length + cut.after.cells.length : 0));
  }, 0);
  if (!pooled && taken <= limit) return { kept: true, leftOut: null };
  const words = pooled ? "its maps are pooled" : `with them it would take ${formatBytes(taken)}`;
  return {
    kept: false,
    leftOut: `This report holds no scores, to stay within ${formatBytes(limit)} of maps: ${words}.`,
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
