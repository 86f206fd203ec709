/** A line between two panes that is dragged or moved by arrow keys; a double click gives the drawn size back. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

/** One step of an arrow key, px. */
const STEP = 16;

/**
 * @fires moved - `detail` is the new size in px of the pane that the line belongs to; null for the drawn one.
 */
@customElement("attention-splitter")
export class SplitterElement extends LitElement {
  static override styles = css`
    :host {
      position: relative;
      z-index: 3;
      display: block;
      touch-action: none;
    }
    :host([orientation="vertical"]) {
      width: 7px;
      cursor: ew-resize;
    }
    :host([orientation="horizontal"]) {
      height: 7px;
      cursor: ns-resize;
    }
    :host(:hover)::before,
    :host(:focus-visible)::before {
      position: absolute;
      inset: 2px;
      background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
      content: "";
    }
    :host(:focus-visible) {
      outline: none;
    }
  `;

  /** Of the line: `vertical` between panes side by side. */
  @property({ reflect: true }) orientation: "vertical" | "horizontal" = "vertical";
  /** Whether the pane lies after the line: moving to it makes it smaller. */
  @property({ type: Boolean }) follows = false;
  @property({ attribute: false }) size = 0;
  @property({ attribute: false }) least = 0;
  @property({ attribute: false }) most = 1000;
  @property() label = "";

  #press: { at: number; size: number } | null = null;

  constructor() {
    super();
    this.tabIndex = 0;
    this.addEventListener("pointerdown", this.#down);
    this.addEventListener("pointermove", this.#move);
    this.addEventListener("pointerup", this.#up);
    this.addEventListener("pointercancel", this.#up);
    this.addEventListener("keydown", this.#keyed);
    this.addEventListener("dblclick", () => this.#tell(null));
  }

  protected override render(): TemplateResult {
    return html``;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("orientation")) this.setAttribute("aria-orientation", this.orientation);
    this.setAttribute("role", "separator");
    this.setAttribute("aria-label", this.label);
    this.setAttribute("aria-valuenow", String(Math.round(this.size)));
    this.setAttribute("aria-valuemin", String(Math.round(this.least)));
    this.setAttribute("aria-valuemax", String(Math.round(this.most)));
    this.title = `${this.label}: drag, or arrow keys; double click for the usual size`;
  }

  #tell(size: number | null): void {
    const detail = size === null ? null : Math.min(this.most, Math.max(this.least, Math.round(size)));
    this.dispatchEvent(new CustomEvent<number | null>("moved", { detail }));
  }

  #at(event: PointerEvent): number {
    return this.orientation === "vertical" ? event.clientX : event.clientY;
  }

  #down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.#press = { at: this.#at(event), size: this.size };
    this.setPointerCapture(event.pointerId);
  };

  #move = (event: PointerEvent): void => {
    if (!this.#press) return;
    const distance = this.#at(event) - this.#press.at;
    this.#tell(this.#press.size + (this.follows ? -distance : distance));
  };

  #up = (): void => {
    this.#press = null;
  };

  #keyed = (event: KeyboardEvent): void => {
    const forth = this.orientation === "vertical" ? "ArrowRight" : "ArrowDown";
    const back = this.orientation === "vertical" ? "ArrowLeft" : "ArrowUp";
    if (event.key !== forth && event.key !== back) return;
    const step = (event.key === forth ? STEP : -STEP) * (this.follows ? -1 : 1);
    this.#tell(this.size + step);
    event.preventDefault();
    event.stopPropagation();
  };
}
