/** Labels for the tokens of an axis, from the manifest's segments; numbered where nothing names them. */
import type { TokenAxis, TokenGrid, TokenSegment } from "../shared/capture";
import type { NamedArray } from "./arrays";
import type { LabelArray } from "./label-arrays";
import type { ManifestGrid, ManifestSegment, ManifestTokens } from "./manifest/segments-schema";
import { namedArray } from "./manifest/values";

export interface AxisResult {
  readonly axis: Omit<TokenAxis, "id">;
  /** Set when the segments do not fit the axis, and tokens are numbered instead, or labels do not fit their tokens. */
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
  arrays: ReadonlyMap<string, LabelArray>,
  sources: LabelSources = {},
): AxisResult {
  const counts = segmentCounts(segments, length, arrays, sources);
  if (typeof counts === "string") return { axis: numberedAxis(length), problem: counts };
  const labels: string[] = [];
  const named: TokenSegment[] = [];
  const segmentOf: number[] = [];
  const padding: number[] = [];
  const problems = new Set<string>();
  segments.forEach((segment, position) => {
    const parts: readonly ManifestTokens[] = "interleave" in segment ? segment.interleave : [segment];
    const first = named.length;
    named.push(...parts.map(describeSegment));
    const whole = counts[position] ?? 0;
    const countOf = (part: number) => Math.ceil((whole - part) / parts.length);
    parts.forEach((tokens, part) => {
      const problem = labelProblem(tokens, countOf(part), countOf(0), arrays);
      if (problem !== null) problems.add(problem);
    });
    for (let token = 0; token < whole; token++) {
      const part = token % parts.length;
      const tokens = parts[part] as ManifestTokens;
      const index = Math.floor(token / parts.length);
      const place = { index, count: countOf(part) };
      if (isPadding(tokens, place, arrays)) padding.push(labels.length);
      segmentOf.push(first + part);
      labels.push(labelOf(tokens, place, arrays, sources));
    }
  });
  const axis: Omit<TokenAxis, "id"> = { labels, segments: named, segmentOf, from: "manifest" };
  const [problem = null] = problems;
  return { axis: padding.length === 0 ? axis : { ...axis, padding }, problem };
}

/** A token by its number within its segment, and how many the segment has. */
interface Place {
  readonly index: number;
  readonly count: number;
}

/** The value of a token in an array with one for each; undefined where it has none. */
function valueAt(
  array: LabelArray | undefined,
  { index, count }: Place,
): NamedArray["data"][number] | undefined {
  if (!array) return undefined;
  return array.data[array.endsNow ? index - count + array.data.length : index];
}

/** That labels would stand at tokens which they are not of, as a sentence; null where they do not. */
function labelProblem(
  { name, labels }: ManifestTokens,
  count: number,
  turns: number,
  arrays: ReadonlyMap<string, LabelArray>,
): string | null {
  if (!labels || !("array" in labels) || count === 0) return null;
  const array = arrays.get(labels.array);
  // Of those that take turns, the last of a turn that is not over yet was recorded all the same.
  if (!array || array.endsNow || array.data.length === count || array.data.length === turns) return null;
  return `The labels of ${name} are in ${labels.array}, which has [${array.dims.join(", ")}] for ${count} tokens: ${array.data.length > count ? "the first are used" : "the others are numbered"}.`;
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

function isPadding({ mask }: ManifestTokens, place: Place, arrays: ReadonlyMap<string, LabelArray>): boolean {
  if (mask === undefined) return false;
  const value = valueAt(arrays.get(namedArray(mask).array), place);
  return value !== undefined && Number(value) === 0;
}

function labelOf(
  tokens: ManifestTokens,
  at: Place,
  arrays: ReadonlyMap<string, LabelArray>,
  sources: LabelSources,
): string {
  const { labels, grid, name } = tokens;
  const { index } = at;
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
  const value = valueAt(arrays.get(labels.array), at);
  if (value === undefined) return numbered;
  const named = labels.names?.[Number(value)] ?? String(value);
  return fill(labels.template ?? "{name}", { i: String(index), value: String(value), name: named, ...place });
}
