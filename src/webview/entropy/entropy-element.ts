/** The Entropy pane: bars of all heads, normalised or in nats, in graph order or sorted. */
import { html } from "lit";
import { customElement } from "lit/decorators.js";
import type { Capture } from "../../shared/capture";
import { count } from "../../shared/format";
import { viewed } from "../reducers";
import { headOrders, type HeadOrder } from "../state";
import { keepKeys, setValue, valueOf } from "../toolkit-values";
import { type BarContent, BarsElement } from "./bars-element";
import {
  barWords,
  type EntropyGroup,
  entropyGroups,
  type EntropyUnit,
  niceAxis,
  rowsLeftOut,
  entropyAxis,
} from "./entropy-data";

const orderLabels: Record<HeadOrder, string> = {
  graph: "graph order",
  ascending: "low first",
  descending: "high first",
};

@customElement("attention-entropy")
export class EntropyElement extends BarsElement {
  #groups: { key: readonly unknown[]; groups: EntropyGroup[] } | null = null;

  protected override content(capture: Capture, batch: number): BarContent {
    const { view } = this.session.store.state;
    const unit = view.entropyUnit;
    const groups = this.#groupsOf(capture, batch, unit, view.order);
    const highest = groups.reduce(
      (most, group) => group.bars.reduce((more, bar) => Math.max(more, bar.value ?? 0), most),
      0,
    );
    const left = rowsLeftOut(capture, batch);
    const out = [
      left.masked > 0 ? `${count(left.masked)} masked` : "",
      left.single > 0 && unit === "normalised" ? `${count(left.single)} with one key` : "",
    ].filter(Boolean);
    const what =
      unit === "nats" ? "H in nats, mean of valid rows" : "H / ln n, mean of valid rows; line p10–p90";
    const moved =
      capture.entropyLine === undefined || unit === "nats"
        ? ""
        : `; dashed at ${capture.entropyLine}, by the manifest`;
    const detail = `${what}${moved}${out.length > 0 ? `; rows left out: ${out.join(", ")}` : ""}`;
    return {
      name: "Entropy",
      caption: unit === "nats" ? "Entropy of every head" : "Normalised entropy of every head",
      columns: [unit === "nats" ? "nats" : "H / ln n", "p10", "p90"],
      groups,
      axis: unit === "nats" ? niceAxis(0, highest) : entropyAxis(capture.entropyLine),
      measure: unit === "nats" ? "Entropy in nats" : "Normalised entropy",
      words: (title, bar) => barWords(title, bar, unit),
      header: html`<span class="detail" title=${detail}>${detail}</span>
        <span class="space"></span>
        <vscode-dropdown
          class="unit"
          aria-label="Unit of entropy"
          title="Normalised by the number of visible keys, or in nats"
          @keydown=${keepKeys}
          @change=${(event: Event) => this.#unit(valueOf(event))}
        >
          <vscode-option value="normalised" ?selected=${unit === "normalised"}>H / ln n</vscode-option>
          <vscode-option value="nats" ?selected=${unit === "nats"}>nats</vscode-option>
        </vscode-dropdown>
        <vscode-dropdown
          class="order"
          aria-label="Order of bars"
          title="Order of bars"
          @keydown=${keepKeys}
          @change=${(event: Event) => this.#order(valueOf(event))}
        >
          ${headOrders.map(
            (order) =>
              html`<vscode-option value=${order} ?selected=${order === view.order}
                >${orderLabels[order]}</vscode-option
              >`,
          )}
        </vscode-dropdown>`,
    };
  }

  protected override updated(): void {
    super.updated();
    const { view } = this.session.store.state;
    setValue(this.renderRoot, "vscode-dropdown.unit", view.entropyUnit);
    setValue(this.renderRoot, "vscode-dropdown.order", view.order);
  }

  /** The same groups while nothing that they show changes. */
  #groupsOf(capture: Capture, batch: number, unit: EntropyUnit, order: HeadOrder): EntropyGroup[] {
    const key = [capture, batch, unit, order];
    if (!this.#groups || key.some((part, index) => part !== this.#groups?.key[index])) {
      this.#groups = { key, groups: entropyGroups(capture, batch, unit, order) };
    }
    return this.#groups.groups;
  }

  #unit(value: string): void {
    if (value !== "normalised" && value !== "nats") return;
    this.session.store.update((state) => viewed(state, { entropyUnit: value }));
  }

  #order(value: string): void {
    const order = headOrders.find((one) => one === value);
    if (order) this.session.store.update((state) => viewed(state, { order }));
  }
}
