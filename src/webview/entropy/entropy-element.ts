/** The Entropy pane: bars of all heads; a click or the arrow keys choose one. The same numbers as a hidden table. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { figure } from "../../shared/format";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { selectHead, selectSite } from "../reducers";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, paneStyles } from "../styles";
import { ThemeController } from "../theme-controller";
import type { EntropyChart } from "./entropy-chart";
import { barWords, type EntropyBar, entropyGroups, type EntropyGroup, entropySentence } from "./entropy-data";

@customElement("attention-entropy")
export class EntropyElement extends LitElement {
  static override styles = [
    baseStyles,
    paneStyles,
    css`
      :host {
        display: block;
        height: 100%;
        min-height: 0;
        min-width: 0;
      }
      .stage {
        position: relative;
        flex: 1;
        min-height: 0;
        overflow: hidden;
      }
      .chart {
        position: absolute;
        inset: 0;
      }
      .chooser {
        position: absolute;
        inset: 0;
        pointer-events: none;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @state() private size: ElementSize = noSize;

  readonly #theme = new ThemeController(this);
  #chart: EntropyChart | null = null;
  #unobserve: (() => void) | null = null;

  constructor() {
    super();
    new StoreController(this, () => this.session.store);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unobserve?.();
    this.#unobserve = null;
    this.#drop();
  }

  #drop(): void {
    this.#chart?.dispose();
    this.#chart = null;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    if (!capture) return nothing;
    const groups = entropyGroups(capture, state.selection.batch);
    const bars = groups.flatMap((group) => group.bars);
    const index = this.#index(bars);
    const bar = bars[index];
    const words = bar ? barWords(groups[bar.site]?.title ?? "", bar) : "no single head is selected";
    return html`<section class="pane" aria-label="Entropy">
      <div class="header">
        <h2>Entropy</h2>
        <span class="space"></span>
        <span class="detail">H / ln n, mean of valid rows; line p10–p90</span>
      </div>
      <div class="stage">
        <div class="chart" role="img" aria-label=${entropySentence(groups)}></div>
        <div
          class="chooser"
          role="slider"
          tabindex="0"
          aria-label="Head"
          aria-valuemin="0"
          aria-valuemax=${Math.max(0, bars.length - 1)}
          aria-valuenow=${Math.max(0, index)}
          aria-valuetext=${words}
          @keydown=${(event: KeyboardEvent) => this.#keyed(event, bars, index)}
        ></div>
      </div>
      ${guard([capture, state.selection.batch], () => this.#table(groups))}
    </section>`;
  }

  #table(groups: readonly EntropyGroup[]): TemplateResult {
    return html`<table class="visually-hidden">
      <caption>
        Normalised entropy of every head
      </caption>
      <thead>
        <tr>
          <th scope="col">site</th>
          <th scope="col">head</th>
          <th scope="col">H / ln n</th>
          <th scope="col">p10</th>
          <th scope="col">p90</th>
        </tr>
      </thead>
      <tbody>
        ${groups.flatMap((group) =>
          group.bars.map(
            (bar) =>
              html`<tr>
                <td>${group.title}</td>
                <td>${bar.head}</td>
                <td>${figure(bar.value)}</td>
                <td>${figure(bar.low)}</td>
                <td>${figure(bar.high)}</td>
              </tr>`,
          ),
        )}
      </tbody>
    </table>`;
  }

  protected override updated(): void {
    const stage = this.renderRoot.querySelector<HTMLElement>(".stage");
    const element = this.renderRoot.querySelector<HTMLElement>(".chart");
    if (!stage || !element) return;
    this.#unobserve ??= observeSize(stage, (size) => {
      // The chart's canvas is made for one ratio.
      if (size.ratio !== this.size.ratio) this.#drop();
      this.size = size;
    });
    if (this.size.width < 1 || this.size.height < 1) return;
    if (!this.#chart) {
      void this.#load(element);
      return;
    }
    const { state } = this.session.store;
    const capture = captureOf(state);
    if (!capture) return;
    const { site, head, batch } = state.selection;
    this.#chart.resize();
    this.#chart.draw({
      groups: entropyGroups(capture, batch),
      selected: { site, head: typeof head === "number" ? head : null },
      theme: this.#theme.theme,
      width: this.size.width,
    });
  }

  async #load(element: HTMLElement): Promise<void> {
    const { createEntropyChart } = await import("./entropy-chart");
    if (this.#chart || !this.isConnected) return;
    this.#chart = createEntropyChart(element, (bar) => this.#choose(bar));
    this.requestUpdate();
  }

  #index(bars: readonly EntropyBar[]): number {
    const { site, head } = this.session.store.state.selection;
    return bars.findIndex((bar) => bar.site === site && bar.head === head);
  }

  #choose(bar: EntropyBar): void {
    this.session.store.update((state) => selectHead(selectSite(state, bar.site), bar.head));
  }

  #keyed(event: KeyboardEvent, bars: readonly EntropyBar[], index: number): void {
    const last = bars.length - 1;
    const steps: Record<string, number> = {
      ArrowLeft: index - 1,
      ArrowDown: index - 1,
      ArrowRight: index + 1,
      ArrowUp: index + 1,
      Home: 0,
      End: last,
    };
    const next = steps[event.key];
    const bar = next === undefined ? undefined : bars[Math.min(last, Math.max(0, next))];
    if (!bar) return;
    event.preventDefault();
    event.stopPropagation();
    this.#choose(bar);
  }
}
