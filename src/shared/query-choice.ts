/** Which query is asked about: one of them, or the mean over the queries of a segment; and how people write it. */
import * as z from "zod";
import type { TokenAxis } from "./capture";

const index = z.number().int().nonnegative();

/** The mean over the queries of a segment, by the segment's name: it lasts where a sequence gets longer. */
export const queryMeanSchema = z.object({ mean: z.string().min(1).max(200) });
export type QueryMean = z.infer<typeof queryMeanSchema>;

export const queryChoiceSchema = z.union([index, queryMeanSchema]);
export type QueryChoice = z.infer<typeof queryChoiceSchema>;

/** `last`, `action[0]`, `action[-1]`, `mean(action)`. */
export const queryPattern = /^(last|mean\(.+\)|.+\[-?\d+\])$/;

/** A query as a manifest or a command line writes it. */
export const queryTextSchema = z.union([index, z.string().max(300).regex(queryPattern)]);
export type QueryText = z.infer<typeof queryTextSchema>;

export function isMean(choice: QueryChoice | null): choice is QueryMean {
  return choice !== null && typeof choice !== "number";
}

export function sameQuery(one: QueryChoice | null, other: QueryChoice | null): boolean {
  return isMean(one) && isMean(other) ? one.mean === other.mean : one === other;
}

/** Made once for each axis, so that what is read can be told by identity. */
const tokensOf = new WeakMap<TokenAxis["segmentOf"], Map<string, readonly number[]>>();

/** Tokens of a segment in order; none where the axis has no such segment. */
export function tokensOfSegment({ segments, segmentOf }: TokenAxis, name: string): readonly number[] {
  const known = tokensOf.get(segmentOf) ?? new Map<string, readonly number[]>();
  tokensOf.set(segmentOf, known);
  const before = known.get(name);
  if (before) return before;
  const tokens = segmentOf.flatMap((segment, token) => (segments[segment]?.name === name ? [token] : []));
  known.set(name, tokens);
  return tokens;
}

/** The row or rows that a choice asks for; null where the axis has none of them. */
export function rowsOfQuery(
  choice: QueryChoice,
  axis: TokenAxis,
  queries: number,
): number | readonly number[] | null {
  if (!isMean(choice)) return choice < queries ? choice : null;
  const tokens = tokensOfSegment(axis, choice.mean);
  return tokens.length > 0 && tokens.every((token) => token < queries) ? tokens : null;
}

/** How a choice is written where `queryTextSchema` reads it. */
export function queryText(choice: QueryChoice): QueryText {
  return isMean(choice) ? `mean(${choice.mean})` : choice;
}

/** The last query that can choose among keys, else the last that sees one; null where none does. */
export function lastChoosing(validKeys: Uint32Array): number | null {
  for (const least of [2, 1])
    for (let query = validKeys.length - 1; query >= 0; query--)
      if ((validKeys[query] ?? 0) >= least) return query;
  return null;
}

/**
 * The choice that a text means at a site, or why it means none there, as the end of a sentence.
 * @param axis that of the site's queries
 * @param last the query that `last` stands for
 */
export function findQuery(
  text: QueryText,
  site: { readonly name: string; readonly queries: number },
  axis: TokenAxis,
  last: () => number,
): { readonly query: QueryChoice } | { readonly problem: string } {
  if (text === "last") return { query: last() };
  if (typeof text === "number")
    return text < site.queries
      ? { query: text }
      : { problem: `query ${text}, and ${site.name} has ${site.queries} queries, counted from 0` };
  const mean = /^mean\((.+)\)$/.exec(text)?.[1];
  const indexed = /^(.+)\[(-?\d+)\]$/.exec(text);
  const name = mean ?? indexed?.[1] ?? text;
  const tokens = tokensOfSegment(axis, name);
  const named = [...new Set(axis.segments.map((segment) => segment.name))];
  const none = named.length === 0 ? "have no segments" : `have the segments ${named.join(", ")}`;
  if (tokens.length === 0) return { problem: `${text}, and the queries of ${site.name} ${none}` };
  if (mean !== undefined) return { query: { mean } };
  const token = tokens.at(Number(indexed?.[2] ?? 0));
  return token === undefined
    ? { problem: `${text}, and the queries of ${site.name} have ${tokens.length} of ${name}` }
    : { query: token };
}

/** "mean of state" for rows of several queries, named by the segment that they belong to. */
export function meanName(axis: TokenAxis, queries: readonly number[]): string {
  const segment = axis.segments[axis.segmentOf[queries[0] ?? -1] ?? -1]?.name;
  return segment === undefined ? `mean of ${queries.length} queries` : `mean of ${segment}`;
}

/** Rows that a mean is of, and those that were left out of it. */
export const rowCountsSchema = z.object({
  rows: index,
  /** Rows that see no key. */
  masked: index,
  /** Rows that hold NaN. */
  flagged: index,
});
export type RowCounts = z.infer<typeof rowCountsSchema>;

/** "12 rows, 2 masked left out". */
export function rowCountWords({ rows, masked, flagged }: RowCounts): string {
  const left = [masked > 0 ? `${masked} masked` : "", flagged > 0 ? `${flagged} with NaN` : ""].filter(
    Boolean,
  );
  return [
    `${rows} ${rows === 1 ? "row" : "rows"}`,
    ...(left.length > 0 ? [`${left.join(" and ")} left out`] : []),
  ].join(", ");
}
