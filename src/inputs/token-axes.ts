/** Labels for the tokens of an axis, from the manifest's segments; numbered where nothing names them. */
import type { TokenAxis, TokenGrid, TokenSegment } from "../shared/capture";
import type { NamedArray } from "./arrays";
import type { ManifestGrid, ManifestSegment, ManifestTokens } from "./manifest/segments-schema";
import { namedArray } from "./manifest/values";

export interface AxisResult {
  readonly axis: Omit<TokenAxis, "id">;
  /** Set when the segments do not fit the axis: tokens are numbered instead. */
  readonly problem: string | null;
}

/** Labels that come from elsewhere than the recorded arrays. */
export interface LabelSources {
  /** Tokens of a text, by the model's input that takes their ids. */
  readonly tokens?: ReadonlyMap<string, readonly string[]>;
  /** Lines of a file that the manifest names; null where it cannot be read. */
  readonly lines?: (file: string) => readonly string[] | null;
}

/** Tokens 0 … length − 1 without names. */
export function numberedAxis(length: number): Omit<TokenAxis, "id"> {
  return {
    labels: Array.from({ length }, (_, index) => String(index)),
    segments: [{ name: "tokens", role: "other" }],
    segmentOf: new Array<number>(length).fill(0),
    from: "index",
  };
}

/** Number of tokens of a segment, as far as the manifest itself says it. */
export function declaredCount(segment: ManifestSegment): number | undefined {
  if (segment.count !== undefined) return segment.count;
  if ("interleave" in segment) return undefined;
  if (segment.grid) return segment.grid.rows * segment.grid.columns;
  return Array.isArray(segment.labels) ? segment.labels.length : undefined;
}

/**
 * @param length number of tokens along the axis
 * @param arrays the recorded arrays that label templates may name
 */
export function tokenAxis(
  segments: readonly ManifestSegment[],
  length: number,
  arrays: ReadonlyMap<string, NamedArray>,
  sources: LabelSources = {},
): AxisResult {
  const counts = segmentCounts(segments, length, arrays, sources);
  if (typeof counts === "string") return { axis: numberedAxis(length), problem: counts };
  const labels: string[] = [];
  const named: TokenSegment[] = [];
  const segmentOf: number[] = [];
  const padding: number[] = [];
  segments.forEach((segment, position) => {
    const parts: readonly ManifestTokens[] = "interleave" in segment ? segment.interleave : [segment];
    const first = named.length;
    named.push(...parts.map(describeSegment));
    for (let token = 0; token < (counts[position] ?? 0); token++) {
      const part = token % parts.length;
      const tokens = parts[part] as ManifestTokens;
      const index = Math.floor(token / parts.length);
      if (isPadding(tokens, index, arrays)) padding.push(labels.length);
      segmentOf.push(first + part);
      labels.push(labelOf(tokens, index, arrays, sources));
    }
  });
  const axis: Omit<TokenAxis, "id"> = { labels, segments: named, segmentOf, from: "manifest" };
  return { axis: padding.length === 0 ? axis : { ...axis, padding }, problem: null };
}

/** Tokens of each segment, or why they do not make up the axis. */
function segmentCounts(
  segments: readonly ManifestSegment[],
  length: number,
  arrays: ReadonlyMap<string, NamedArray>,
  sources: LabelSources,
): number[] | string {
  let counts = segments.map(declaredCount);
  const openOf = () => counts.filter((count) => count === undefined).length;
  // With several open segments, those whose labels are recorded have as many tokens as were recorded.
  if (openOf() > 1)
    counts = counts.map((count, position) => count ?? recordedCount(segments[position], arrays, sources));
  if (openOf() > 1) return "More than one segment has no count.";
  const sum = counts.reduce<number>((all, count) => all + (count ?? 0), 0);
  if (sum > length || (openOf() === 0 && sum !== length))
    return `The segments make ${sum} tokens, the map has ${length}; tokens are numbered.`;
  return counts.map((count) => count ?? length - sum);
}

function recordedCount(
  segment: ManifestSegment | undefined,
  arrays: ReadonlyMap<string, NamedArray>,
  sources: LabelSources,
): number | undefined {
  if (!segment || "interleave" in segment || !segment.labels || Array.isArray(segment.labels))
    return undefined;
  if ("array" in segment.labels) return arrays.get(segment.labels.array)?.data.length;
  if ("file" in segment.labels) return sources.lines?.(segment.labels.file)?.length;
  return sources.tokens?.get(segment.labels.ids)?.length;
}

function describeSegment({ name, role, grid, words }: ManifestTokens): TokenSegment {
  return { name, role, ...(grid ? { grid: tokenGrid(grid) } : {}), ...(words ? { words } : {}) };
}

function tokenGrid({ rows, columns, patch, crop, padding, camera }: ManifestGrid): TokenGrid {
  return {
    rows,
    columns,
    patch: patch === undefined ? null : typeof patch === "number" ? [patch, patch] : patch,
    crop: crop ?? null,
    padding: padding ?? null,
    camera: camera ?? null,
  };
}

function isPadding(
  { mask }: ManifestTokens,
  index: number,
  arrays: ReadonlyMap<string, NamedArray>,
): boolean {
  if (mask === undefined) return false;
  const value = arrays.get(namedArray(mask).array)?.data[index];
  return value !== undefined && Number(value) === 0;
}

function labelOf(
  tokens: ManifestTokens,
  index: number,
  arrays: ReadonlyMap<string, NamedArray>,
  sources: LabelSources,
): string {
  const { labels, grid, name } = tokens;
  const fill = (template: string, values: Record<string, string>) =>
    template.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
  const place: Record<string, string> = grid
    ? { row: String(Math.floor(index / grid.columns)), column: String(index % grid.columns) }
    : {};
  const numbered = fill(tokens.label ?? (grid ? "{name} {row},{column}" : "{name} {i}"), {
    i: String(index),
    name,
    ...place,
  });
  if (!labels) return numbered;
  if (Array.isArray(labels)) return labels[index] ?? numbered;
  if ("file" in labels) return sources.lines?.(labels.file)?.[index] ?? numbered;
  if ("ids" in labels) return sources.tokens?.get(labels.ids)?.[index] ?? numbered;
  const value = arrays.get(labels.array)?.data[index];
  if (value === undefined) return numbered;
  const named = labels.names?.[Number(value)] ?? String(value);
  return fill(labels.template ?? "{name}", { i: String(index), value: String(value), name: named, ...place });
}
