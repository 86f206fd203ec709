/** Where the colours of the map end, as the view's choice says, and in words. */
import { type ColourRange, colourRange } from "../../shared/colour-scale";
import { probability } from "../../shared/format";
import type { HeadProfile } from "../../shared/profile";
import { profileOf, selectedSite } from "../selectors";
import type { AppState } from "../state";

export interface NamedRange extends ColourRange {
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

function named(end: number, maximum: number, name: string): NamedRange {
  const usable = end > 0 ? end : 1;
  return { end: usable, maximum, clipped: maximum > usable, name };
}

/** The range for a head of the selected site. */
export function rangeOf(
  state: AppState,
  profile: Pick<HeadProfile, "maximum" | "p99">,
  cells: number,
): NamedRange {
  const { range } = state.view;
  const { maximum } = profile;
  switch (range) {
    case "auto": {
      const automatic = colourRange(profile, cells);
      return { ...automatic, name: automatic.end === profile.p99 ? "p99" : "the maximum" };
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
  const maximum = siteMaximum(state);
  if (maximum === null) return null;
  const { range } = state.view;
  if (range === "unit") return named(1, maximum, "1");
  return typeof range === "number"
    ? named(range, maximum, probability(range))
    : named(maximum, maximum, "the site's maximum");
}
