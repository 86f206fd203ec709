/** Means and standard deviations of the four figures, per layer, overall and per head. */
import type { CapturedSite } from "../shared/capture";
import type { ContextFigures } from "../shared/maps/context-figures";
import type { StatsRow } from "./stats-rows";

export const figureWords = {
  meanContextAttention: "Mean context attention: mean weight of the last query over its context keys.",
  concentration: "Concentration: standard deviation of those weights; larger is more focused.",
  entropyNats: "Entropy: −Σ a ln a of those weights in nats, not renormalised; ln n when all n are alike.",
  recentDistantRatio: "Recent / distant: mean of the last quarter of the context over that of the first.",
} as const;
export type FigureName = keyof typeof figureWords;
export const figureNames = Object.keys(figureWords) as FigureName[];

const summaryNames = [...figureNames, "normalisedEntropy", "largest"] as const;
type SummaryName = (typeof summaryNames)[number];

export interface Spread {
  readonly mean: number;
  /** Population standard deviation over the rows. */
  readonly sd: number;
  readonly n: number;
}
export type Summary = Record<SummaryName, Spread | null>;
/** The figures of one row; a figure that cannot be told is null. */
type Figures = Record<SummaryName, number | null>;

export interface LayerSummary extends Summary {
  readonly id: string;
  readonly name: string;
  readonly component: string | null;
  readonly layer: number | null;
  /** Numbers of context keys that occur. */
  readonly contextKeys: readonly number[];
  readonly heads: readonly (Summary & { readonly head: number })[];
}

export interface Statistics {
  readonly layers: readonly LayerSummary[];
  /** The mean over the layers of each row, and its spread over the rows. */
  readonly overall: Summary;
}

export function statistics(sites: readonly CapturedSite[], rows: readonly StatsRow[]): Statistics {
  const layers = sites.map((site) => {
    const own = rows.flatMap((row) => row.sites.get(site.id) ?? []);
    const means = own.flatMap(({ mean }) => mean ?? []);
    return {
      id: site.id,
      name: site.name,
      component: site.component,
      layer: site.layer,
      contextKeys: [...new Set(means.map(({ keys }) => keys))],
      ...summary(means),
      heads: Array.from({ length: site.heads }, (_, head) => ({
        head,
        ...summary(own.flatMap(({ heads }) => heads[head] ?? [])),
      })),
    };
  });
  return { layers, overall: summary(rows.map(overLayers)) };
}

/** The mean over the layers of one row. */
function overLayers(row: StatsRow): Figures {
  const means = [...row.sites.values()].flatMap(({ mean }) => mean ?? []);
  return byName((name) => average(means.flatMap((each) => each[name] ?? [])));
}

function summary(rows: readonly (Figures | ContextFigures)[]): Summary {
  return byName((name) => {
    const values = rows.flatMap((row) => row[name] ?? []);
    const mean = average(values);
    if (mean === null) return null;
    const squares = values.reduce((all, value) => all + (value - mean) ** 2, 0);
    return { mean, sd: Math.sqrt(squares / values.length), n: values.length };
  });
}

function byName<T>(of: (name: SummaryName) => T): Record<SummaryName, T> {
  return Object.fromEntries(summaryNames.map((name) => [name, of(name)])) as Record<SummaryName, T>;
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((all, value) => all + value, 0) / values.length;
}

/** The rows of an episode's first, middle and last third; null where fewer than three steps were asked for. */
export function thirds(rows: readonly StatsRow[]): Record<"early" | "middle" | "late", StatsRow[]> | null {
  const steps = [...new Set(rows.flatMap(({ step }) => step ?? []))].sort((a, b) => a - b);
  if (steps.length < 3) return null;
  const third = (part: number) => {
    const own = steps.slice(
      Math.round((part * steps.length) / 3),
      Math.round(((part + 1) * steps.length) / 3),
    );
    return rows.filter(({ step }) => step !== null && own.includes(step));
  };
  return { early: third(0), middle: third(1), late: third(2) };
}
