/** The Heatmap pane: header, notes, the map with rulers, tooltip and legend. Draws from the session's store. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { styles } from "../styles-directive";
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import type { Page } from "../../shared/page";
import { colourTable } from "../../shared/colour-maps";
import { type ColourRange, colourRange } from "../../shared/colour-scale";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { minusIcon, plusIcon } from "../icons";
import { hovered } from "../reducers";
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
import { headTitle, siteShape, siteTitles } from "../../shared/site-names";
import type { MapWindow } from "../state";
import { StoreController } from "../store";
import { baseStyles, paneStyles, quietButtonStyles } from "../styles";
import { ThemeController } from "../theme-controller";
import { frameOf, gridOf } from "./heatmap-frame";
import { type Box, listenToGestures } from "./heatmap-gestures";
import { mapAct, ZOOM_STEP } from "./heatmap-keys";
import { fullWindow, layoutMap, type MapLayout, pageWindow } from "./heatmap-layout";
import { MapNavigation } from "./heatmap-navigation";
import { mapNotes } from "./heatmap-notes";
import { boundaries, boxOutline, leftRuler, outlines, rulerDepth, topRuler, values } from "./heatmap-overlay";
import { HeatmapSurface } from "./heatmap-surface";
import { cursorSentence } from "../cell-words";
import { tooltip } from "./heatmap-tooltip";
import { mapSentence } from "./heatmap-words";
import { heatmapStyles } from "./heatmap.styles";
import { legend } from "./legend";
import { pageFacts } from "./page-facts";
import { ruler } from "../../shared/rulers";
import { labelRoom } from "./label-room";

/** The last page and range that belong together; kept until those of the next head are there. */
interface Shown {
  readonly page: Page;
  readonly range: ColourRange;
  readonly queries: number;
  readonly keys: number;
}

@customElement("attention-heatmap")
export class HeatmapElement extends LitElement {
  static override styles = [baseStyles, paneStyles, quietButtonStyles, heatmapStyles];

  @property({ attribute: false }) session!: Session;

  @state() private size: ElementSize = noSize;
  @state() private box: Box | null = null;

  readonly #theme = new ThemeController(this);
  readonly #navigation = new MapNavigation(
    () => this.session.store,
    () => (this.#layout ? { layout: this.#layout, window: this.#window } : null),
  );
  /** The canvas of the map; null before the first picture. */
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
    this.surface ??= new HeatmapSurface(() => this.requestUpdate());
    const title = siteTitles(capture.sites)[state.selection.site] ?? site.name;
    const shown = this.#fitting(site);
    const pooled = shown && isPooled(shown.page);
    const detail = [
      siteShape(site),
      shown && pageFacts(shown.page).masked > 0 ? "masked" : "",
      pooled ? `max of ${shown.page.rowFactor} × ${shown.page.columnFactor}` : "",
      state.view.window ? `queries ${this.#range("query")}, keys ${this.#range("key")}` : "",
    ];
    return html`<section class="pane" aria-label="Heatmap">
      <div class="header">
        <h2 title=${site.name}>
          <span class="name">${title}</span><span> · ${headTitle(state.selection.head)}</span>
        </h2>
        <span class="detail">${detail.filter(Boolean).join(", ")}</span>
        <span class="space"></span>
        <button
          class="quiet"
          aria-label="Zoom out"
          title="Zoom out (−)"
          ?disabled=${!state.view.window}
          @click=${() => this.#navigation.zoomBy(1 / ZOOM_STEP)}
        >
          ${minusIcon()}
        </button>
        <button
          class="quiet"
          title="Show the whole map (0)"
          ?disabled=${!state.view.window}
          @click=${() => this.#navigation.zoomTo(null)}
        >
          fit
        </button>
        <button
          class="quiet"
          aria-label="Zoom in"
          title="Zoom in (+)"
          @click=${() => this.#navigation.zoomBy(ZOOM_STEP)}
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
    this.surface.setGrid(gridOf(shown.page));
    this.surface.setTable(colourTable(state.view.colourMap, this.#theme.theme.light));
    this.surface.request(
      frameOf({
        layout,
        window: this.#window,
        page: shown.page,
        end: shown.range.end,
        scale: state.view.scale,
        theme: this.#theme.theme,
        ratio: this.size.ratio,
      }),
    );
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
      this.#leave.push(observeSize(stage, (size) => (this.size = size)));
    }
    const map = this.renderRoot.querySelector<HTMLElement>(".map");
    if (!map || map.dataset["listening"]) return;
    map.dataset["listening"] = "true";
    this.#leave.push(
      listenToGestures(map, () => map.getBoundingClientRect(), {
        hover: (place) => this.#hover(place),
        click: (place) => this.#navigation.pin(place),
        pan: (dx, dy) => this.#navigation.pan(dx, dy),
        box: (box) => (this.box = box),
        boxed: (box) => {
          this.box = null;
          this.#navigation.showBox(box);
        },
        zoom: (factor, place) => this.#navigation.zoomBy(factor, place),
        fit: () => this.#navigation.zoomTo(null),
      }),
    );
  }

  #hover(place: { x: number; y: number } | null): void {
    this.#byKeyboard = false;
    const hit = place ? this.#navigation.hit(place) : null;
    this.session.store.update((state) => hovered(state, hit ?? { query: null, key: null }));
  }

  #tell(byKeyboard: boolean): void {
    if (this.#byKeyboard === byKeyboard) return;
    this.#byKeyboard = byKeyboard;
    this.requestUpdate();
  }

  #keyed = (event: KeyboardEvent): void => {
    const act = mapAct(event);
    if (!act || !this.#navigation.does(act)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#tell(!["pan", "zoom", "fit"].includes(act.act));
  };
}
