/** The Overview: every head as a thumbnail over its metric. One canvas for all pictures, a grid of cells over it. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Capture } from "../../shared/capture";
import { metrics } from "../../shared/figures";
import { count } from "../../shared/format";
import type { DrawingSurface } from "../drawing-surface";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { selectPlace, toggleHead, viewed } from "../reducers";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { headOrders } from "../state";
import { StoreController } from "../store";
import { baseStyles, paneStyles, quietButtonStyles, smallDropdownStyles } from "../styles";
import { ThemeController } from "../theme-controller";
import { gridRow } from "./overview-cells";
import { overviewHeader } from "./overview-header";
import { type HeadList, headList, type ListedHead } from "./overview-data";
import {
  neighbour,
  type OverviewForm,
  type OverviewLayout,
  overviewLayout,
  type OverviewRow,
  visibleRows,
} from "./overview-layout";
import { metricLegend } from "./overview-legend";
import { overviewFrame, thumbnailSurface } from "./overview-frame";
import { overviewStyles } from "./overview.styles";
import type { ThumbnailFrame } from "./thumbnail-renderer";

/** Rows made beyond the visible ones, px, so that scrolling meets no gap. */
const MARGIN = 160;
/** Distance of the first row to the stage's upper edge, px. */
const TOP = 2;

@customElement("attention-overview")
export class OverviewElement extends LitElement {
  static override styles = [baseStyles, paneStyles, quietButtonStyles, smallDropdownStyles, overviewStyles];

  @property({ attribute: false }) session!: Session;
  /** `strip` has metric cells alone, for narrow panels. */
  @property() form: OverviewForm = "thumbnails";
  @state() private size: ElementSize = noSize;
  @state() private scrolled = 0;
  @state() private filtering = false;

