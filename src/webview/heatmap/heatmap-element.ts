/** The Heatmap pane: header, notes, the map with rulers and margins, tooltip and legend; or all heads side by side. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import { siteTitles } from "../../shared/site-names";
import { mapColours } from "../cell-kinds";
import { cursorSentence } from "../cell-words";
import type { DrawingSurface } from "../drawing-surface";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { hovered } from "../reducers";
import { axesOf, captureOf, ofShownSite, pageOf, profileOf, selectedSite } from "../selectors";
import type { Session } from "../session";
import type { MapWindow } from "../state";
import { StoreController } from "../store";
import { baseStyles, paneStyles, quietButtonStyles, smallDropdownStyles } from "../styles";
import { ThemeController } from "../theme-controller";
import { setValue } from "../toolkit-values";
import { frameOf, heatmapSurface } from "./heatmap-frame";
import { type Box, listenToGestures } from "./heatmap-gestures";
import { heatmapHeader } from "./heatmap-header";
import { mapAct, ZOOM_STEP } from "./heatmap-keys";
import { fullWindow, layoutMap, type MapLayout, pageWindow } from "./heatmap-layout";
import { MapNavigation } from "./heatmap-navigation";
import { mapNotes } from "./heatmap-notes";
import { rulerDepth } from "./heatmap-overlay";
import type { HeatmapFrame } from "./heatmap-renderer";
import { tooltip } from "./heatmap-tooltip";
import { heatmapStyles } from "./heatmap.styles";
import { indexRoom, knownLabelRoom, NAMES_FROM } from "./label-room";
import { mapLegend } from "./map-legend";
import { mapPicture, type Shown } from "./map-picture";
import { ENTROPY_ROOM, RECEIVED_ROOM } from "./margins";
import { overlayStyles } from "./overlay.styles";
import { pictureStyles } from "./picture.styles";
import { rangeOf } from "./range";
import { chosenCells, scoreNote } from "./score-choice";
import "./tiles-element";
import { showsGrid } from "./window-choice";
import "./window-grid-element";
import { ZoomEasing } from "./zoom-easing";

/** Smallest stage that has margins beside its map, px. */
const MARGINS_FROM = { width: 300, height: 230 };

@customElement("attention-heatmap")
export class HeatmapElement extends LitElement {
  static override styles = [
    ...[baseStyles, paneStyles, quietButtonStyles, smallDropdownStyles],
    ...[overlayStyles, pictureStyles, heatmapStyles],
  ];

  @property({ attribute: false }) session!: Session;

  @state() private size: ElementSize = noSize;
  @state() private box: Box | null = null;

