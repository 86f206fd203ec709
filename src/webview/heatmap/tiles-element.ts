/** All heads of the selected site side by side: one scale, shared axes, the entropy in each title. One picture. */
import { html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import type { Page } from "../../shared/page";
import { ruler } from "../../shared/rulers";
import { siteTitles } from "../../shared/site-names";
import { cellKindLabels, isScore, mapColours } from "../cell-kinds";
import type { DrawingSurface } from "../drawing-surface";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { framePaint } from "../frame-paint";
import { figuresOf, metricFigure, spokenFigure } from "../head-metrics";
import { spokenHead } from "../head-names";
import { warningIcon } from "../icons";
import { isSelected } from "../overview/overview-cells";
import { hovered, selectHead, toggleHead, viewed } from "../reducers";
import {
  activeKey,
  activeRow,
  axesOf,
  captureOf,
  isOf,
  ofShownSite,
  selectedSite,
  shownCells,
  shownMap,
} from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
import { styles } from "../styles-directive";
import { ThemeController } from "../theme-controller";
import { indexRoom, labelRoom, NAMES_FROM } from "./label-room";
import { fullWindow, hitTest } from "./heatmap-layout";
import { boundaries, leftRuler, outlines, rulerDepth, topRuler } from "./heatmap-overlay";
import { heatmapSurface } from "./heatmap-frame";
import type { HeatmapFrame } from "./heatmap-renderer";
import { overlayStyles } from "./overlay.styles";
import { siteRange } from "./range";
import { layoutTiles, TILE_TITLE, tileLayout, tilesGrid, type TilesLayout, tilesSize } from "./tiles-layout";
import { tilesStyles } from "./tiles.styles";

@customElement("attention-tiles")
export class TilesElement extends LitElement {
  static override styles = [baseStyles, overlayStyles, tilesStyles];

  @property({ attribute: false }) session!: Session;
  @state() private size: ElementSize = noSize;

  readonly #theme = new ThemeController(this);
  surface: DrawingSurface<HeatmapFrame> | null = null;
  #layout: TilesLayout | null = null;
  #depths = { left: 0, top: 0 };
  #unobserve: (() => void) | null = null;
  #drawing: { key: readonly unknown[]; tiles: NonNullable<ReturnType<typeof tilesGrid>> } | null = null;

  constructor() {
    super();
    new StoreController(this, () => this.session.store, ofShownSite);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unobserve = observeSize(this, (size) => (this.size = size));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unobserve?.();
    this.surface?.dispose();
    this.surface = null;
    this.session.side.wantTiles(null);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const axes = axesOf(state);
    if (!site || !axes || this.size.width < 1) return nothing;
    this.surface ??= heatmapSurface(() => this.requestUpdate());
    const layout = this.#place(site, axes);
    this.#layout = layout;
    if (!layout) return nothing;
    const { width, height } = tilesSize(layout);
    const px = (length: number): string => `${length}px`;
    const place = {
      ...{ left: px(layout.left), top: px(layout.top) },
      ...{ width: px(width / layout.ratio), height: px(height / layout.ratio) },
    };
    const figures = figuresOf(site, state.selection.batch);
    return html`<div class="picture" role="img" aria-label=${this.#sentence(site)} style=${styles(place)}>
        ${this.surface.canvas}
      </div>
      ${this.#overlay(layout, site, axes)}
      ${Array.from({ length: site.heads }, (_, head) => this.#tile(layout, site, head, figures[head]?.rowsFlagged ?? 0))}`;
  }

  #tile(layout: TilesLayout, site: CapturedSite, head: number, flagged: number): TemplateResult {
    const { state } = this.session.store;
    const at = tileLayout(layout, head);
    const px = (length: number): string => `${length}px`;
    const value = figuresOf(site, state.selection.batch)[head]?.normalisedEntropy ?? null;
    const place = {
      ...{ left: px(at.left), top: px(at.top - TILE_TITLE) },
      ...{ width: px(at.width), height: px(at.height + TILE_TITLE) },
    };
    const words = `${spokenHead(site, head)}, ${spokenFigure("normalisedEntropy", value)}`;
    const own = isSelected(state.selection, state.selection.site, head);
    return html`<button
      class="tile ${own ? "selected" : ""}"
      aria-pressed=${own}
      title="${words}${flagged > 0 ? `, ${flagged} rows flagged` : ""}. Double click shows it alone."
      style=${styles(place)}
      @click=${(event: MouseEvent) => this.#clicked(event, head)}
      @dblclick=${() => this.session.store.update((now) => viewed(now, { heads: "one" }))}
      @pointermove=${(event: PointerEvent) => this.#hover(event, at)}
      @pointerleave=${() => this.session.store.update((now) => hovered(now, { query: null, key: null }))}
    >
      <span class="title"
        ><span
          ><span class=${at.width > 60 ? "" : "visually-hidden"}>head </span>${head}<span
            class="visually-hidden"
            >, normalised entropy</span
          ></span
        >
        <span class=${at.width > 30 ? "dim" : "visually-hidden"}
          >${metricFigure("normalisedEntropy", value)}</span
        >
        ${flagged > 0 ? warningIcon() : nothing}</span
      >
    </button>`;
  }

  #overlay(
    layout: TilesLayout,
    site: CapturedSite,
    axes: { query: TokenAxis; key: TokenAxis },
  ): TemplateResult {
    const { state } = this.session.store;
    const { theme } = this.#theme;
    const first = tileLayout(layout, 0);
    const rows = ruler(axes.query, 0, site.queries, first.height);
    const columns = ruler(axes.key, 0, site.keys, first.width);
    const window = fullWindow(site.queries, site.keys);
    const query = activeRow(state);
    const key = activeKey(state);
    const above = { ...first, top: first.top - TILE_TITLE };
    return html`<svg class="overlay" aria-hidden="true">
      ${Array.from({ length: layout.down }, (_, row) =>
        leftRuler(tileLayout(layout, row * layout.across), rows, this.#depths.left, theme, query),
      )}
      ${Array.from({ length: Math.min(layout.across, site.heads) }, (_, column) =>
        topRuler({ ...above, left: tileLayout(layout, column).left }, columns, this.#depths.top, theme, key),
      )}
      ${Array.from({ length: site.heads }, (_, head) => {
        const at = tileLayout(layout, head);
        return svg`${boundaries(at, rows, columns)}${outlines(at, window, { query, key })}`;
      })}
    </svg>`;
  }

  protected override updated(): void {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const layout = this.#layout;
    if (!site || !layout || !this.surface) return;
    this.session.thumbnails.want([state.selection.site]);
    this.session.side.wantTiles({
      heads: Array.from({ length: site.heads }, (_, head) => head),
      ...{ maxRows: layout.tileHeight, maxColumns: layout.tileWidth },
    });
    const range = siteRange(state);
    const pages = Array.from({ length: site.heads }, (_, head) => this.#page(head, site));
    const key = [layout.tileWidth, layout.tileHeight, layout.across, ...pages];
    if (!this.#drawing || key.some((part, index) => part !== this.#drawing?.key[index])) {
      const tiles = tilesGrid(layout, pages, site);
      this.#drawing = tiles ? { key, tiles } : null;
    }
    if (!range || !this.#drawing) return;
    const { theme } = this.#theme;
    const { grid, columnOfPixel, rowOfPixel } = this.#drawing.tiles;
    this.surface.request({
      ...framePaint(theme, layout.ratio),
      ...tilesSize(layout),
      ...{ grid, columnOfPixel, rowOfPixel, end: range.end, scale: state.view.scale },
      table: mapColours(shownCells(state), state.view.colourMap, theme.light),
    });
  }

  #page(head: number, site: CapturedSite): Page | undefined {
    const { state } = this.session.store;
    const page = state.tiles.get(head);
    const map = shownMap(state);
    return page && map && isOf(page, { ...map, handle: site.handle, head }) ? page : undefined;
  }

  #sentence(site: CapturedSite): string {
    const capture = captureOf(this.session.store.state);
    const title = capture ? siteTitles(capture.sites)[this.session.store.state.selection.site] : site.name;
    const what = shownCells(this.session.store.state);
    return `${isScore(what) ? `Attention, ${cellKindLabels[what]},` : "Attention"} of all ${site.heads} heads of ${title}, side by side on one scale: ${site.queries} queries by ${site.keys} keys.`;
  }

  /** Lay out with room for names; with room for numbers where the tiles turn out too small for names. */
  #place(site: CapturedSite, axes: { query: TokenAxis; key: TokenAxis }): TilesLayout | null {
    const font = `9px ${this.#theme.theme.fontFamily}`;
    const depth = (axis: TokenAxis, names: boolean): number =>
      rulerDepth(names ? labelRoom(axis, font) : indexRoom(axis, font), axis.segments.length > 0);
    let layout: TilesLayout | null = null;
    for (const names of [true, false]) {
      this.#depths = { left: depth(axes.query, names), top: depth(axes.key, names) };
      layout = layoutTiles({
        ...this.size,
        ...{ heads: site.heads, queries: site.queries, keys: site.keys },
        square: site.queryAxis === site.keyAxis,
        rulerWidth: this.#depths.left,
        rulerHeight: this.#depths.top,
      });
      const pitch = layout ? Math.max(layout.tileWidth / site.keys, layout.tileHeight / site.queries) : 0;
      if (layout && pitch / layout.ratio >= NAMES_FROM) break;
    }
    return layout;
  }

  #clicked(event: MouseEvent, head: number): void {
    const many = event.ctrlKey || event.metaKey || event.shiftKey;
    this.session.store.update((now) =>
      many ? toggleHead(now, now.selection.site, head) : selectHead(now, head),
    );
  }

  #hover(event: PointerEvent, at: ReturnType<typeof tileLayout>): void {
    const site = selectedSite(this.session.store.state);
    if (!site) return;
    const box = this.getBoundingClientRect();
    const place = { x: event.clientX - box.x - at.left, y: event.clientY - box.y - at.top };
    const hit = hitTest(at, fullWindow(site.queries, site.keys), place.x, place.y);
    this.session.store.update((now) => hovered(now, hit ?? { query: null, key: null }));
  }
}