  readonly #theme = new ThemeController(this);
  surface: DrawingSurface<ThumbnailFrame> | null = null;
  #layout: OverviewLayout | null = null;
  #list: { key: readonly unknown[]; list: HeadList } | null = null;
  #focused: { site: number; head: number } | null = null;
  #takeFocus = false;
  #unobserve: (() => void) | null = null;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, selection, view, thumbnails }) => [
        ...[document, selection.site, selection.batch, JSON.stringify(selection.head), thumbnails],
        ...[view.metric, view.order, view.filter, view.colourMap, view.scale],
      ],
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unobserve?.();
    this.#unobserve = null;
    this.surface?.dispose();
    this.surface = null;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { view } = this.session.store.state;
    const capture = captureOf(this.session.store.state);
    if (!capture) return nothing;
    const list = this.#listOf(capture);
    const sorted = view.order !== "graph";
    this.#layout = overviewLayout(list, {
      width: this.size.width,
      height: this.size.height - TOP,
      form: this.form,
      sorted,
    });
    const rows = visibleRows(this.#layout, this.scrolled - MARGIN, this.scrolled + this.size.height + MARGIN);
    if (this.form === "thumbnails") this.surface ??= thumbnailSurface(() => this.requestUpdate());
    return html`<section class="pane ${this.form}" aria-label="Overview">
      ${
        this.form === "thumbnails"
          ? overviewHeader({
              ...{ view, list, filtering: this.filtering },
              ordered: (order) => this.#ordered(order),
              toggled: this.#toggleFilter,
              filtered: (filter) => this.#filtered(filter),
              filterKeyed: this.#filterKeyed,
            })
          : nothing
      }
      <div class="stage">
        ${this.form === "thumbnails" ? this.surface?.canvas : nothing}
        <div class="scroller" @scroll=${this.#scrolls} tabindex="-1">
          <div
            class="grid"
            role="grid"
            aria-label="Heads by ${sorted ? metrics[view.metric].label.toLowerCase() : "component"}"
            aria-multiselectable="true"
            aria-rowcount=${this.#layout.rows.length}
            @keydown=${this.#keyed}
          >
            ${rows.map((row) => this.#row(capture, row))}
          </div>
        </div>
        ${
          list.flat.length === 0
            ? html`<p class="none">No head of ${count(list.all)} matches “${view.filter}”.</p>`
            : nothing
        }
      </div>
      ${metricLegend(capture, this.session.store.state, this.form === "strip")}
    </section>`;
  }

  #row(capture: Capture, row: OverviewRow): TemplateResult {
    const { state } = this.session.store;
    const layout = this.#layout;
    if (!layout) return html``;
    return gridRow(row, {
      capture,
      layout,
      index: layout.rows.indexOf(row) + 1,
      selection: state.selection,
      metric: state.view.metric,
      focused: this.#focusedHead(),
      chosen: (head, event) => this.#clicked(head, event),
    });
  }

  #listOf(capture: Capture): HeadList {
    const { selection, view, thumbnails } = this.session.store.state;
    const key = [capture, selection.batch, view.metric, view.order, view.filter, thumbnails];
    if (!this.#list || key.some((part, index) => part !== this.#list?.key[index])) {
      this.#list = { key, list: headList(capture, { ...view, batch: selection.batch, thumbnails }) };
    }
    return this.#list.list;
  }

  /** The cell that Tab leads to: the one moved to last, else the selected head, else the first. */
  #focusedHead(): { site: number; head: number } | null {
    const { selection, view } = this.session.store.state;
    const listed = this.#list?.list.flat ?? [];
    const has = (at: { site: number; head: number } | null): boolean =>
      at !== null && listed.some((one) => one.site === at.site && one.head === at.head);
    const own = {
      site: selection.site,
      head: typeof selection.head === "number" ? selection.head : view.lastHead,
    };
    if (has(this.#focused)) return this.#focused;
    return has(own) ? own : (listed[0] ?? null);
  }

  protected override updated(): void {
    const stage = this.renderRoot.querySelector<HTMLElement>(".stage");
    const grid = this.renderRoot.querySelector<HTMLElement>(".grid");
    if (!stage || !grid || !this.#layout) return;
    this.#unobserve ??= observeSize(stage, (size) => (this.size = size));
    grid.style.setProperty("height", `${this.#layout.height + TOP}px`);
    if (this.#takeFocus) {
      this.#takeFocus = false;
      this.renderRoot.querySelector<HTMLElement>("[role=gridcell][tabindex='0']")?.focus();
    }
    this.#draw();
  }

  #draw(): void {
    const { state } = this.session.store;
    const capture = captureOf(state);
    const layout = this.#layout;
    const { width, height } = this.size;
    if (!this.surface || !capture || !layout || width < 1 || height < 1) return;
    const visible = visibleRows(layout, this.scrolled, this.scrolled + height);
    const sites = new Set(visible.flatMap((row) => row.boxes.map((box) => box.head.site)));
    this.session.thumbnails.want([state.selection.site, ...sites]);
    this.surface.request(
      overviewFrame({
        ...{ capture, layout, rows: visible, thumbnails: state.thumbnails, view: state.view },
        ...{ size: this.size, scrolled: this.scrolled - TOP, theme: this.#theme.theme },
      }),
    );
  }

  #scrolls = (event: Event): void => {
    if (event.target instanceof HTMLElement) this.scrolled = event.target.scrollTop;
  };

  #clicked(head: ListedHead, event: MouseEvent): void {
    this.#focused = { site: head.site, head: head.head };
    const many = event.ctrlKey || event.metaKey || event.shiftKey;
    this.session.store.update((state) =>
      many ? toggleHead(state, head.site, head.head) : selectPlace(state, head.site, head.head),
    );
    this.requestUpdate();
  }

  #keyed = (event: KeyboardEvent): void => {
    const from = this.#focusedHead();
    if (!this.#layout || event.altKey) return;
    if ((event.key === " " || event.key === "Enter") && from) {
      const act = event.key === " " ? toggleHead : selectPlace;
      this.session.store.update((state) => act(state, from.site, from.head));
    } else {
      const target = neighbour(this.#layout, from, event.key);
      if (!target) return;
      this.#focused = { site: target.site, head: target.head };
      this.#reveal(target);
      this.#takeFocus = true;
      // With Ctrl only the focus moves, so that Space can put heads together.
      if (!event.ctrlKey && !event.metaKey) {
        this.session.store.update((state) => selectPlace(state, target.site, target.head));
      }
      this.requestUpdate();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  /** Scroll so that a head's row is visible. */
  #reveal(head: { site: number; head: number }): void {
    const scroller = this.renderRoot.querySelector<HTMLElement>(".scroller");
    const row = this.#layout?.rows.find((one) =>
      one.boxes.some((box) => box.head.site === head.site && box.head.head === head.head),
    );
    if (!scroller || !row) return;
    if (row.top < this.scrolled) scroller.scrollTop = row.top;
    else if (row.top + row.height + TOP > this.scrolled + this.size.height)
      scroller.scrollTop = row.top + row.height + TOP - this.size.height;
    this.scrolled = scroller.scrollTop;
  }

  #ordered(value: string): void {
    const order = headOrders.find((one) => one === value);
    if (order) this.session.store.update((state) => viewed(state, { order }));
  }

  #toggleFilter = (): void => {
    this.filtering = !(this.filtering || this.session.store.state.view.filter !== "");
    if (!this.filtering) this.#filtered("");
    else {
      void this.updateComplete.then(() =>
        this.renderRoot.querySelector<HTMLElement>("vscode-text-field")?.focus(),
      );
    }
  };

  #filtered(filter: string): void {
    this.session.store.update((state) => viewed(state, { filter: filter.slice(0, 200) }));
  }

  #filterKeyed = (event: KeyboardEvent): void => {
    // VS Code forwards keys of a webview to its keybindings.
    event.stopPropagation();
    if (event.key === "Escape") this.#toggleFilter();
  };
}
