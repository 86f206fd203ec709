/** The Layers pane: the chosen metric by layer, mean and spread over heads. */
import { html } from "lit";
import { customElement } from "lit/decorators.js";
import type { Capture } from "../../shared/capture";
import { metrics } from "../../shared/figures";
import { type BarContent, BarsElement } from "./bars-element";
import { layerGroups, layerWords, metricAxis } from "./entropy-data";

@customElement("attention-layers")
export class LayersElement extends BarsElement {
  protected override content(capture: Capture, batch: number): BarContent {
    const { metric } = this.session.store.state.view;
    const { label, short, from } = metrics[metric];
    const detail = `${label} by layer: mean over heads, line ± 1 standard deviation over heads`;
    return {
      name: "Layers",
      caption: `${label} by layer`,
      columns: [short, "mean − 1 standard deviation", "mean + 1 standard deviation"],
      groups: layerGroups(capture, batch, metric),
      axis: metricAxis(capture, batch, metric),
      measure: label,
      words: (title, bar) => layerWords(title, bar, metric),
      header: html`<span class="detail" title="${detail}: ${from}">${detail}</span>`,
    };
  }
}
