/**
 * One query of all windows on the grid that they were cut from: every window shows the row of the same place in it,
 * each cell at its key's place. Shifted windows are rolled back, so that those at the border lie in parts.
 */
import { html, LitElement, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { windowCount } from "../../shared/maps/window-grid";
import type { Windows } from "../../shared/model";
import type { Grid } from "../../shared/page";
import { mapColours } from "../cell-kinds";
import { type ElementSize, noSize, observeSize } from "../element-size";
import type { DrawingSurface } from "../drawing-surface";
import { activeQuery, activeRow, axesOf, isOf, ofShownSite, shownMap, windowsOf } from "../selectors";
import { rowPhrase } from "../row-words";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
import { styles } from "../styles-directive";
import { ThemeController } from "../theme-controller";
import { frameOf, heatmapSurface } from "./heatmap-frame";
import { fullWindow, hitTest, layoutMap, type MapLayout } from "./heatmap-layout";
import { values } from "./heatmap-overlay";
import type { HeatmapFrame } from "./heatmap-renderer";
import { indexRoom } from "./label-room";
import { legend } from "./legend";
import { overlayStyles } from "./overlay.styles";
import { pictureStyles } from "./picture.styles";
import { gridRange } from "./range";
import { gridKeyed, placeChosen, windowHere } from "./window-grid-navigation";
import { gridOverlay, gridSide, gridTip } from "./window-grid-picture";
import { windowGridStyles } from "./window-grid.styles";

/** Distance of the rulers' numbers to the map, px. */
const GAP = 4;

@customElement("attention-window-grid")
export class WindowGridElement extends LitElement {
  static override styles = [baseStyles, overlayStyles, pictureStyles, windowGridStyles];

  @property({ attribute: false }) session!: Session;
  @state() private size: ElementSize = noSize;
  @state() private over: { row: number; column: number } | null = null;

  readonly #theme = new ThemeController(this);
  surface: DrawingSurface<HeatmapFrame> | null = null;
  #layout: MapLayout | null = null;
  #shown: Grid | null = null;
  #unobserve: (() => void) | null = null;

  constructor() {
    super();
    new StoreController(this, () => this.session.store, ofShownSite);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unobserve?.();
    this.#unobserve = null;
    this.surface?.dispose();
    this.surface = null;
    this.session.side.wantGrid(null);
  }

  protected override willUpdate(): void {
    const { state: now } = this.session.store;
    const windows = windowsOf(now);
    const map = shownMap(now);
    if (!windows || !map) return;
    const { grid } = now;
    // A window more or less of the same sample changes nothing.
    const own = grid && isOf(grid, { ...map, batch: grid.batch }) && this.#sample(grid.batch, windows);
    if (own && grid.query === activeRow(now)) this.#shown = grid;
    else if (this.#shown && !isOf(this.#shown, { ...map, batch: this.#shown.batch })) this.#shown = null;
    const room = indexRoom(gridSide(Math.max(windows.gridHeight, windows.gridWidth)), this.#font);
    this.#layout = layoutMap({
      ...this.size,
      queries: windows.gridHeight,
      keys: windows.gridWidth,
      square: windows.gridHeight > 1,
      rulerWidth: room + GAP,
      rulerHeight: room + GAP,
    });
  }

  /** Whether a window belongs to the sample that is looked at. */
  #sample(batch: number, windows: Windows): boolean {
    const count = windowCount(windows);
    return Math.floor(batch / count) === Math.floor(this.session.store.state.selection.batch / count);
  }

  get #font(): string {
    return `9px ${this.#theme.theme.fontFamily}`;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state: now } = this.session.store;
    const windows = windowsOf(now);
    if (!windows) return nothing;
    this.surface ??= heatmapSurface(() => this.requestUpdate());
    const layout = this.#layout;
    const grid = this.#shown;
    const px = (length: number): string => `${length}px`;
    const range = grid && gridRange(now, grid);
    return html`<div
        class="stage"
        tabindex="0"
        role="application"
        aria-label="Grid of windows: arrow keys move the query, Enter pins it"
        @keydown=${(event: KeyboardEvent) => this.#keyed(event, windows)}
        @pointermove=${this.#hover}
        @pointerleave=${() => (this.over = null)}
        @click=${() => this.#choose(windows)}
      >
        ${
          layout
            ? html`<div
                  class="picture"
                  role="img"
                  aria-label=${this.#sentence(windows)}
                  style=${styles({ left: px(layout.left), top: px(layout.top), width: px(layout.width), height: px(layout.height) })}
                >
                  ${this.surface.canvas}
                </div>
                ${this.#overlay(layout, windows, grid)}
                ${this.over && grid ? gridTip(layout, windows, grid, this.over, this.size) : nothing}`
            : nothing
        }
      </div>
      ${
        range
          ? legend({
              ...{ session: this.session, range, scale: now.view.scale, page: grid, whole: true },
              what: grid.what ?? "probability",
              table: mapColours(grid.what, now.view.colourMap, this.#theme.theme.light),
              ...{ rowsFlagged: 0, masked: false },
              raised: layout ? Math.max(0, this.size.height - layout.top - layout.height - 8) : 0,
            })
          : html`<div class="legend"></div>`
      }`;
  }

  #overlay(layout: MapLayout, windows: Windows, grid: Grid | null): SVGTemplateResult {
    const { state: now } = this.session.store;
    const { theme } = this.#theme;
    const range = grid && gridRange(now, grid);
    return svg`<svg class="overlay" aria-hidden="true">
      ${
        grid && range
          ? values(layout, fullWindow(windows.gridHeight, windows.gridWidth), grid, {
              ...{ theme, end: range.end, scale: now.view.scale },
              table: mapColours(grid.what, now.view.colourMap, theme.light),
            })
          : nothing
      }
      ${gridOverlay(layout, windows, { window: windowHere(now, windows), query: activeQuery(now) }, theme)}
    </svg>`;
  }

  #sentence(windows: Windows): string {
    const count = windowCount(windows);
    const { state: now } = this.session.store;
    const row = activeRow(now);
    const axis = axesOf(now)?.query;
    const asked = row === null || !axis ? "" : ` of ${rowPhrase(row, axis)}`;
    return `Attention${asked} in all ${count} windows, on a grid of ${windows.gridHeight} rows by ${windows.gridWidth} columns.`;
  }

  protected override updated(): void {
    const { state: now } = this.session.store;
    const stage = this.renderRoot.querySelector<HTMLElement>(".stage");
    const windows = windowsOf(now);
    const query = activeRow(now);
    if (!stage || !windows) return;
    this.#unobserve ??= observeSize(stage, (size) => (this.size = size));
    const layout = this.#layout;
    if (!layout || query === null || !this.surface) return;
    this.session.side.wantGrid({
      ...{ query, maxRows: layout.deviceHeight, maxColumns: layout.deviceWidth },
    });
    const grid = this.#shown;
    const range = grid && gridRange(now, grid);
    if (!grid || !range) return;
    this.surface.request(
      frameOf({
        ...{ layout, window: fullWindow(windows.gridHeight, windows.gridWidth), page: grid },
        ...{ end: range.end, scale: now.view.scale, theme: this.#theme.theme, ratio: this.size.ratio },
        table: mapColours(grid.what, now.view.colourMap, this.#theme.theme.light),
      }),
    );
  }

  #hover = (event: PointerEvent): void => {
    const windows = windowsOf(this.session.store.state);
    const stage = this.renderRoot.querySelector(".stage");
    if (!windows || !stage || !this.#layout) return;
    const box = stage.getBoundingClientRect();
    const place = {
      x: event.clientX - box.x - this.#layout.left,
      y: event.clientY - box.y - this.#layout.top,
    };
    const hit = hitTest(this.#layout, fullWindow(windows.gridHeight, windows.gridWidth), place.x, place.y);
    this.over = hit && { row: hit.query, column: hit.key };
  };

  #choose(windows: Windows): void {
    const { over } = this;
    if (over) this.session.store.update((now) => placeChosen(now, windows, over.row, over.column));
  }

  #keyed(event: KeyboardEvent, windows: Windows): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = gridKeyed(this.session.store.state, windows, event.key);
    if (!next) return;
    this.session.store.update(() => next);
    event.preventDefault();
    event.stopPropagation();
  }
}
