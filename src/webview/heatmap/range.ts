/** Where the colours of the map end, as the view's choice says, and in words. */
import { type ColourRange, colourRange } from "../../shared/colour-scale";
import { probability, score } from "../../shared/format";
import { quantile } from "../../shared/maps/metrics";
import type { Page } from "../../shared/page";
import type { HeadProfile, ScoreExtremes } from "../../shared/profile";
import { isMasked, isScore } from "../cell-kinds";
import { profileOf, selectedSite, shownCells, siteScores } from "../selectors";
import type { AppState } from "../state";

export interface NamedRange extends ColourRange {
  /** Scores: the colours begin at −`end`, and `maximum` is the largest magnitude. */
  readonly signed: boolean;
  /** What the end is: "p99", "the head's maximum", "0.30". */
  readonly name: string;
}

/** Largest cell of a site's heads, from their thumbnails; null until they were read. */
export function siteMaximum(state: AppState): number | null {
  const thumbnails = state.thumbnails.get(selectedSite(state)?.handle ?? "");
  return thumbnails
    ? new Float32Array(thumbnails.maxima).reduce((most, one) => Math.max(most, one), 0)
    : null;
}

function named(end: number, maximum: number, name: string, signed = false): NamedRange {
  const usable = end > 0 ? end : 1;
  return { end: usable, maximum, clipped: maximum > usable, name, signed };
}

/**
 * Symmetric about 0. The automatic range is p99 however small the map: one key that all attend to lies far from the
 * others. `unit` and a locked probability say nothing of scores and are taken for the automatic range.
 */
function scoreRange(
  { range, scoreEnd }: AppState["view"],
  head: ScoreExtremes,
  site: ScoreExtremes,
): NamedRange {
  const end = (value: number, maximum: number, name: string): NamedRange => named(value, maximum, name, true);
  if (scoreEnd !== null) return end(scoreEnd, head.maximum, score(scoreEnd).replace("+", "±"));
  if (range === "site") return end(site.maximum, head.maximum, "the site's largest");
  if (range === "maximum") return end(head.maximum, head.maximum, "the largest");
  return end(head.p99 > 0 ? head.p99 : head.maximum, head.maximum, head.p99 > 0 ? "p99" : "the largest");
}

/** The range for a head of the selected site. */
export function rangeOf(
  state: AppState,
  profile: Pick<HeadProfile, "maximum" | "p99" | "scores">,
  cells: number,
): NamedRange {
  const what = shownCells(state);
  const site = selectedSite(state);
  const ofSite = site && siteScores(site, what);
  if (isScore(what) && ofSite) {
    const ofHead = profile.scores?.[what === "scoreBeforeMask" ? "before" : "after"] ?? ofSite;
    return scoreRange(state.view, ofHead, ofSite);
  }
  const { range } = state.view;
  const { maximum } = profile;
  switch (range) {
    case "auto": {
      const automatic = colourRange(profile, cells);
      const name = automatic.end === profile.p99 ? "p99" : "the maximum";
      return { ...automatic, name, signed: false };
    }
    case "maximum":
      return named(maximum, maximum, "the maximum");
    case "p99":
      return named(profile.p99 > 0 ? profile.p99 : maximum, maximum, "p99");
    case "site":
      return named(siteMaximum(state) ?? maximum, maximum, "the site's maximum");
    case "unit":
      return named(1, maximum, "1");
    default:
      return named(range, maximum, probability(range));
  }
}

/** The range of the head that is shown; null while its figures are read. */
export function currentRange(state: AppState): NamedRange | null {
  const profile = profileOf(state);
  const site = selectedSite(state);
  return profile && site ? rangeOf(state, profile, site.queries * site.keys) : null;
}

/** One scale for all heads of a site side by side. */
export function siteRange(state: AppState): NamedRange | null {
  const site = selectedSite(state);
  const scores = site && siteScores(site, shownCells(state));
  if (scores) return scoreRange({ ...state.view, range: "site" }, scores, scores);
  const maximum = siteMaximum(state);
  if (maximum === null) return null;
  const { range } = state.view;
  if (range === "unit") return named(1, maximum, "1");
  return typeof range === "number"
    ? named(range, maximum, probability(range))
    : named(maximum, maximum, "the site's maximum");
}

const extremes = new WeakMap<Page, ScoreExtremes>();

/** Largest magnitude and 99th percentile of what a page shows; masked cells and NaN left out. */
function extremesOf(page: Page): ScoreExtremes {
  let known = extremes.get(page);
  if (!known) {
    const sizes = new Float32Array(page.cells)
      .filter((value) => Number.isFinite(value) && !isMasked(value, page.what))
      .map(Math.abs)
      .sort();
    known = { maximum: sizes.at(-1) ?? 0, p99: quantile(sizes, 0.99) ?? 0 };
    extremes.set(page, known);
  }
  return known;
}

/** The range for what a page shows of several windows: by its own cells. */
export function gridRange(state: AppState, page: Page): NamedRange {
  const own = extremesOf(page);
  return rangeOf(state, { ...own, scores: { before: own, after: own } }, page.rows * page.columns);
}
