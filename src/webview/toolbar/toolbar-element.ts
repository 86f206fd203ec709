/** The Toolbar: model, layer, head and sample, what ran where, metric, colours, search and export. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { type CapturedSite, providerLabels, type ProviderReport } from "../../shared/capture";
import { metrics } from "../../shared/figures";
import { layersOf } from "../../shared/site-names";
import { backIcon, chipIcon, forwardIcon, infoIcon, searchIcon, warningIcon } from "../icons";
import { selectBatch, selectHead, selectSite, toggleMean, viewed } from "../reducers";
import { captureOf, selectedSite } from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { runsOf } from "../input/runs";
import "../input/adjust-element";
import "../input/steps-element";
import { baseStyles, quietButtonStyles, sliderStyles } from "../styles";
import { keepKeys, setValue, valueOf } from "../toolkit-values";
import { metricNames } from "../view-commands";
import "./colour-menu";
import "./export-menu";
import { toolbarStyles } from "./toolbar.styles";

/** Tried, why not, what would help: the badge's tooltip. */
export function providerWords(report: ProviderReport): string {
  const asked =
    report.asked === "auto" ? "chosen automatically" : `${providerLabels[report.asked]} was asked for`;
  return [
    `Ran on ${providerLabels[report.used]}, ${asked}.`,
    ...report.refused.map((refused) => `${providerLabels[refused.name]}: ${refused.reason}`),
    report.advice ?? "",
    "Click to choose a provider.",
  ]
    .filter(Boolean)
    .join("\n");
}

@customElement("attention-toolbar")
export class ToolbarElement extends LitElement {
  static override styles = [baseStyles, quietButtonStyles, sliderStyles, toolbarStyles];

