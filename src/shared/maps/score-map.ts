/** The scores before the softmax as maps: what a capture returned, brought to the heads and cells of the map. */
import type { CellKind } from "../page";
import { MASK_SCORE, MASKED_SCORE } from "../page";
import type { BothScoreExtremes, ScoreExtremes } from "../profile";
import type { HeadMap } from "./head-map";
import { quantile } from "./metrics";

/** Scores as they were captured: float32, [batch, heads, queries, keys]; a size of 1 stands for all. */
export interface ScoreTensor {
  readonly cells: Float32Array;
  readonly dims: readonly number[];
}

export interface SiteScores {
  readonly before: ScoreTensor;
  readonly after: ScoreTensor;
}

/** The part of a stored site that scores are read against. */
export interface ScoredSite {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly scores?: SiteScores;
}

/** Above this many scores the 99th percentile is read from every n-th; n is odd, so that it is no step of the axes. */
const SAMPLED_ABOVE = 200_000;

const sizes = ({ batch, heads, queries, keys }: ScoredSite): number[] => [batch, heads, queries, keys];

/** Whether a tensor of scores has a cell for every cell of the map: the same sizes, or 1 head or sample for all. */
function fits(site: ScoredSite, { dims }: ScoreTensor): boolean {
  return sizes(site).every((size, axis) => dims[axis] === size || (axis < 2 && dims[axis] === 1));
}

/** Why a site has no scores, or only one of the two; null where it has both. */
export function missingScores(site: ScoredSite): string | null {
  const { scores } = site;
  if (!scores) return "How they are laid out cannot be followed from the graph to the map.";
  const unfitting = (["before", "after"] as const).filter((which) => !fits(site, scores[which]));
  if (unfitting.length === 0) return null;
  const words = unfitting.map((which) => `${which} the mask they are [${scores[which].dims.join(", ")}]`);
  return `They have other sizes than the map, [${sizes(site).join(", ")}]: ${words.join(" and ")}.`;
}

function tensorOf(site: ScoredSite, what: CellKind): ScoreTensor | null {
  const tensor =
    what === "probability" ? undefined : site.scores?.[what === "scoreBeforeMask" ? "before" : "after"];
  return tensor && fits(site, tensor) ? tensor : null;
}

/**
 * The scores of one head. After the mask a cell is valid where its score is no mask's; before it all that are finite
 * or NaN are, whatever a mask will hide. null where the site has none.
 */
export function scoreMap(site: ScoredSite, what: CellKind, batch: number, head: number): HeadMap | null {
  const tensor = tensorOf(site, what);
  if (!tensor) return null;
  const { queries, keys } = site;
  const size = queries * keys;
  const [batches = 1, heads = 1] = tensor.dims;
  const start = (Math.min(batch, batches - 1) * heads + Math.min(head, heads - 1)) * size;
  const cells = tensor.cells.subarray(start, start + size);
  const least = what === "scoreAfterMask" ? MASK_SCORE : MASKED_SCORE;
  return { queries, keys, cells, valid: Uint8Array.from(cells, (score) => (score > least ? 1 : 0)) };
}

/** The mean of the scores of heads, of each cell over the heads that do not mask it. */
export function meanOfScores(heads: readonly HeadMap[]): HeadMap {
  const [first] = heads;
  if (!first) throw new RangeError("The mean of no head.");
  const sum = new Float64Array(first.cells.length);
  const seen = new Uint32Array(first.cells.length);
  for (const { cells, valid } of heads) {
    for (let cell = 0; cell < sum.length; cell++) {
      const score = cells[cell] as number;
      if (!valid[cell] && !Number.isNaN(score)) continue;
      sum[cell] = (sum[cell] as number) + score;
      seen[cell] = (seen[cell] as number) + 1;
    }
  }
  return {
    ...first,
    cells: Float32Array.from(sum, (total, cell) =>
      seen[cell] ? total / (seen[cell] as number) : MASKED_SCORE,
    ),
    valid: Uint8Array.from(seen, (count) => (count > 0 ? 1 : 0)),
  };
}

/** Extremes over the cells that `visible` does not mask: what a mask hides does not set the scale. */
function extremesOf(scores: Float32Array, visible: Float32Array): ScoreExtremes {
  const every = scores.length > SAMPLED_ABOVE ? Math.ceil(scores.length / SAMPLED_ABOVE) | 1 : 1;
  const magnitudes = new Float32Array(Math.ceil(scores.length / every));
  let maximum = 0;
  let count = 0;
  for (let cell = 0; cell < scores.length; cell++) {
    const score = scores[cell] as number;
    if (!Number.isFinite(score) || !((visible[cell] as number) > MASK_SCORE)) continue;
    const magnitude = Math.abs(score);
    if (magnitude > maximum) maximum = magnitude;
    if (cell % every === 0) magnitudes[count++] = magnitude;
  }
  return { maximum, p99: quantile(magnitudes.subarray(0, count).sort(), 0.99) ?? 0 };
}

/** Extremes of two maps of one head, before and after the mask. */
export function headScoreExtremes(before: HeadMap | null, after: HeadMap | null): BothScoreExtremes {
  const visible = (after ?? before)?.cells;
  return {
    before: before && visible ? extremesOf(before.cells, visible) : null,
    after: after ? extremesOf(after.cells, after.cells) : null,
  };
}

/** Extremes over all heads and samples of a site. */
export function siteScoreExtremes(site: ScoredSite): BothScoreExtremes {
  const before = tensorOf(site, "scoreBeforeMask")?.cells ?? null;
  const after = tensorOf(site, "scoreAfterMask")?.cells ?? null;
  const visible = after?.length === before?.length ? after : before;
  return {
    before: before && visible ? extremesOf(before, visible) : null,
    after: after ? extremesOf(after, after) : null,
  };
}
