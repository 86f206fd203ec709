/** Seeded attention maps with masks, and pages, rows and figures of them, worked out plainly. */
import type { HeadFigures } from "../../src/shared/figures";
import {
  MASKED,
  type Page,
  type PageRequest,
  type Row,
  THUMBNAIL_MAX,
  THUMBNAIL_NAN,
  type ThumbnailRequest,
  type Thumbnails,
} from "../../src/shared/page";
import type { HeadProfile } from "../../src/shared/profile";

/** float32 probabilities, queries × keys, row-major; −1 where masked. */
export interface FakeMap {
  readonly queries: number;
  readonly keys: number;
  readonly cells: Float32Array<ArrayBuffer>;
}

/** Small, fast, seeded: mulberry32. Numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Softmax rows over the keys that `visible` lets through; a row with none is masked. */
export function randomMap(
  queries: number,
  keys: number,
  seed: number,
  options: { sharpness?: number; visible?: (query: number, key: number) => boolean; near?: number } = {},
): FakeMap {
  const random = seeded(seed);
  const cells = new Float32Array(queries * keys).fill(MASKED);
  for (let query = 0; query < queries; query++) {
    const scores = Array.from({ length: keys }, (_, key) => {
      const distance = Math.abs(query / queries - key / keys);
      return (options.sharpness ?? 3) * random() - (options.near ?? 0) * distance;
    });
    const seen = scores.map((_, key) => options.visible?.(query, key) ?? true);
    const total = scores.reduce((sum, score, key) => sum + (seen[key] ? Math.exp(score) : 0), 0);
    scores.forEach((score, key) => {
      if (seen[key]) cells[query * keys + key] = Math.exp(score) / total;
    });
  }
  return { queries, keys, cells };
}

/** Mean of maps with the same masks. */
export function meanMap(maps: readonly FakeMap[]): FakeMap {
  const [first] = maps;
  if (!first) throw new Error("no maps to take the mean of");
  const cells = first.cells.map((cell, index) =>
    cell < 0 ? MASKED : maps.reduce((sum, map) => sum + map.cells[index]!, 0) / maps.length,
  );
  return { ...first, cells };
}

/** A window, pooled by the smallest whole factors that fit, keeping maxima or means. */
export function pageOfMap(map: FakeMap, request: PageRequest): Page {
  const { handle, generation, batch, head, queryStart, queryEnd, keyStart, keyEnd, maxRows, maxColumns } =
    request;
  const rowFactor = Math.ceil((queryEnd - queryStart) / maxRows);
  const columnFactor = Math.ceil((keyEnd - keyStart) / maxColumns);
  const rows = Math.ceil((queryEnd - queryStart) / rowFactor);
  const columns = Math.ceil((keyEnd - keyStart) / columnFactor);
  const signed = request.what !== undefined && request.what !== "probability";
  const cells = new Float32Array(rows * columns).fill(signed ? -Infinity : MASKED);
  const sums = new Float64Array(rows * columns);
  const counts = new Uint32Array(rows * columns);
  for (let query = queryStart; query < queryEnd; query++) {
    for (let key = keyStart; key < keyEnd; key++) {
      const at =
        Math.floor((query - queryStart) / rowFactor) * columns + Math.floor((key - keyStart) / columnFactor);
      const p = map.cells[query * map.keys + key]!;
      if (Number.isNaN(p) || p > cells[at]!) cells[at] = p;
      if (signed ? p === -Infinity : p < 0) continue;
      sums[at]! += p;
      counts[at]!++;
    }
  }
  const pooling = rowFactor * columnFactor > 1 ? request.pooling : "none";
  if (pooling === "mean") counts.forEach((count, at) => count > 0 && (cells[at] = sums[at]! / count));
  return {
    ...{ handle, generation, batch, head, what: request.what, queryStart, queryEnd, keyStart, keyEnd },
    ...{ rows, columns, pooling, rowFactor, columnFactor, cells: cells.buffer },
  };
}

/** All heads of a site as bytes, worked out from the maps cell by cell. */
export function thumbnailsOfMaps(maps: readonly FakeMap[], request: ThumbnailRequest): Thumbnails {
  const pages = maps.map((map, head) =>
    pageOfMap(map, {
      ...{ handle: request.handle, generation: request.generation, batch: request.batch, head },
      ...{ queryStart: 0, queryEnd: map.queries, keyStart: 0, keyEnd: map.keys },
      ...{ maxRows: request.side, maxColumns: request.side, pooling: "max" },
    }),
  );
  const { rows, columns } = pages[0]!;
  const bytes = new Uint8Array(maps.length * rows * columns);
  const maxima = Float32Array.from(pages, (page) =>
    new Float32Array(page.cells).reduce((most, p) => (p > most ? p : most), 0),
  );
  pages.forEach((page, head) => {
    new Float32Array(page.cells).forEach((p, at) => {
      const place = 1 + Math.round((p / maxima[head]!) * (THUMBNAIL_MAX - 1));
      bytes[head * rows * columns + at] = Number.isNaN(p) ? THUMBNAIL_NAN : p < 0 ? 0 : place;
    });
  });
  return { ...request, heads: maps.length, rows, columns, cells: bytes.buffer, maxima: maxima.buffer };
}

