/**
 * What a head does, as far as its map alone tells. Thresholds are ours and are stated beside each role; duplicate and
 * induction heads need the tokens' ids, which a map does not have.
 */
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import type { HeadFigures } from "../../shared/figures";
import { share, tokenLabel } from "../../shared/format";
import type { Page } from "../../shared/page";

export interface Role {
  readonly name: string;
  /** The figure and the threshold that it passed. */
  readonly why: string;
}

export interface RoleInput {
  readonly site: CapturedSite;
  readonly axes: { readonly query: TokenAxis; readonly key: TokenAxis };
  readonly figures: HeadFigures;
  /** float32[keys], NaN where no query may see the key. */
  readonly received: Float32Array;
  /** The whole map, not pooled; null where it is not known cell by cell. */
  readonly page: Page | null;
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

/** Shares of the mass on the diagonal, beside it, and within segments. Masked cells and NaN are left out. */
export function patternsOf(page: Page, axis: TokenAxis): Patterns {
  const cells = new Float32Array(page.cells);
  let total = 0;
  let previous = 0;
  let self = 0;
  let within = 0;
  for (let query = 0; query < page.rows; query++) {
    for (let key = 0; key < page.columns; key++) {
      const p = cells[query * page.columns + key] ?? 0;
      if (!(p > 0)) continue;
      total += p;
      if (key === query) self += p;
      else if (key === query - 1) previous += p;
      if (axis.segmentOf[key] === axis.segmentOf[query]) within += p;
    }
  }
  const part = (mass: number): number => (total > 0 ? mass / total : 0);
  return {
    previous: part(previous),
    self: part(self),
    withinSegment: axis.segments.length > 1 ? part(within) : null,
  };
}

const known = new WeakMap<Page, Patterns>();

export function rolesOf({ site, axes, figures, received, page }: RoleInput): Role[] {
  const roles: Role[] = [];
  const add = (name: string, value: number, from: number, what: string): void => {
    if (value >= from) roles.push({ name, why: `${what} ${share(value)}, called so from ${share(from)} on` });
  };
  if (page && site.queryAxis === site.keyAxis) {
    const patterns = known.get(page) ?? patternsOf(page, axes.key);
    known.set(page, patterns);
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
  if (sink >= 0 && site.keys > 2) {
    const name = sink === 0 ? "first token" : tokenLabel(axes.key.labels[sink] ?? String(sink));
    add(`sink: ${name}`, received[sink] ?? 0, SINK_FROM, "mean mass that it receives:");
  }
  if (figures.normalisedEntropy !== null && figures.normalisedEntropy >= UNIFORM_FROM) {
    const value = figures.normalisedEntropy.toFixed(2);
    roles.push({ name: "uniform", why: `normalised entropy ${value}, called so from ${UNIFORM_FROM} on` });
  }
  return roles;
}
