/** The Toolbar: model, head picker (site, layer, head, mean, sample), what ran where, colour map and scale. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { type CapturedSite, providerLabels, type ProviderReport } from "../../shared/capture";
import { colourMapNames } from "../colour-maps";
import { scaleLabels, scaleNames } from "../colour-scale";
import { chipIcon, infoIcon, warningIcon } from "../icons";
import { selectBatch, selectHead, selectSite, toggleMean, viewed } from "../reducers";
import { captureOf, selectedSite } from "../selectors";
import type { Session } from "../session";
import { layersOf, siteTitles } from "../site-names";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
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

/** Value of a toolkit control after its `change`. */
function valueOf(event: Event): string {
  const { target } = event;
  return target instanceof HTMLElement && "value" in target ? String(target.value) : "";
}

@customElement("attention-toolbar")
export class ToolbarElement extends LitElement {
  static override styles = [baseStyles, toolbarStyles];

  @property({ attribute: false }) session!: Session;

  constructor() {
    super();
    new StoreController(this, () => this.session.store);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    const site = selectedSite(state);
    const document = state.document;
    if (!capture || !site || document?.status !== "ready") return nothing;
    const { view } = state;
    return html`<section class="toolbar" aria-label="Toolbar">
      <h1 title=${document.model.path}>${document.model.title}</h1>
      ${this.#sites(capture.sites)} ${this.#layers(capture.sites)} ${this.#heads(site)} ${this.#samples(site)}
      <span class="space"></span>
      <span
        class="input"
        title=${capture.input.tensors.map((tensor) => `${tensor.name} ${tensor.dtype} [${tensor.dims.join(", ")}]`).join("\n")}
        ><span class="word">Input</span> ${capture.input.from === "synthetic" ? infoIcon() : nothing}
        <span class="name">${capture.input.label}</span></span
      >
      ${this.#provider(capture.provider)}
      <span class="group">
        <vscode-dropdown
          class="colour-map"
          aria-label="Colour map"
          title="Colour map (K)"
          @change=${(event: Event) => {
            const colourMap = colourMapNames.find((name) => name === valueOf(event));
            if (colourMap) this.session.store.update((now) => viewed(now, { colourMap }));
          }}
        >
          ${colourMapNames.map(
            (name) =>
              html`<vscode-option value=${name} ?selected=${name === view.colourMap}>${name}</vscode-option>`,
          )}
        </vscode-dropdown>
        <vscode-dropdown
          class="scale"
          aria-label="Colour scale"
          title="Colour scale (S)"
          @change=${(event: Event) => {
            const scale = scaleNames.find((name) => name === valueOf(event));
            if (scale) this.session.store.update((now) => viewed(now, { scale }));
          }}
        >
          ${scaleNames.map(
            (name) =>
              html`<vscode-option value=${name} ?selected=${name === view.scale}
                >${scaleLabels[name]}</vscode-option
              >`,
          )}
        </vscode-dropdown>
      </span>
    </section>`;
  }

  #sites(sites: readonly CapturedSite[]): TemplateResult {
    const selected = this.session.store.state.selection.site;
    const titles = siteTitles(sites);
    return html`<vscode-dropdown
      class="site"
      aria-label="Attention site"
      title=${sites[selected]?.name ?? ""}
      @change=${(event: Event) => this.session.store.update((state) => selectSite(state, Number(valueOf(event))))}
    >
      ${sites.map(
        (site, index) =>
          html`<vscode-option value=${String(index)} ?selected=${index === selected}
            >${titles[index]} (${site.queries} × ${site.keys})</vscode-option
          >`,
      )}
    </vscode-dropdown>`;
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
    return html`<label class="slider">
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
        shown: typeof head === "number" ? String(head) : "mean",
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
      shown: `${batch} / ${site.batch - 1}`,
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

  /** The toolkit's controls keep their own value: set it again where the state moved on without them. */
  protected override updated(): void {
    const { selection, view } = this.session.store.state;
    const values = { site: String(selection.site), "colour-map": view.colourMap, scale: view.scale };
    for (const [name, value] of Object.entries(values)) {
      const control = this.renderRoot.querySelector(`vscode-dropdown.${name}`);
      if (control && "value" in control && control.value !== value) control.value = value;
    }
    const mean = this.renderRoot.querySelector("vscode-checkbox.mean");
    if (mean && "checked" in mean) mean.checked = selection.head === "mean";
  }
}