export function rowOfMap(map: FakeMap, request: Omit<Row, "cells">): Row {
  const rowAt = (query: number) => map.cells.slice(query * map.keys, (query + 1) * map.keys);
  if (typeof request.query === "number") return { ...request, cells: rowAt(request.query).buffer };
  const rows = request.query.map(rowAt);
  const seen = rows.filter((row) => row.some((p) => p >= 0));
  const mean = Float32Array.from({ length: map.keys }, (_, key) =>
    seen.every((row) => row[key]! < 0)
      ? MASKED
      : seen.reduce((sum, row) => sum + Math.max(0, row[key]!), 0) / seen.length,
  );
  const of = { rows: seen.length, masked: rows.length - seen.length, flagged: 0 };
  return { ...request, cells: mean.buffer, of };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function profileOfMap(
  map: FakeMap,
  ref: { handle: string; generation: number; batch: number; head: HeadProfile["head"] },
): HeadProfile {
  const { queries, keys, cells } = map;
  const entropyNats = new Float32Array(queries).fill(Number.NaN);
  const normalisedEntropy = new Float32Array(queries).fill(Number.NaN);
  const rowSum = new Float32Array(queries);
  const validKeys = new Uint32Array(queries);
  const received = new Float32Array(keys);
  const seenBy = new Uint32Array(keys);
  for (let query = 0; query < queries; query++) {
    let entropy = 0;
    for (let key = 0; key < keys; key++) {
      const p = cells[query * keys + key]!;
      if (!Number.isFinite(p) || p < 0) continue;
      validKeys[query]!++;
      rowSum[query]! += p;
      received[key]! += p;
      seenBy[key]!++;
      if (p > 0) entropy -= p * Math.log(p);
    }
    if (validKeys[query]! > 0) entropyNats[query] = entropy;
    if (validKeys[query]! > 1) normalisedEntropy[query] = entropy / Math.log(validKeys[query]!);
  }
  const valid = [...cells].filter((p) => Number.isFinite(p) && p >= 0).sort((one, other) => one - other);
  const known = [...normalisedEntropy]
    .filter((value) => !Number.isNaN(value))
    .sort((one, other) => one - other);
  const raw = [...entropyNats].filter((value) => !Number.isNaN(value));
  const average = (values: number[]): number | null =>
    values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  const rowsOf = Array.from({ length: queries }, (_, query) =>
    [...cells.slice(query * keys, (query + 1) * keys)].filter((p) => Number.isFinite(p) && p >= 0),
  ).filter((row) => row.length > 0);
  const mean = known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
  const figures: HeadFigures = {
    entropyNats: average(raw),
    normalisedEntropy: mean,
    confidence: average(rowsOf.map((row) => Math.max(...row))),
    concentration: null,
    meanContextAttention: null,
    contextShare: null,
    recentDistantRatio: null,
    sinkMass: average(rowsOf.map((row) => row[0]!)),
    distanceTokens: null,
    receivedMaximum: Math.max(0, ...received.map((mass, key) => mass / Math.max(1, seenBy[key]!))),
    sparsity90: null,
    gini: average(
      rowsOf.map((row) => {
        const sorted = row.toSorted((one, other) => one - other);
        const total = sorted.reduce((sum, p) => sum + p, 0) || 1;
        const weighted = sorted.reduce((sum, p, k) => sum + (2 * (k + 1) - sorted.length - 1) * p, 0);
        return weighted / (sorted.length * total);
      }),
    ),
    rowsMasked: [...validKeys].filter((count) => count === 0).length,
    rowsSingleKey: [...validKeys].filter((count) => count === 1).length,
    rowsFlagged: [...cells].some((p) => !Number.isFinite(p)) ? 1 : 0,
    rowSumMin: 1,
    rowSumMax: 1,
    normalisedEntropyP10: mean === null ? null : quantile(known, 0.1),
    normalisedEntropyP90: mean === null ? null : quantile(known, 0.9),
  };
  return {
    ...ref,
    figures,
    entropyNats: entropyNats.buffer,
    normalisedEntropy: normalisedEntropy.buffer,
    rowSum: rowSum.buffer,
    validKeys: validKeys.buffer,
    received: received.map((mass, key) => mass / seenBy[key]!).buffer,
    maximum: valid.at(-1) ?? 0,
    p99: quantile(valid, 0.99),
    scores: null,
  };
}
