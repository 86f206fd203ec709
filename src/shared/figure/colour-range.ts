/** Where the colours of a figure end. */
import { type ColourRange, colourRange } from "../colour-scale";
import type { CapturedSite } from "../capture";
import { type FigureSource, headRequest } from "./figure-source";
import type { FigureHead, FigureSpec } from "./figure-spec";

/** One range for all these maps, so that their colours mean the same. */
export function sharedRange(
  source: FigureSource,
  spec: FigureSpec,
  maps: readonly { site: CapturedSite; head: FigureHead }[],
): ColourRange {
  const ranges = maps.map(({ site, head }) => {
    const extremes = source.readExtremes(headRequest(source, site, head, spec.sample));
    return { extremes, auto: colourRange(extremes, site.queries * site.keys).end };
  });
  const maximum = Math.max(0, ...ranges.map(({ extremes }) => extremes.maximum));
  const end = {
    auto: Math.max(0, ...ranges.map(({ auto }) => auto)),
    maximum,
    p99: Math.max(0, ...ranges.map(({ extremes }) => extremes.p99)),
  };
  const asked = typeof spec.range === "number" ? spec.range : end[spec.range];
  const usable = asked > 0 ? asked : maximum > 0 ? maximum : 1;
  return { end: usable, maximum, clipped: maximum > usable };
}