  @property({ attribute: false }) session!: Session;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, selection, view, history }) => [
        ...[document, selection.site, JSON.stringify(selection.head), selection.batch],
        ...[view.metric, view.lastHead, history],
      ],
    );
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    const site = selectedSite(state);
    const document = state.document;
    if (!capture || !site || document?.status !== "ready") return nothing;
    const { view } = state;
    const { history } = state;
    // Steps and passes want room of their own, which other words give.
    const runs = runsOf(state, "step") || runsOf(state, "pass");
    return html`<section class="toolbar ${runs ? "runs" : ""}" aria-label="Toolbar">
      <h1 title=${document.model.path}><span>${document.model.title}</span></h1>
      <button
        class="quiet input"
        aria-label="Input: ${capture.input.label}"
        title=${[
          "Choose another input (I)",
          capture.input.label,
          ...capture.input.tensors.map(
            (tensor) => `${tensor.name} ${tensor.dtype} [${tensor.dims.join(", ")}]`,
          ),
        ].join("\n")}
        @click=${() => this.session.does("showInput")}
      >
        <span class="word">Input</span> ${capture.input.from === "synthetic" ? infoIcon() : nothing}
        <span class="name">${capture.input.label}</span>
      </button>
      <attention-steps .session=${this.session}></attention-steps>
      <attention-adjust .session=${this.session}></attention-adjust>
      ${this.#samples(site)} ${this.#layers(capture.sites)} ${this.#heads(site)}
      ${this.#provider(capture.provider)}
      <span class="space"></span>
      <span class="group travel">
        <button
          class="quiet"
          aria-label="Back"
          title="Back to the place before"
          ?disabled=${history.past.length === 0}
          @click=${() => this.session.does("back")}
        >
          ${backIcon()}
        </button>
        <button
          class="quiet"
          aria-label="Forward"
          title="Forth again"
          ?disabled=${history.future.length === 0}
          @click=${() => this.session.does("forward")}
        >
          ${forwardIcon()}
        </button>
      </span>
      <label class="group metric"
        ><span class="word">Metric</span>
        <vscode-dropdown
          class="metric"
          aria-label="Metric"
          title=${metrics[view.metric].from}
          @keydown=${keepKeys}
          @change=${(event: Event) => this.#metric(valueOf(event))}
        >
          ${metricNames.map(
            (name) =>
              html`<vscode-option value=${name} ?selected=${name === view.metric}
                >${metrics[name].label}</vscode-option
              >`,
          )}
        </vscode-dropdown></label
      >
      <attention-colour-menu .session=${this.session}></attention-colour-menu>
      <span class="group">
        <button
          class="quiet"
          aria-label="Find a head or a token"
          title="Find a head or a token (Ctrl+F)"
          @click=${() => this.session.does("find")}
        >
          ${searchIcon()}
        </button>
        <attention-export-menu .session=${this.session}></attention-export-menu>
      </span>
    </section>`;
  }

  #metric(value: string): void {
    const metric = metricNames.find((name) => name === value);
    if (metric) this.session.store.update((state) => viewed(state, { metric }));
  }

  /** A slider with its word and its value; nothing where there is one choice only. */
  #slider(options: {
    word: string;
    value: number;
    count: number;
    shown: string;
    disabled?: boolean;
    chosen: (value: number) => void;
  }): TemplateResult | typeof nothing {
    if (options.count < 2) return nothing;
    return html`<label class="slider ${options.word === "Layer" || options.word === "Head" ? "head" : ""}">
      <span class="word">${options.word}</span>
      <input
        type="range"
        min="0"
        max=${options.count - 1}
        step="1"
        aria-label=${options.word}
        aria-valuetext=${options.shown}
        .value=${String(options.value)}
        @input=${(event: Event) => options.chosen(Number(valueOf(event)))}
      />
      <output>${options.shown}</output>
    </label>`;
  }

  #layers(sites: readonly CapturedSite[]): TemplateResult | typeof nothing {
    const selected = this.session.store.state.selection.site;
    const layers = layersOf(sites, selected);
    return this.#slider({
      word: "Layer",
      value: Math.max(0, layers.indexOf(selected)),
      count: layers.length,
      shown: String(sites[selected]?.layer ?? layers.indexOf(selected)),
      chosen: (value) => this.session.store.update((state) => selectSite(state, layers[value] ?? selected)),
    });
  }

  #heads(site: CapturedSite): TemplateResult | typeof nothing {
    const { head } = this.session.store.state.selection;
    if (site.heads < 2) return nothing;
    const { lastHead } = this.session.store.state.view;
    return html`${this.#slider({
        word: "Head",
        value: typeof head === "number" ? head : Math.min(lastHead, site.heads - 1),
        count: site.heads,
        shown: typeof head === "number" ? String(head) : head === "mean" ? "mean" : head.join("+"),
        chosen: (value) => this.session.store.update((state) => selectHead(state, value)),
      })}
      <vscode-checkbox
        class="mean"
        title="Mean over the heads of this site (M)"
        ?checked=${head === "mean"}
        @change=${(event: Event) => this.#meanChanged(event)}
        >mean</vscode-checkbox
      >`;
  }

  #meanChanged(event: Event): void {
    const { target } = event;
    const wanted = target instanceof HTMLElement && "checked" in target && target.checked === true;
    if (wanted !== (this.session.store.state.selection.head === "mean"))
      this.session.store.update(toggleMean);
  }

  #samples(site: CapturedSite): TemplateResult | typeof nothing {
    const { batch } = this.session.store.state.selection;
    return this.#slider({
      word: site.batchAxis ?? "Sample",
      value: batch,
      count: site.batch,
      shown: site.batchLabels?.[batch] ?? `${batch} / ${site.batch - 1}`,
      chosen: (value) => this.session.store.update((state) => selectBatch(state, value)),
    });
  }

  #provider(report: ProviderReport): TemplateResult {
    const warns = report.refused.length > 0 || report.advice !== null;
    const words = providerWords(report);
    return html`<button
      class="provider"
      title=${words}
      aria-label="Provider ${providerLabels[report.used]}"
      aria-description=${words}
      @click=${() => this.session.act("selectProvider")}
    >
      ${chipIcon()} ${providerLabels[report.used]}
      ${warns ? html`<span class="warning">${warningIcon()}</span>` : nothing}
    </button>`;
  }

  protected override updated(): void {
    const { selection, view } = this.session.store.state;
    setValue(this.renderRoot, "vscode-dropdown.metric", view.metric);
    const mean = this.renderRoot.querySelector("vscode-checkbox.mean");
    if (mean && "checked" in mean) mean.checked = selection.head === "mean";
  }
}
