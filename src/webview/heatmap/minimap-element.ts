/** The whole map in a corner while less than 60 % of it is visible; its frame is dragged, or moved by arrow keys. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Page } from "../../shared/page";
import { colourIndex, isMasked, mapColours } from "../cell-kinds";
import { zoomed } from "../reducers";
import { isOf, selectedSite, shownMap } from "../selectors";
import type { Session } from "../session";
import type { MapWindow } from "../state";
import { StoreController } from "../store";
import { styles } from "../styles-directive";
import { ThemeController } from "../theme-controller";
import { currentRange } from "./range";

/** Longest side, px. */
export const MINIMAP = 62;
/** Share of the map from which on nothing is gained by a minimap. */
const ENOUGH = 0.6;
/** Share of the visible window that an arrow key moves it by. */
const STEP = 0.25;

/** Whether so little of a map is visible that the rest should be seen in small. */
export function needsMinimap(window: MapWindow | null, size: { queries: number; keys: number }): boolean {
  if (!window) return false;
  const visible = (window.queryEnd - window.queryStart) * (window.keyEnd - window.keyStart);
  return visible < ENOUGH * size.queries * size.keys;
}

export type Corner = "top-right" | "top-left" | "bottom-right" | "bottom-left";
const corners: readonly Corner[] = ["top-right", "top-left", "bottom-right", "bottom-left"];

/** The corner of the visible part with the least mass: the upper right one of a causal map. */
export function emptiestCorner(page: Page, window: MapWindow): Corner {
  const cells = new Float32Array(page.cells);
  const third = (start: number, end: number, last: boolean): [number, number] =>
    last ? [end - (end - start) / 3, end] : [start, start + (end - start) / 3];
  const mass = (corner: Corner): number => {
    const [queryStart, queryEnd] = third(window.queryStart, window.queryEnd, corner.startsWith("bottom"));
    const [keyStart, keyEnd] = third(window.keyStart, window.keyEnd, corner.endsWith("right"));
    let sum = 0;
    for (let query = Math.floor(queryStart); query < queryEnd; query += page.rowFactor) {
      const row = Math.floor((query - page.queryStart) / page.rowFactor);
      for (let key = Math.floor(keyStart); key < keyEnd; key += page.columnFactor) {
        const column = Math.floor((key - page.keyStart) / page.columnFactor);
        const p = cells[row * page.columns + column] ?? 0;
        if (p > 0) sum += p;
      }
    }
    return sum;
  };
  const masses = corners.map(mass);
  return corners[masses.indexOf(Math.min(...masses))] ?? "top-right";
}

@customElement("attention-minimap")
export class MinimapElement extends LitElement {
  static override styles = css`
    :host {
      position: absolute;
      z-index: 1;
      border: 1px solid var(--vscode-foreground);
      background: var(--vscode-editor-background);
      cursor: move;
      touch-action: none;
    }
    :host(:focus-visible) {
      outline: 2px solid var(--vscode-focusBorder);
    }
    canvas {
      display: block;
      width: 100%;
      height: 100%;
      image-rendering: pixelated;
    }
    .frame {
      position: absolute;
      border: 1px solid var(--vscode-focusBorder);
      outline: 1px solid var(--vscode-foreground);
      pointer-events: none;
    }
  `;

  @property({ attribute: false }) session!: Session;

