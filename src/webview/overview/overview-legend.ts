/** The legend of the metric cells: name, colours, ends. */
import { html, type TemplateResult } from "lit";
import type { Capture } from "../../shared/capture";
import { colourTable } from "../../shared/colour-maps";
import { metrics } from "../../shared/figures";
import { figure } from "../../shared/format";
import { metricRange } from "../head-metrics";
import { gradient } from "../heatmap/gradient";
import type { AppState } from "../state";
import { styles } from "../styles-directive";

export function metricLegend(capture: Capture, state: AppState, short: boolean): TemplateResult {
  const { metric } = state.view;
  const range = metricRange(capture, state.selection.batch, metric);
  const { label, unit, from, short: brief } = metrics[metric];
  const end = (value: number): string => (Number.isInteger(value) ? String(value) : figure(value));
  return html`<div class="metric-legend" title=${from}>
    <span class="what">${short ? brief : label.toLowerCase()}${unit && !short ? ` (${unit})` : ""}</span>
    <span class="ends">
      <span
        class="bar"
        style=${styles({ "background-image": gradient(colourTable("viridis", false)) })}
      ></span>
      <span class="ticks"><span>${end(range.low)}</span><span>${end(range.high)}</span></span>
    </span>
  </div>`;
}
