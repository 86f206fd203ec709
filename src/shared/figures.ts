/**
 * The figures of one head map, and what each is called. Formulas: `src/shared/maps/metrics.ts` and `docs/metrics.md`.
 * A figure that the map cannot support is `null`, never 0.
 */
import * as z from "zod";

const figure = z.number().nullable();

export const headFiguresSchema = z.object({
  entropyNats: figure,
  normalisedEntropy: figure,
  confidence: figure,
  concentration: figure,
  meanContextAttention: figure,
  contextShare: figure,
  recentDistantRatio: figure,
  sinkMass: figure,
  distanceTokens: figure,
  receivedMaximum: figure,
  sparsity90: figure,
  gini: figure,
  /** Rows that see no key: left out of every mean. */
  rowsMasked: z.number().int(),
  /** Rows that see one key: left out of normalised entropy. */
  rowsSingleKey: z.number().int(),
  /** Rows with NaN or infinity, or that do not sum to 1 within 1e-3. */
  rowsFlagged: z.number().int(),
  rowSumMin: figure,
  rowSumMax: figure,
  /** 10th and 90th percentile of normalised entropy over rows. */
  normalisedEntropyP10: figure,
  normalisedEntropyP90: figure,
});
export type HeadFigures = z.infer<typeof headFiguresSchema>;

/** Figures that a person can choose as the metric of the overview and the bars. */
export const metrics = {
  normalisedEntropy: {
    label: "Normalised entropy",
    short: "H / ln n",
    unit: "",
    from: "mean over queries of H / ln(valid keys); 0 looks at one key, 1 at all alike",
  },
  entropyNats: {
    label: "Entropy",
    short: "H",
    unit: "nats",
    from: "mean over queries of H = −Σ A ln A; 0 looks at one key",
  },
  confidence: {
    label: "Confidence",
    short: "conf.",
    unit: "",
    from: "mean over queries of the largest weight",
  },
  concentration: {
    label: "Concentration",
    short: "conc.",
    unit: "",
    from: "standard deviation of a row over its context keys",
  },
  meanContextAttention: {
    label: "Mean context attention",
    short: "mean",
    unit: "",
    from: "mean of a row over its context keys",
  },
  contextShare: {
    label: "Context share",
    short: "context",
    unit: "",
    from: "weight on keys other than the query itself",
  },
  recentDistantRatio: {
    label: "Recent / distant",
    short: "rec./dist.",
    unit: "",
    from: "last query: last quarter of its context over the first quarter",
  },
  sinkMass: { label: "Sink", short: "sink", unit: "", from: "mean weight on the first key" },
  distanceTokens: {
    label: "Distance",
    short: "dist.",
    unit: "tokens",
    from: "mean of Σ A |i − j|; how far back or ahead it looks",
  },
  receivedMaximum: {
    label: "Received, maximum",
    short: "recv.",
    unit: "",
    from: "largest mean weight that one key receives",
  },
  sparsity90: {
    label: "Sparsity",
    short: "90 % in",
    unit: "",
    from: "share of valid keys that holds 90 % of the weight",
  },
  gini: { label: "Gini", short: "Gini", unit: "", from: "inequality of the weights over valid keys" },
} as const satisfies Partial<
  Record<keyof HeadFigures, { label: string; short: string; unit: string; from: string }>
>;
export type MetricName = keyof typeof metrics;
export const metricNameSchema = z.enum(Object.keys(metrics) as [MetricName, ...MetricName[]]);
