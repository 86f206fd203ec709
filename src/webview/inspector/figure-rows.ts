/** The figures of the selected head, each with its unit, the reason where it has none, and its place among all. */
import { html, nothing, svg, type TemplateResult } from "lit";
import type { CapturedSite } from "../../shared/capture";
import { type HeadFigures, type MetricName, metrics } from "../../shared/figures";
import { ratio, share } from "../../shared/format";
import { metricFigure } from "../head-metrics";

interface FigureRow {
  readonly metric: MetricName;
  readonly label: string;
  readonly unit: string;
  /** How the value is written; the metric's own way where none is given. */
  readonly written?: (value: number) => string;
  /** Why a head may have none. */
  readonly reason: (site: CapturedSite) => string;
}

const noRows = (): string => "no valid row";
const needsOrder = (site: CapturedSite): string =>
  site.kind === "cross" ? "cross attention" : site.kind === "self" ? "no valid row" : "kind unknown";

const rows: readonly FigureRow[] = [
  { metric: "entropyNats", label: "Entropy", unit: "nats", reason: noRows },
  { metric: "normalisedEntropy", label: "Normalised", unit: "", reason: () => "one key per row" },
  { metric: "confidence", label: "Confidence", unit: "", reason: noRows },
  { metric: "sinkMass", label: "Sink", unit: "", reason: noRows },
  { metric: "receivedMaximum", label: "Received", unit: "max", reason: noRows },
  {
    metric: "distanceTokens",
    label: "Distance",
    unit: "tok",
    written: (value) => value.toFixed(1),
    reason: needsOrder,
  },
  { metric: "sparsity90", label: "Sparsity", unit: "", written: share, reason: noRows },
  { metric: "gini", label: "Gini", unit: "", reason: noRows },
  { metric: "concentration", label: "Concentration", unit: "", reason: needsOrder },
  { metric: "contextShare", label: "Context", unit: "", written: share, reason: needsOrder },
  {
    metric: "recentDistantRatio",
    label: "Recency",
    unit: "",
    written: ratio,
    reason: (site) => (site.kind === "cross" ? "keys not in time" : "too few keys"),
  },
];

/** Shown in the narrow layout beside the map. */
const shortRows: readonly MetricName[] = ["entropyNats", "normalisedEntropy", "confidence", "sinkMass"];

const WIDTH = 72;
const HEIGHT = 12;

/** A strip with a tick for every head, the selected one long. */
function strip(values: readonly number[], own: number | null): TemplateResult {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const at = (value: number): number =>
    high > low ? 1 + ((value - low) / (high - low)) * (WIDTH - 2) : WIDTH / 2;
  const ticks = finite.map((value) => `M${at(value).toFixed(1)} 3V${HEIGHT - 3}`).join("");
  return html`<svg class="strip" width=${WIDTH} height=${HEIGHT} aria-hidden="true">
    ${svg`<path class="all" d=${ticks}></path>`}
    ${
      own === null || !Number.isFinite(own)
        ? nothing
        : svg`<path class="own" d=${`M${at(own).toFixed(1)} 0V${HEIGHT}`}></path>`
    }
  </svg>`;
}

/** "rank 4 of 36": how many heads have more. */
function rankText(values: readonly number[], own: number): string {
  return `${values.filter((value) => value > own).length + 1} of ${values.length} from the highest`;
}

export function figureRows(
  figures: HeadFigures,
  site: CapturedSite,
  all: (metric: MetricName) => readonly number[],
): TemplateResult {
  return html`<dl class="figures">
    ${rows.map(({ metric, label, unit, written, reason }) => {
      const value = figures[metric];
      const text =
        value === null
          ? "—"
          : Number.isNaN(value)
            ? "NaN"
            : (written?.(value) ?? metricFigure(metric, value));
      const values = value === null ? [] : all(metric);
      const sink = metric === "sinkMass" ? site.sink : undefined;
      const from =
        sink === undefined ? metrics[metric].from : `mean weight on key ${sink}, which the manifest names`;
      return html`<div class="figure" data-metric=${metric} title=${from}>
        <dt>${sink === undefined ? label : `${label} ${sink}`}</dt>
        <dd>
          <span class="number"
            ><b>${text}</b>${unit && value !== null ? html` <span class="dim">${unit}</span>` : nothing}</span
          >
          ${
            value === null
              ? html`<span class="reason dim">${reason(site)}</span>`
              : html`${strip(values, value)}<span class="visually-hidden">, ${rankText(values, value)}</span>`
          }
        </dd>
      </div>`;
    })}
    <div
      class="figure"
      data-metric="induction"
      title="Mass on the position after an earlier copy of the current token"
    >
      <dt>Induction</dt>
      <dd>
        <span class="number"><b>—</b></span> <span class="reason dim">no token ids</span>
      </dd>
    </div>
  </dl>`;
}

/** The same as a few short lines. */
export function shortFigures(figures: HeadFigures): TemplateResult {
  return html`<ul class="short">
    ${shortRows.map((metric) => {
      const { short, unit, label, from } = metrics[metric];
      return html`<li title=${`${label}: ${from}`}>
        <span class="dim">${short}</span> ${metricFigure(metric, figures[metric])}
        <span class="dim">${unit}</span>
      </li>`;
    })}
  </ul>`;
}