  readonly #theme = new ThemeController(this);
  #pressed = false;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ minimap, view, profile }) => [minimap, view, profile],
    );
    this.tabIndex = 0;
    this.addEventListener("pointerdown", this.#down);
    this.addEventListener("pointermove", this.#move);
    this.addEventListener("pointerup", this.#up);
    this.addEventListener("pointercancel", this.#up);
    this.addEventListener("keydown", this.#keyed);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Visible part of the map");
    this.setAttribute("aria-valuemin", "0");
    this.title = "The whole map: drag the frame";
  }

  protected override render(): TemplateResult {
    const { view } = this.session.store.state;
    const site = selectedSite(this.session.store.state);
    const { window } = view;
    if (!site || !window) return html``;
    const part = (value: number, of: number): string => `${(100 * value) / of}%`;
    return html`<canvas aria-hidden="true"></canvas>
      <div
        class="frame"
        style=${styles({
          left: part(window.keyStart, site.keys),
          top: part(window.queryStart, site.queries),
          width: part(window.keyEnd - window.keyStart, site.keys),
          height: part(window.queryEnd - window.queryStart, site.queries),
        })}
      ></div>`;
  }

  protected override updated(): void {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const map = shownMap(state);
    const { window } = state.view;
    if (!site || !map || !window) return;
    const scale = MINIMAP / Math.max(site.queries, site.keys);
    this.style.setProperty("width", `${Math.max(12, site.keys * scale)}px`);
    this.style.setProperty("height", `${Math.max(12, site.queries * scale)}px`);
    this.setAttribute("aria-valuemax", String(site.keys));
    this.setAttribute("aria-valuenow", String(Math.round(window.keyStart)));
    const first = (start: number, end: number): string => `${Math.floor(start)} to ${Math.ceil(end) - 1}`;
    this.setAttribute(
      "aria-valuetext",
      `queries ${first(window.queryStart, window.queryEnd)}, keys ${first(window.keyStart, window.keyEnd)}`,
    );
    this.session.side.wantMinimap(MINIMAP);
    const { minimap } = state;
    if (minimap && isOf(minimap, map)) this.#draw(minimap);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.session.side.wantMinimap(null);
  }

  #draw(page: Page): void {
    const canvas = this.renderRoot.querySelector("canvas");
    const context = canvas?.getContext("2d");
    const { state } = this.session.store;
    const range = currentRange(state);
    if (!canvas || !context || !range) return;
    const { theme } = this.#theme;
    const table = mapColours(page.what, state.view.colourMap, theme.light);
    canvas.width = page.columns;
    canvas.height = page.rows;
    const image = context.createImageData(page.columns, page.rows);
    new Float32Array(page.cells).forEach((p, index) => {
      const drawn = Number.isFinite(p) && !isMasked(p, page.what);
      const place = drawn ? colourIndex(p, page.what, range, state.view.scale) : -1;
      const at = index * 4;
      for (let channel = 0; channel < 3; channel++) {
        const masked = Number.isNaN(p) ? theme.warning[channel] : theme.ground[channel];
        image.data[at + channel] = (place >= 0 ? table[place * 4 + channel] : masked) ?? 0;
      }
      image.data[at + 3] = 255;
    });
    context.putImageData(image, 0, 0);
  }

  /** Put the middle of the visible part at a place of the map, 0 to 1 on both sides. */
  #show(x: number, y: number): void {
    const site = selectedSite(this.session.store.state);
    const { window } = this.session.store.state.view;
    if (!site || !window) return;
    const moved = (at: number, span: number, count: number): [number, number] => {
      const start = Math.min(Math.max(0, at * count - span / 2), count - span);
      return [start, start + span];
    };
    const [keyStart, keyEnd] = moved(x, window.keyEnd - window.keyStart, site.keys);
    const [queryStart, queryEnd] = moved(y, window.queryEnd - window.queryStart, site.queries);
    this.session.store.update((state) => zoomed(state, { queryStart, queryEnd, keyStart, keyEnd }));
  }

  #at(event: PointerEvent): void {
    const box = this.getBoundingClientRect();
    this.#show((event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
  }

  // The map under it listens to the same events.
  #down = (event: PointerEvent): void => {
    event.stopPropagation();
    this.#pressed = true;
    this.setPointerCapture(event.pointerId);
    this.#at(event);
  };

  #move = (event: PointerEvent): void => {
    event.stopPropagation();
    if (this.#pressed) this.#at(event);
  };

  #up = (event: PointerEvent): void => {
    event.stopPropagation();
    this.#pressed = false;
  };

  #keyed = (event: KeyboardEvent): void => {
    const site = selectedSite(this.session.store.state);
    const { window } = this.session.store.state.view;
    const steps: Record<string, readonly [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (!site || !window || !step) return;
    const spanX = window.keyEnd - window.keyStart;
    const spanY = window.queryEnd - window.queryStart;
    this.#show(
      (window.keyStart + spanX * (0.5 + step[0] * STEP)) / site.keys,
      (window.queryStart + spanY * (0.5 + step[1] * STEP)) / site.queries,
    );
    event.preventDefault();
    event.stopPropagation();
  };
}
