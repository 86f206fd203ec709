/** The Heatmap pane: header, notes, the map with rulers, tooltip and legend. Draws from the session's store. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { styles } from "../styles-directive";
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import type { Page } from "../../shared/page";
import { colourTable } from "../colour-maps";
import { type ColourRange, colourRange } from "../colour-scale";
import { minusIcon, plusIcon } from "../icons";
import { watchPixelRatio } from "../pixel-ratio";
import { cursorMoved, hovered, pinned, unpinned, zoomed } from "../reducers";
import {
  activeKey,
  activeQuery,
  axesOf,
  captureOf,
  isPooled,
  pageOf,
  profileOf,
  selectedSite,
} from "../selectors";
import type { Session } from "../session";
import { headTitle, siteShape, siteTitles } from "../site-names";
import type { MapWindow } from "../state";
import { StoreController } from "../store";
import { baseStyles, paneStyles, quietButtonStyles } from "../styles";
import { ThemeController } from "../theme-controller";
import { type Box, listenToGestures } from "./heatmap-gestures";
import { mapAct, ZOOM_STEP } from "./heatmap-keys";
import {
  boxed,
  cellSize,
  cellsOfPixels,
  fullWindow,
  hitTest,
  layoutMap,
  type MapLayout,
  pageIndices,
  pageWindow,
  panned,
  zoomAt,
} from "./heatmap-layout";
import { mapNotes } from "./heatmap-notes";
import { boundaries, boxOutline, leftRuler, outlines, rulerDepth, topRuler, values } from "./heatmap-overlay";
import { HeatmapSurface, type SurfaceKind } from "./heatmap-surface";
import { cursorSentence, tooltip } from "./heatmap-tooltip";
import { mapSentence } from "./heatmap-words";
import { heatmapStyles } from "./heatmap.styles";
import { legend } from "./legend";
import { labelRoom, ruler, segmentRuns } from "./rulers";

/** The last page and range that belong together; kept until those of the next head are there. */
interface Shown {
  readonly page: Page;
  readonly range: ColourRange;
  readonly queries: number;
  readonly keys: number;
}

/** Stripes of masked cells, CSS px. */
const STRIPE_PERIOD = 4;

@customElement("attention-heatmap")
export class HeatmapElement extends LitElement {
  static override styles = [baseStyles, paneStyles, quietButtonStyles, heatmapStyles];

  @property({ attribute: false }) session!: Session;
  /** Which renderer to begin with; WebGL falls back by itself. */
  @property() renderer: SurfaceKind = "webgl";

  @state() private size = { width: 0, height: 0 };
  @state() private ratio = window.devicePixelRatio;
  @state() private box: Box | null = null;

  readonly #theme = new ThemeController(this);
  surface: HeatmapSurface | null = null;
  #shown: Shown | null = null;
  #layout: MapLayout | null = null;
  #window: MapWindow = fullWindow(1, 1);
  #leave: (() => void)[] = [];
  #stage: HTMLElement | null = null;
  #byKeyboard = false;
  readonly #rooms = new WeakMap<TokenAxis, number>();

  constructor() {
    super();
    new StoreController(this, () => this.session.store);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leave.push(watchPixelRatio((ratio) => (this.ratio = ratio)));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const leave of this.#leave) leave();
    this.#leave = [];
    this.surface?.dispose();
    this.surface = null;
    this.#stage = null;
  }

