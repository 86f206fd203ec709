/** The chosen metric over all heads: values, their range, and how a value is written and spoken. */
import type { Capture, CapturedSite } from "../shared/capture";
import { colourTable, type Rgb, tableColour } from "../shared/colour-maps";
import { type HeadFigures, type MetricName, metrics } from "../shared/figures";
import { denseValue, figure, probability, ratio } from "../shared/format";
import { roleNames } from "../shared/roles";

/** Metrics whose values lie between 0 and 1 by their definition. */
const shares = new Set<MetricName>([
  "normalisedEntropy",
  "confidence",
  "contextShare",
  "sinkMass",
  "receivedMaximum",
  "sparsity90",
  "gini",
]);

export interface MetricRange {
  readonly low: number;
  readonly high: number;
}

/** The figures of a site's heads for a sample; a site with fewer samples shows its last. */
export function figuresOf(site: CapturedSite, batch: number): readonly HeadFigures[] {
  return site.figures[Math.min(batch, site.figures.length - 1)] ?? [];
}

/** What a head does, in words; "" where its map shows no known pattern. */
export function roleOf(site: CapturedSite, batch: number, head: number): string {
  return roleNames(site.roles[Math.min(batch, site.roles.length - 1)]?.[head] ?? []);
}

/** Values of a metric over all heads that have one. */
export function metricValues(capture: Capture, batch: number, metric: MetricName): number[] {
  return capture.sites.flatMap((site) =>
    figuresOf(site, batch)
      .map((figures) => figures[metric])
      .filter((value) => value !== null),
  );
}

const ranges = new WeakMap<Capture, Map<string, MetricRange>>();

/** From 0 to 1 for shares; else from 0 or the smallest value to the largest. */
export function metricRange(capture: Capture, batch: number, metric: MetricName): MetricRange {
  if (shares.has(metric)) return { low: 0, high: 1 };
  const known = ranges.get(capture) ?? new Map<string, MetricRange>();
  ranges.set(capture, known);
  const key = `${metric} ${batch}`;
  let range = known.get(key);
  if (!range) {
    const values = metricValues(capture, batch, metric).filter(Number.isFinite);
    const high = values.reduce((most, value) => Math.max(most, value), 0);
    const low = values.reduce((least, value) => Math.min(least, value), 0);
    range = { low, high: high > low ? high : low + 1 };
    known.set(key, range);
  }
  return range;
}

export function placeIn(range: MetricRange, value: number): number {
  return Math.min(1, Math.max(0, (value - range.low) / (range.high - range.low)));
}

/** viridis in every theme: its middle is readable under text. */
export function metricColour(range: MetricRange, value: number): Rgb {
  return tableColour(colourTable("viridis", false), Math.round(placeIn(range, value) * 255));
}

/** A figure of a metric: 2 decimals, 3 where it is small. */
export function metricFigure(metric: MetricName, value: number | null): string {
  if (value === null) return "—";
  if (Number.isNaN(value)) return "NaN";
  if (metric === "concentration" || metric === "meanContextAttention") return probability(value);
  if (metric === "recentDistantRatio") return ratio(value);
  return figure(value);
}

/** The same in a cell of few px: `.68`. */
export function denseFigure(metric: MetricName, value: number | null): string {
  if (value === null) return "—";
  return shares.has(metric)
    ? denseValue(value)
    : value >= 1e4
      ? value.toExponential(0).replace("+", "")
      : value >= 10
        ? value.toFixed(0)
        : value.toFixed(1);
}

/** "normalised entropy 0.68", "entropy 2.32 nats". */
export function spokenFigure(metric: MetricName, value: number | null): string {
  const { label, unit } = metrics[metric];
  const words = label.toLowerCase();
  if (value === null) return `${words} not available`;
  return `${words} ${metricFigure(metric, value)}${unit ? ` ${unit}` : ""}`;
}
