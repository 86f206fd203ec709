/** Labels for the tokens of an axis, from the manifest's segments; numbered where nothing names them. */
import type { TokenAxis } from "../shared/capture";
import type { NamedArray } from "./arrays";
import type { ManifestSegment, ManifestTokens } from "./manifest";

export interface AxisResult {
  readonly axis: Omit<TokenAxis, "id">;
  /** Set when the segments do not fit the axis: tokens are numbered instead. */
  readonly problem: string | null;
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

/**
 * @param length number of tokens along the axis
 * @param arrays the recorded arrays that label templates may name
 */
export function tokenAxis(
  segments: readonly ManifestSegment[],
  length: number,
  arrays: ReadonlyMap<string, NamedArray>,
): AxisResult {
  const fixed = segments.map(
    (segment) =>
      segment.count ??
      ("labels" in segment && Array.isArray(segment.labels) ? segment.labels.length : undefined),
  );
  const open = fixed.filter((count) => count === undefined).length;
  const sum = fixed.reduce<number>((all, count) => all + (count ?? 0), 0);
  if (open > 1) return { axis: numberedAxis(length), problem: "More than one segment has no count." };
  if (sum > length || (open === 0 && sum !== length)) {
    return {
      axis: numberedAxis(length),
      problem: `The segments make ${sum} tokens, the map has ${length}; tokens are numbered.`,
    };
  }
  const labels: string[] = [];
  const names: { name: string; role: TokenAxis["segments"][number]["role"] }[] = [];
  const segmentOf: number[] = [];
  segments.forEach((segment, position) => {
    const count = fixed[position] ?? length - sum;
    const parts: readonly ManifestTokens[] = "interleave" in segment ? segment.interleave : [segment];
    const first = names.length;
    names.push(...parts.map(({ name, role }) => ({ name, role })));
    for (let token = 0; token < count; token++) {
      const part = token % parts.length;
      segmentOf.push(first + part);
      labels.push(labelOf(parts[part] as ManifestTokens, Math.floor(token / parts.length), arrays));
    }
  });
  return { axis: { labels, segments: names, segmentOf, from: "manifest" }, problem: null };
}

function labelOf(tokens: ManifestTokens, index: number, arrays: ReadonlyMap<string, NamedArray>): string {
  const fill = (template: string, values: Record<string, string>) =>
    template.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
  const numbered = fill(tokens.label ?? `${tokens.name} {i}`, { i: String(index), name: tokens.name });
  if (!tokens.labels) return numbered;
  if (Array.isArray(tokens.labels)) return tokens.labels[index] ?? numbered;
  const value = arrays.get(tokens.labels.array)?.data[index];
  if (value === undefined) return numbered;
  const name = tokens.labels.names?.[Number(value)] ?? String(value);
  return fill(tokens.labels.template ?? "{name}", { i: String(index), value: String(value), name });
}
