/** A pane of bars: the chart, arrow keys and clicks that choose a bar, and the same numbers as a hidden table. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import type { Capture } from "../../shared/capture";
import { figure } from "../../shared/format";
import { siteTitles } from "../../shared/site-names";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { selectPlace } from "../reducers";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, paneStyles } from "../styles";
import { ThemeController } from "../theme-controller";
import type { EntropyChart } from "./entropy-chart";
import { type BarAxis, type EntropyBar, type EntropyGroup, entropySentence } from "./entropy-data";

/** How long this pane leaves the page to heads and map, when it begins: its chart is the largest part of the view's code. */
const WAIT_MS = 300;

/** What a pane of bars shows. */
export interface BarContent {
  /** Name of the region, and of the numbers in the table. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly [string, string, string];
  readonly groups: readonly EntropyGroup[];
  readonly axis: BarAxis;
  /** What is measured, in front of the sentence of the picture. */
  readonly measure: string;
  readonly words: (title: string, bar: EntropyBar) => string;
  readonly header: TemplateResult;
}

export abstract class BarsElement extends LitElement {
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
      /* In the dock what is measured stands in the strip of tabs. */
      :host([docked]) {
        position: relative;
      }
      :host([docked]) .header {
        position: absolute;
        top: -28px;
        right: 32px;
        left: 260px;
      }
      vscode-dropdown {
        --input-height: 20;
        --input-min-width: 60px;
        --dropdown-list-max-height: 160px;
        --type-ramp-base-font-size: 11px;
        --type-ramp-base-line-height: 14px;
        z-index: 2;
        flex: none;
        width: 108px;
      }
      .detail {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
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
  @state() private waited = false;

  readonly #theme = new ThemeController(this);
  #chart: EntropyChart | null = null;
  #unobserve: (() => void) | null = null;
  #content: BarContent | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, selection, view }) => [
        ...[document, selection.site, JSON.stringify(selection.head), selection.batch],
        ...[view.metric, view.order, view.entropyUnit],
      ],
    );
  }

  /** What to show of a capture; of the selected sample. */
  protected abstract content(capture: Capture, batch: number): BarContent;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setTimeout(() => (this.waited = true), WAIT_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
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
    const content = this.content(capture, state.selection.batch);
    this.#content = content;
    const bars = content.groups.flatMap((group) => group.bars);
    const titles = siteTitles(capture.sites);
    const index = this.#index(bars);
    const bar = bars[index];
    const words = bar ? content.words(titles[bar.site] ?? "", bar) : "no single head is selected";
    return html`<section class="pane" aria-label=${content.name}>
      <div class="header">${content.header}</div>
      <div class="stage">
        <div
          class="chart"
          role="img"
          aria-label="${content.measure} of ${entropySentence(content.groups, titles)}"
        ></div>
        <div
          class="chooser"
          role="slider"
          tabindex="0"
          aria-label=${bars[0]?.head === null ? "Layer" : "Head"}
          aria-valuemin="0"
          aria-valuemax=${Math.max(0, bars.length - 1)}
          aria-valuenow=${Math.max(0, index)}
          aria-valuetext=${words}
          @keydown=${(event: KeyboardEvent) => this.#keyed(event, bars, index)}
        ></div>
      </div>
      ${
        this.waited
          ? guard([capture, ...Object.values(state.selection), ...Object.values(state.view)], () =>
              this.#table(content, titles),
            )
          : nothing
      }
    </section>`;
  }

  #table(content: BarContent, titles: readonly string[]): TemplateResult {
    const heads = content.groups[0]?.bars[0]?.head !== null;
    return html`<table class="visually-hidden">
      <caption>
        ${content.caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">site</th>
          ${heads ? html`<th scope="col">head</th>` : nothing}
          ${content.columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${content.groups.flatMap((group) =>
          group.bars.map(
            (bar) =>
              html`<tr>
                <td>${titles[bar.site]}</td>
                ${heads ? html`<td>${bar.head}</td>` : nothing}
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
      if (this.waited) void this.#load(element);
      return;
    }
    const { state } = this.session.store;
    const capture = captureOf(state);
    const content = this.#content;
    if (!capture || !content) return;
    const { site, head } = state.selection;
    const titles = siteTitles(capture.sites);
    this.#chart.resize();
    this.#chart.draw({
      groups: content.groups,
      selected: { site, head: typeof head === "number" ? head : null },
      theme: this.#theme.theme,
      width: this.size.width,
      axis: content.axis,
      words: (_, bar) => content.words(titles[bar.site] ?? "", bar),
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
    return bars.findIndex((bar) => bar.site === site && (bar.head === null || bar.head === head));
  }

  #choose(bar: EntropyBar): void {
    this.session.store.update((state) => selectPlace(state, bar.site, bar.head ?? state.selection.head));
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