  readonly #theme = new ThemeController(this);
  readonly #navigation = new MapNavigation(
    () => this.session.store,
    () => this.#place(),
  );
  /** The canvas of the map; null before the first picture. */
  surface: DrawingSurface<HeatmapFrame> | null = null;
  #shown: Shown | null = null;
  #layout: MapLayout | null = null;
  #depths = { left: 0, top: 0 };
  #hasMargins = false;
  /** What is visible now, and what will be when the zoom is done. */
  #window: MapWindow = fullWindow(1, 1);
  #target: MapWindow = this.#window;
  readonly #easing = new ZoomEasing(() => this.requestUpdate());
  #leave: (() => void)[] = [];
  #leavePage: () => void = () => undefined;
  #stage: HTMLElement | null = null;
  #byKeyboard = false;

  constructor() {
    super();
    new StoreController(this, () => this.session.store, ofShownSite);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leavePage = this.session.onPageCommand((command) => {
      if (command === "zoomIn") this.#navigation.zoomBy(ZOOM_STEP);
      if (command === "zoomOut") this.#navigation.zoomBy(1 / ZOOM_STEP);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leavePage();
    this.#easing.stop();
    this.#drop();
  }

  /** Whether a zoom is on its way. */
  get zooming(): boolean {
    return this.#easing.moving;
  }

  /** Give the canvas and what listens to it back. */
  #drop(): void {
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
      const range = rangeOf(state, profile, site.queries * site.keys);
      this.#shown = { page, profile, range, queries: site.queries, keys: site.keys };
    }
    if ((state.view.heads === "all" || showsGrid(state)) && this.surface) this.#drop();
    if (!site || !axes) return;
    this.#target = state.view.window ?? fullWindow(site.queries, site.keys);
    this.#window = this.#easing.shown(this.#target, `${site.queries} ${site.keys}`);
    const wide = this.size.width >= MARGINS_FROM.width;
    const high = this.size.height >= MARGINS_FROM.height;
    this.#hasMargins = wide && high;
    for (const names of [true, false]) {
      this.#depths = { left: this.#depth(axes.query, names), top: this.#depth(axes.key, names) };
      this.#layout = layoutMap({
        ...this.size,
        queries: site.queries,
        keys: site.keys,
        square: site.queryAxis === site.keyAxis,
        rulerWidth: this.#depths.left,
        rulerHeight: this.#depths.top,
        marginRight: this.#hasMargins ? ENTROPY_ROOM : 0,
        marginTop: this.#hasMargins ? RECEIVED_ROOM : 0,
      });
      // Where no name will be written, no room is kept for one; zoomed in there is.
      if (state.view.window || !this.#layout) break;
      const pitch = Math.max(this.#layout.width / site.keys, this.#layout.height / site.queries);
      if (pitch >= NAMES_FROM) break;
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const capture = captureOf(state);
    const axes = axesOf(state);
    if (!site || !capture || !axes) return nothing;
    const all = state.view.heads === "all" && site.heads > 1;
    const title = siteTitles(capture.sites)[state.selection.site] ?? site.name;
    const onGrid = showsGrid(state);
    const shown = all || onGrid ? null : this.#fitting(site);
    const picture = { session: this.session, site, shown, theme: this.#theme.theme };
    return html`<section class="pane" aria-label="Heatmap">
      ${heatmapHeader({
        ...{ session: this.session, site, title, page: shown?.page ?? null, window: this.#window },
        zoomOut: () => this.#navigation.zoomBy(1 / ZOOM_STEP),
        zoomIn: () => this.#navigation.zoomBy(ZOOM_STEP),
        fit: () => this.#navigation.zoomTo(null),
      })}
      ${mapNotes(state, site)} ${scoreNote(this.session, site)}
      ${
        all
          ? html`<attention-tiles .session=${this.session}></attention-tiles>`
          : onGrid
            ? html`<attention-window-grid .session=${this.session}></attention-window-grid>`
            : this.#oneHead(site, axes, title)
      }
      ${onGrid ? nothing : mapLegend({ ...picture, all, layout: this.#layout, height: this.size.height })}
      <span class="visually-hidden" role="status">${this.#byKeyboard ? cursorSentence(state) : ""}</span>
    </section>`;
  }

  #oneHead(site: CapturedSite, axes: { query: TokenAxis; key: TokenAxis }, title: string): TemplateResult {
    this.surface ??= heatmapSurface(() => this.requestUpdate());
    return html`<div
      class="stage"
      tabindex="0"
      role="application"
      aria-label="Map: arrow keys move query and key, Enter pins, plus and minus zoom"
      @keydown=${this.#keyed}
      @blur=${() => this.#tell(false)}
    >
      ${
        this.#layout
          ? mapPicture({
              ...{ session: this.session, site, axes, title, theme: this.#theme.theme },
              ...{ layout: this.#layout, window: this.#window, depths: this.#depths },
              ...{ shown: this.#fitting(site), margins: this.#hasMargins, box: this.box },
              canvas: this.surface.canvas,
            })
          : nothing
      }
      ${this.#layout ? tooltip(this.session.store.state, this.#layout, this.#window, this.size, this.#byKeyboard) : nothing}
    </div>`;
  }

  protected override updated(): void {
    const { state } = this.session.store;
    setValue(this.renderRoot, "vscode-dropdown.cells", chosenCells(state));
    setValue(this.renderRoot, "vscode-dropdown.windows", state.view.windows);
    const site = selectedSite(state);
    if (!site || !this.surface) return;
    this.#attach();
    const layout = this.#layout;
    if (!layout) return;
    this.session.reader.want(pageWindow(layout, this.#target, site, state.view.pooling));
    if (state.view.range === "site") this.session.thumbnails.want([state.selection.site]);
    const shown = this.#fitting(site);
    if (!shown) return;
    this.surface.request(
      frameOf({
        layout,
        window: this.#window,
        page: shown.page,
        table: mapColours(shown.page.what, state.view.colourMap, this.#theme.theme.light),
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

  #depth(axis: TokenAxis, names: boolean): number {
    const hasSegments = axis.segments.length > 0;
    const font = `9px ${this.#theme.theme.fontFamily}`;
    return rulerDepth(names ? knownLabelRoom(axis, font) : indexRoom(axis, font), hasSegments);
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

  /** Where the map lies, and what of it is visible now: commands may follow each other within a frame. */
  #place(): { layout: MapLayout; window: MapWindow } | null {
    const { state } = this.session.store;
    const site = selectedSite(state);
    if (!this.#layout || !site) return null;
    return { layout: this.#layout, window: state.view.window ?? fullWindow(site.queries, site.keys) };
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
