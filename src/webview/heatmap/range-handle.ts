/** The end of the colour bar: dragged or moved by arrow keys it locks the range there; a double click lets it go. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { probability, score } from "../../shared/format";
import { viewed } from "../reducers";
import type { Session } from "../session";
import type { NamedRange } from "./range";

/** Distance that halves or doubles the end, px. */
const DOUBLES = 60;
const STEP = 1.1;
const LEAST = 1e-6;

@customElement("attention-range-handle")
export class RangeHandleElement extends LitElement {
  static override styles = css`
    :host {
      position: absolute;
      top: -5px;
      right: -10px;
      width: 20px;
      height: 20px;
      cursor: ew-resize;
      touch-action: none;
    }
    :host::after {
      position: absolute;
      top: 3px;
      right: 8px;
      width: 3px;
      height: 14px;
      background: var(--vscode-foreground);
      content: "";
    }
    :host(:focus-visible) {
      outline: 2px solid var(--vscode-focusBorder);
    }
  `;

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) range!: NamedRange;

  #press: { x: number; end: number } | null = null;

  constructor() {
    super();
    this.tabIndex = 0;
    this.addEventListener("pointerdown", (event) => {
      this.#press = { x: event.clientX, end: this.range.end };
      this.setPointerCapture(event.pointerId);
    });
    this.addEventListener("pointermove", (event) => {
      if (!this.#press) return;
      const distance = event.clientX - this.#press.x;
      if (distance !== 0) this.#set(this.#press.end * 2 ** (distance / DOUBLES));
    });
    this.addEventListener("pointerup", () => (this.#press = null));
    this.addEventListener("pointercancel", () => (this.#press = null));
    this.addEventListener("dblclick", () =>
      this.session.store.update((state) =>
        viewed(state, this.range.signed ? { scoreEnd: null } : { range: "auto" }),
      ),
    );
    this.addEventListener("keydown", this.#keyed);
  }

  protected override render(): TemplateResult {
    return html``;
  }

  protected override updated(): void {
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "End of the colours");
    this.setAttribute("aria-valuemin", "0");
    const { end, signed, maximum } = this.range;
    this.setAttribute("aria-valuemax", signed ? String(Math.max(end, maximum)) : "1");
    this.setAttribute("aria-valuenow", String(Number(end.toPrecision(3))));
    this.setAttribute(
      "aria-valuetext",
      signed ? `score ${score(end).replace("+", "±")}` : `probability ${probability(end)}`,
    );
    this.title = "Drag the end of the colours; double click makes it automatic again";
  }

  #set(end: number): void {
    const usable = Math.max(LEAST, end);
    const chosen = this.range.signed ? { scoreEnd: usable } : { range: Math.min(1, usable) };
    this.session.store.update((state) => viewed(state, chosen));
  }

  #keyed = (event: KeyboardEvent): void => {
    const factors: Record<string, number> = {
      ArrowRight: STEP,
      ArrowUp: STEP,
      ArrowLeft: 1 / STEP,
      ArrowDown: 1 / STEP,
    };
    const factor = factors[event.key];
    if (factor === undefined) return;
    this.#set(this.range.end * factor);
    event.preventDefault();
    event.stopPropagation();
  };
}
