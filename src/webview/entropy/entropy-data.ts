/** The bars of the Entropy pane and of the Layers: one for every head, or one for every layer over its heads. */
import type { Capture } from "../../shared/capture";
import { type MetricName, metrics } from "../../shared/figures";
import { figure } from "../../shared/format";
import { siteTitles } from "../../shared/site-names";
import { figuresOf, metricFigure, metricRange } from "../head-metrics";
import type { HeadOrder } from "../state";

export interface EntropyBar {
  /** Index into `Capture.sites`, and the head; null for all heads of the site. */
  readonly site: number;
  readonly head: number | null;
  /** Written under the bar. */
  readonly label: string;
  /** null where it cannot be measured. */
  readonly value: number | null;
  /** Ends of the line: 10th and 90th percentile over rows, or one standard deviation over heads. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface EntropyGroup {
  readonly title: string;
  readonly bars: readonly EntropyBar[];
}

export type EntropyUnit = "normalised" | "nats";

/** Where the value axis ends and is divided. */
export interface BarAxis {
  readonly low: number;
  readonly high: number;
  readonly interval: number;
  /** A dashed line; null for none. */
  readonly reference: number | null;
}

/** The axis ends above 1 so that a full bar is not cut. */
export const AXIS_END = 1.05;
export const REFERENCE = 0.5;
export const shareAxis: BarAxis = { low: 0, high: AXIS_END, interval: 0.25, reference: REFERENCE };

/** @param line where the dashed line is, if not at the usual place */
export function entropyAxis(line: number | undefined): BarAxis {
  return line === undefined || line === REFERENCE ? shareAxis : { ...shareAxis, reference: line };
}

/** An axis with 3 to 6 divisions of 1, 2 or 5 times a power of ten. */
export function niceAxis(low: number, high: number): BarAxis {
  const span = Math.max(high - low, 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / 3));
  const interval = [1, 2, 5, 10].map((step) => step * power).find((step) => span / step <= 6) ?? power * 10;
  return {
    low: low < 0 ? Math.floor(low / interval) * interval : 0,
    high: Math.ceil((high * 1.02) / interval) * interval,
    interval,
    reference: null,
  };
}

/** One group per site, or one group of all heads by their value. */
export function entropyGroups(
  capture: Capture,
  batch: number,
  unit: EntropyUnit = "normalised",
  order: HeadOrder = "graph",
): EntropyGroup[] {
  const titles = siteTitles(capture.sites);
  const groups = capture.sites.map((site, index) => ({
    title: titles[index] ?? site.name,
    bars: figuresOf(site, batch).map((of, head): EntropyBar => ({
      ...{ site: index, head, label: String(head) },
      value: unit === "nats" ? of.entropyNats : of.normalisedEntropy,
      low: unit === "nats" ? null : of.normalisedEntropyP10,
      high: unit === "nats" ? null : of.normalisedEntropyP90,
    })),
  }));
  if (order === "graph") return groups;
  const sign = order === "ascending" ? 1 : -1;
  const bars = groups.flatMap((group) => group.bars.map((bar) => ({ ...bar, label: "" })));
  bars.sort((one, other) => {
    if (one.value === null || other.value === null)
      return Number(one.value === null) - Number(other.value === null);
    return sign * (one.value - other.value);
  });
  const title = order === "ascending" ? "all heads, low first" : "all heads, high first";
  return [{ title, bars }];
}

/** Mean and standard deviation of numbers. */
function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/** One group per component, one bar per site: the mean of a metric over its heads, ± one standard deviation. */
export function layerGroups(capture: Capture, batch: number, metric: MetricName): EntropyGroup[] {
  const titles = siteTitles(capture.sites);
  const groups: { title: string; component: string | null; bars: EntropyBar[] }[] = [];
  capture.sites.forEach((site, index) => {
    const values = figuresOf(site, batch)
      .map((figures) => figures[metric])
      .filter((value) => value !== null);
    const known = values.length > 0 ? spread(values) : null;
    const bar: EntropyBar = {
      ...{ site: index, head: null, label: site.layer === null ? "" : String(site.layer) },
      value: known ? known.mean : null,
      low: known && values.length > 1 ? known.mean - known.deviation : null,
      high: known && values.length > 1 ? known.mean + known.deviation : null,
    };
    const last = groups.find((group) => site.component !== null && group.component === site.component);
    if (last) last.bars.push(bar);
    else {
      groups.push({
        title: site.component ?? titles[index] ?? site.name,
        component: site.component,
        bars: [bar],
      });
    }
  });
  return groups;
}

/** The axis of a metric over all heads. */
export function metricAxis(capture: Capture, batch: number, metric: MetricName): BarAxis {
  const range = metricRange(capture, batch, metric);
  return range.low === 0 && range.high === 1
    ? { ...shareAxis, reference: null }
    : niceAxis(range.low, range.high);
}

/** Rows that no bar counts, over all heads: masked, and with one key only. */
export function rowsLeftOut(capture: Capture, batch: number): { masked: number; single: number } {
  let masked = 0;
  let single = 0;
  for (const site of capture.sites) {
    for (const figures of figuresOf(site, batch)) {
      masked += figures.rowsMasked;
      single += figures.rowsSingleKey;
    }
  }
  return { masked, single };
}

/** A head's bar in words. */
export function barWords(title: string, bar: EntropyBar, unit: EntropyUnit = "normalised"): string {
  const name = `${title} head ${bar.head ?? ""}`;
  if (bar.value === null) return `${name}: — (no query has two visible keys)`;
  if (unit === "nats") return `${name}: entropy ${figure(bar.value)} nats`;
  const line =
    bar.low === null || bar.high === null ? "" : `, p10–p90 ${figure(bar.low)}–${figure(bar.high)}`;
  return `${name}: normalised entropy ${figure(bar.value)}${line}`;
}

/** A layer's bar in words. */
export function layerWords(title: string, bar: EntropyBar, metric: MetricName): string {
  const { label, unit } = metrics[metric];
  if (bar.value === null) return `${title}: ${label.toLowerCase()} —`;
  const deviation = bar.high === null ? "" : ` ± ${metricFigure(metric, bar.high - bar.value)}`;
  return `${title}: ${label.toLowerCase()} ${metricFigure(metric, bar.value)}${deviation}${unit ? ` ${unit}` : ""}`;
}

/** What the chart shows, in one sentence. */
export function entropySentence(groups: readonly EntropyGroup[], titles: readonly string[]): string {
  const bars = groups.flatMap((group) => group.bars);
  const valued = bars.filter((bar) => bar.value !== null);
  const first = valued[0];
  if (!first) return `Entropy of ${bars.length} heads; none can be measured.`;
  const best = (sign: 1 | -1): EntropyBar =>
    valued.reduce((found, bar) => (sign * (bar.value ?? 0) > sign * (found.value ?? 0) ? bar : found), first);
  const name = (bar: EntropyBar): string =>
    `${titles[bar.site]} ${bar.head === null ? "" : `head ${bar.head} `}(${figure(bar.value)})`;
  const what =
    first.head === null ? `${bars.length} layers` : `${bars.length} heads at ${titles.length} sites`;
  return `${what}; lowest ${name(best(-1))}, highest ${name(best(1))}.`;
}
