/**
 * What a head does, as far as its map alone tells. Thresholds are ours and are stated beside each role; duplicate and
 * induction heads need the tokens' ids, which a map does not have.
 */
import * as z from "zod";
import type { HeadFigures } from "./figures";
import { share, tokenLabel } from "./format";

export const roleSchema = z.object({
  name: z.string(),
  /** The figure and the threshold that it passed. */
  why: z.string(),
});
export type Role = z.infer<typeof roleSchema>;

export interface RoleInput {
  readonly figures: HeadFigures;
  /** float32[keys], NaN where no query may see the key. */
  readonly received: Float32Array;
  readonly keyLabels: readonly string[];
  /** Null where queries and keys are other tokens, or where the map is not known cell by cell. */
  readonly patterns: Patterns | null;
}

/** Share of the mass from which a pattern names a head. */
export const PATTERN_FROM = 0.4;
/** Mean received mass from which a key is a sink (Gu et al. 2024, arXiv 2410.10781). */
export const SINK_FROM = 0.3;
/** Normalised entropy from which a head is called uniform. */
export const UNIFORM_FROM = 0.95;
/** Share of the mass within the query's own segment. */
export const SEGMENT_FROM = 0.8;

/** What is looked for, in words. */
export const ROLES_SOUGHT =
  `Looked for: previous token or self, from ${share(PATTERN_FROM)} of the weight there; within segment, from ` +
  `${share(SEGMENT_FROM)}; a sink, from ${share(SINK_FROM)} on one key; uniform, from normalised entropy ${UNIFORM_FROM}.`;

export interface Patterns {
  /** Shares of the whole mass. */
  readonly previous: number;
  readonly self: number;
  /** Mass on keys of the query's own segment; null where there is one segment only. */
  readonly withinSegment: number | null;
}

/** A map of a sequence on itself. */
export interface PatternInput {
  readonly queries: number;
  readonly keys: number;
  /** [queries × keys], row-major; what is not above 0 (masked, NaN) counts for nothing. */
  readonly cells: Float32Array;
  /** 1 where the key is visible to the query; null where masked cells are not above 0. */
  readonly valid: Uint8Array | null;
  /** Key that is query 0's own token: the number of past keys before it. */
  readonly ownKey: number;
  /** Segment of each token, and how many there are; null where queries and keys are labelled apart. */
  readonly segments: { readonly of: readonly number[]; readonly count: number } | null;
}

/** Shares of the mass on the diagonal, beside it, and within segments. */
export function patternsOf(map: PatternInput): Patterns {
  const { queries, keys, cells, valid, ownKey } = map;
  const segments = map.segments !== null && map.segments.count > 1 ? map.segments.of : null;
  let total = 0;
  let previous = 0;
  let self = 0;
  let within = 0;
  for (let query = 0; query < queries; query++) {
    const segment = segments?.[query];
    for (let key = 0; key < keys; key++) {
      const at = query * keys + key;
      const p = cells[at] ?? 0;
      if (!(p > 0) || valid?.[at] === 0) continue;
      total += p;
      if (key === query + ownKey) self += p;
      else if (key === query + ownKey - 1) previous += p;
      if (segments && segments[key] === segment) within += p;
    }
  }
  const part = (mass: number): number => (total > 0 ? mass / total : 0);
  return { previous: part(previous), self: part(self), withinSegment: segments ? part(within) : null };
}

/** What a head does, by the thresholds above; empty where its map shows none of it. */
export function rolesOf({ figures, received, keyLabels, patterns }: RoleInput): Role[] {
  const roles: Role[] = [];
  const add = (name: string, value: number, from: number, what: string): void => {
    if (value >= from) roles.push({ name, why: `${what} ${share(value)}, called so from ${share(from)} on` });
  };
  if (patterns) {
    add("previous token", patterns.previous, PATTERN_FROM, "mass on the token before the query:");
    add("self", patterns.self, PATTERN_FROM, "mass on the query itself:");
    // Within one segment says nothing beyond a diagonal that is within it anyway.
    if (roles.length === 0 && patterns.withinSegment !== null) {
      add("within segment", patterns.withinSegment, SEGMENT_FROM, "mass on the query's own segment:");
    }
  }
  let sink = -1;
  received.forEach((mass, key) => {
    if (mass > (received[sink] ?? SINK_FROM)) sink = key;
  });
  if (sink >= 0 && received.length > 2) {
    const name = sink === 0 ? "first token" : tokenLabel(keyLabels[sink] ?? String(sink));
    add(`sink: ${name}`, received[sink] ?? 0, SINK_FROM, "mean mass that it receives:");
  }
  if (figures.normalisedEntropy !== null && figures.normalisedEntropy >= UNIFORM_FROM) {
    const value = figures.normalisedEntropy.toFixed(2);
    roles.push({ name: "uniform", why: `normalised entropy ${value}, called so from ${UNIFORM_FROM} on` });
  }
  return roles;
}

/** Roles in a cell of a table: "previous token, sink: first token"; "" for none. */
export function roleNames(roles: readonly Role[]): string {
  return roles.map(({ name }) => name).join(", ");
}