  protected override willUpdate(): void {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const axes = axesOf(state);
    const page = pageOf(state);
    const profile = profileOf(state);
    if (page && profile && site) {
      this.#shown = {
        page,
        range: colourRange(profile, site.queries * site.keys),
        queries: site.queries,
        keys: site.keys,
      };
    }
    if (!site || !axes) return;
    this.#window = state.view.window ?? fullWindow(site.queries, site.keys);
    this.#layout = layoutMap({
      ...this.size,
      queries: site.queries,
      keys: site.keys,
      square: site.queryAxis === site.keyAxis,
      ratio: this.ratio,
      rulerWidth: this.#depth(axes.query),
      rulerHeight: this.#depth(axes.key),
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const capture = captureOf(state);
    const axes = axesOf(state);
    if (!site || !capture || !axes) return nothing;
    this.surface ??= new HeatmapSurface(this.renderer, () => this.requestUpdate());
    const title = siteTitles(capture.sites)[state.selection.site] ?? site.name;
    const shown = this.#fitting(site);
    const pooled = shown && isPooled(shown.page);
    const detail = [
      siteShape(site),
      pooled ? `max of ${shown.page.rowFactor} × ${shown.page.columnFactor}` : "",
      state.view.window ? `queries ${this.#range("query")}, keys ${this.#range("key")}` : "",
    ];
    return html`<section class="pane" aria-label="Heatmap">
      <div class="header">
        <h2 title=${site.name}>${title} · ${headTitle(state.selection.head)}</h2>
        <span class="detail">${detail.filter(Boolean).join(", ")}</span>
        <span class="space"></span>
        <button
          class="quiet"
          aria-label="Zoom out"
          title="Zoom out (−)"
          ?disabled=${!state.view.window}
          @click=${() => this.#zoomBy(1 / ZOOM_STEP)}
        >
          ${minusIcon()}
        </button>
        <button
          class="quiet"
          title="Show the whole map (0)"
          ?disabled=${!state.view.window}
          @click=${() => this.#zoomTo(null)}
        >
          fit
        </button>
        <button
          class="quiet"
          aria-label="Zoom in"
          title="Zoom in (+)"
          @click=${() => this.#zoomBy(ZOOM_STEP)}
        >
          ${plusIcon()}
        </button>
      </div>
      ${mapNotes(state, site)}
      <div
        class="stage"
        tabindex="0"
        role="application"
        aria-label="Map: arrow keys move query and key, Enter pins, plus and minus zoom"
        @keydown=${this.#keyed}
        @blur=${() => this.#tell(false)}
      >
        ${this.#map(site, axes, title)}
      </div>
      ${
        shown
          ? legend({
              table: colourTable(state.view.colourMap, this.#theme.theme.light),
              range: shown.range,
              scale: state.view.scale,
              page: shown.page,
              whole:
                shown.page.queryEnd - shown.page.queryStart >= site.queries &&
                shown.page.keyEnd - shown.page.keyStart >= site.keys,
            })
          : nothing
      }
      <span class="visually-hidden" role="status">${this.#byKeyboard ? cursorSentence(state) : ""}</span>
    </section>`;
  }

  protected override updated(): void {
    this.#attach();
    const { state } = this.session.store;
    const site = selectedSite(state);
    const layout = this.#layout;
    if (!site || !layout || !this.surface) return;
    this.session.reader.want(pageWindow(layout, this.#window, site));
    const shown = this.#fitting(site);
    if (!shown) return;
    const { page } = shown;
    const { theme } = this.#theme;
    const window = this.#window;
    this.surface.setGrid(page.cells === this.#grid?.buffer ? this.#grid.grid : this.#asGrid(page));
    this.surface.setTable(colourTable(state.view.colourMap, theme.light));
    this.surface.request({
      width: layout.deviceWidth,
      height: layout.deviceHeight,
      columnOfPixel: pageIndices(cellsOfPixels(window.keyStart, window.keyEnd, layout.deviceWidth), {
        start: page.keyStart,
        end: page.keyEnd,
        factor: page.columnFactor,
      }),
      rowOfPixel: pageIndices(cellsOfPixels(window.queryStart, window.queryEnd, layout.deviceHeight), {
        start: page.queryStart,
        end: page.queryEnd,
        factor: page.rowFactor,
      }),
      end: shown.range.end,
      scale: state.view.scale,
      ground: theme.ground,
      hatch: theme.hatch,
      flag: theme.warning,
      stripePeriod: Math.round(STRIPE_PERIOD * this.ratio),
      stripeWidth: Math.max(1, Math.round(this.ratio)),
    });
  }

  #grid: {
    buffer: ArrayBuffer;
    grid: { rows: number; columns: number; cells: Float32Array<ArrayBuffer> };
  } | null = null;

  #asGrid(page: Page): { rows: number; columns: number; cells: Float32Array<ArrayBuffer> } {
    const grid = { rows: page.rows, columns: page.columns, cells: new Float32Array(page.cells) };
    this.#grid = { buffer: page.cells, grid };
    return grid;
  }

  /** What is shown, unless the selected site has another size and the cells of the last would be misplaced. */
  #fitting(site: CapturedSite): Shown | null {
    const shown = this.#shown;
    return shown && shown.queries === site.queries && shown.keys === site.keys ? shown : null;
  }

  #map(
    site: CapturedSite,
    axes: { query: TokenAxis; key: TokenAxis },
    title: string,
  ): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const layout = this.#layout;
    if (!layout) return nothing;
    const { theme } = this.#theme;
    const window = this.#window;
    const query = activeQuery(state);
    const key = activeKey(state);
    const rows = ruler(axes.query, window.queryStart, window.queryEnd, layout.height);
    const columns = ruler(axes.key, window.keyStart, window.keyEnd, layout.width);
    const shown = this.#fitting(site);
    const px = (length: number): string => `${length}px`;
    return html`<div
        class="map ${state.view.window ? "zoomed" : ""}"
        style=${styles({ left: px(layout.left), top: px(layout.top), width: px(layout.width), height: px(layout.height) })}
        role="img"
        aria-label=${mapSentence(title, site, state.selection.head, axes, shown?.page ?? null)}
      >
        ${this.surface?.canvas}
      </div>
      <svg class="overlay" aria-hidden="true">
        ${boundaries(layout, rows, columns)}
        ${guard([layout, window, shown, state.view, theme], () =>
          shown
            ? values(layout, window, shown.page, {
                theme,
                map: state.view.colourMap,
                end: shown.range.end,
                scale: state.view.scale,
              })
            : nothing,
        )}
        ${leftRuler(layout, rows, this.#depth(axes.query), theme, query)}
        ${topRuler(layout, columns, this.#depth(axes.key), theme, key)}
        ${outlines(layout, window, { query, key })} ${this.box ? boxOutline(layout, this.box) : nothing}
      </svg>
      ${tooltip(state, layout, window, this.size, this.#byKeyboard)}`;
  }

  #depth(axis: TokenAxis): number {
    let room = this.#rooms.get(axis);
    if (room === undefined) {
      room = labelRoom(axis, `9px ${this.#theme.theme.fontFamily}`);
      this.#rooms.set(axis, room);
    }
    return rulerDepth(room, axis.segments.length > 0);
  }

  #range(side: "query" | "key"): string {
    const first = Math.floor(this.#window[`${side}Start`]);
    const last = Math.ceil(this.#window[`${side}End`]) - 1;
    return `${first}–${last}`;
  }

  /** Listen to the stage's size and to gestures on the map, once each is there. */
  #attach(): void {
    const stage = this.renderRoot.querySelector<HTMLElement>(".stage");
    if (stage && stage !== this.#stage) {
      this.#stage = stage;
      const observer = new ResizeObserver(([entry]) => {
        if (entry) this.size = { width: entry.contentRect.width, height: entry.contentRect.height };
      });
      observer.observe(stage);
      this.#leave.push(() => observer.disconnect());
    }
    const map = this.renderRoot.querySelector<HTMLElement>(".map");
    if (!map || map.dataset["listening"]) return;
    map.dataset["listening"] = "true";
    this.#leave.push(
      listenToGestures(map, () => map.getBoundingClientRect(), {
        hover: (place) => this.#hover(place),
        click: (place) => {
          const hit = this.#hit(place);
          if (hit) this.session.store.update((state) => pinned(state, hit));
        },
        pan: (dx, dy) => this.#pan(dx, dy),
        box: (box) => (this.box = box),
        boxed: (box) => this.#boxed(box),
        zoom: (factor, place) => this.#zoomBy(factor, place),
        fit: () => this.#zoomTo(null),
      }),
    );
  }

  #hit(place: { x: number; y: number }): { query: number; key: number } | null {
    return this.#layout ? hitTest(this.#layout, this.#window, place.x, place.y) : null;
  }

  #hover(place: { x: number; y: number } | null): void {
    this.#byKeyboard = false;
    const hit = place ? this.#hit(place) : null;
    this.session.store.update((state) => hovered(state, hit ?? { query: null, key: null }));
  }

  #zoomTo(window: MapWindow | null): void {
    this.session.store.update((state) => zoomed(state, window));
  }

  #zoomBy(factor: number, place?: { x: number; y: number }): void {
    const site = selectedSite(this.session.store.state);
    const layout = this.#layout;
    if (!site || !layout) return;
    const at = place ?? this.#cursorPlace(layout) ?? { x: layout.width / 2, y: layout.height / 2 };
    this.#zoomTo(zoomAt(layout, this.#window, site, factor, at));
  }

  /** Middle of the active cell if it is visible: zooming by keyboard goes there. */
  #cursorPlace(layout: MapLayout): { x: number; y: number } | null {
    const { state } = this.session.store;
    const query = activeQuery(state);
    const key = activeKey(state);
    if (query === null || key === null) return null;
    const size = cellSize(layout, this.#window);
    const at = {
      x: (key + 0.5 - this.#window.keyStart) * size.x,
      y: (query + 0.5 - this.#window.queryStart) * size.y,
    };
    return at.x >= 0 && at.y >= 0 && at.x < layout.width && at.y < layout.height ? at : null;
  }

  #pan(dx: number, dy: number): void {
    const { state } = this.session.store;
    const site = selectedSite(state);
    if (!site || !this.#layout || !state.view.window) return;
    this.#zoomTo(panned(this.#layout, this.#window, site, dx, dy));
  }

  #boxed(box: Box): void {
    this.box = null;
    const site = selectedSite(this.session.store.state);
    if (site && this.#layout) this.#zoomTo(boxed(this.#layout, this.#window, site, box));
  }

  #tell(byKeyboard: boolean): void {
    if (this.#byKeyboard === byKeyboard) return;
    this.#byKeyboard = byKeyboard;
    this.requestUpdate();
  }

  #keyed = (event: KeyboardEvent): void => {
    const act = mapAct(event);
    if (!act) return;
    const { store } = this.session;
    const site = selectedSite(store.state);
    if (!site) return;
    const query = activeQuery(store.state) ?? 0;
    const key = activeKey(store.state) ?? -1;
    if (act.act === "unpin" && store.state.selection.query === null && store.state.selection.key === null)
      return;
    event.preventDefault();
    event.stopPropagation();
    switch (act.act) {
      case "move":
        store.update((state) =>
          cursorMoved(
            state,
            act.query ? { query: query + act.query, key: Math.max(0, key) } : { key: key + act.key },
          ),
        );
        break;
      case "edge":
        store.update((state) => cursorMoved(state, { key: act.key === "first" ? 0 : site.keys - 1 }));
        break;
      case "segment":
        store.update((state) => cursorMoved(state, { query: this.#segmentStart(query, act.step) }));
        break;
      case "pin":
        store.update((state) => pinned(state, { query: activeQuery(state), key: activeKey(state) }));
        break;
      case "unpin":
        store.update(unpinned);
        break;
      case "pan":
        this.#pan(act.dx, act.dy);
        break;
      case "zoom":
        this.#zoomBy(act.factor);
        break;
      case "fit":
        this.#zoomTo(null);
        break;
    }
    this.#tell(act.act !== "pan" && act.act !== "zoom" && act.act !== "fit");
    this.#bringIntoView();
  };

  /** First query of the segment before or after the one that holds `query`. */
  #segmentStart(query: number, step: 1 | -1): number {
    const axis = axesOf(this.session.store.state)?.query;
    const starts = axis ? segmentRuns(axis).map((run) => run.start) : [];
    if (step > 0) return starts.find((start) => start > query) ?? query;
    return starts.findLast((start) => start < query) ?? 0;
  }

  /** Move the window so that the cursor is in it. */
  #bringIntoView(): void {
    const { state } = this.session.store;
    const window = state.view.window;
    if (!window || !this.#byKeyboard) return;
    const shift = (at: number | null, start: number, end: number): number =>
      at === null ? 0 : Math.min(0, at - start) + Math.max(0, at + 1 - end);
    const keys = shift(activeKey(state), window.keyStart, window.keyEnd);
    const queries = shift(activeQuery(state), window.queryStart, window.queryEnd);
    if (keys === 0 && queries === 0) return;
    this.#zoomTo({
      queryStart: window.queryStart + queries,
      queryEnd: window.queryEnd + queries,
      keyStart: window.keyStart + keys,
      keyEnd: window.keyEnd + keys,
    });
  }
}
