/** The header of the Overview: how many heads are listed, their order, and the filter. */
import { html, nothing, type TemplateResult } from "lit";
import { metrics } from "../../shared/figures";
import { count } from "../../shared/format";
import { filterIcon } from "../icons";
import { headOrders, type ViewOptions } from "../state";
import { keepKeys, valueOf } from "../toolkit-values";
import type { HeadList } from "./overview-data";

const orderLabels = { graph: "graph order", ascending: "low first", descending: "high first" } as const;

export interface OverviewHeader {
  readonly view: Pick<ViewOptions, "metric" | "order" | "filter">;
  readonly list: HeadList;
  /** Whether the filter is shown though it is empty. */
  readonly filtering: boolean;
  ordered(order: string): void;
  toggled(): void;
  filtered(filter: string): void;
  filterKeyed(event: KeyboardEvent): void;
}

export function overviewHeader(options: OverviewHeader): TemplateResult {
  const { view, list } = options;
  const open = options.filtering || view.filter !== "";
  return html`<div class="header">
      <h2>Overview</h2>
      <span class="detail" title="Heads listed of all heads"
        >${view.filter === "" ? "" : `${count(list.flat.length)} / ${count(list.all)}`}</span
      >
      <span class="space"></span>
      <vscode-dropdown
        class="order small"
        aria-label="Order of heads"
        title="Order of heads, by ${metrics[view.metric].label.toLowerCase()}"
        @keydown=${keepKeys}
        @change=${(event: Event) => options.ordered(valueOf(event))}
      >
        ${headOrders.map(
          (order) =>
            html`<vscode-option value=${order} ?selected=${order === view.order}
              >${orderLabels[order]}</vscode-option
            >`,
        )}
      </vscode-dropdown>
      <button
        class="quiet"
        aria-label="Filter heads"
        aria-expanded=${open}
        title="Filter heads by name, role, figure or flag"
        @click=${options.toggled}
      >
        ${filterIcon()}
      </button>
    </div>
    ${
      open
        ? html`<vscode-text-field
            class="filter"
            aria-label="Filter heads"
            placeholder="q_self, sink, < 0.4, flagged"
            title="Words of the name or the role, a comparison of the metric (< 0.4, > 0.8), flagged"
            .value=${view.filter}
            @input=${(event: Event) => options.filtered(valueOf(event))}
            @keydown=${options.filterKeyed}
          ></vscode-text-field>`
        : nothing
    }`;
}
