/** Beside the slider of steps: capture all of them, how far that came, and a button that ends it. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { count } from "../../shared/format";
import type { RunAxis } from "../../shared/input-choice";
import { countIndices } from "../../shared/index-ranges";
import { captureAllIcon, closeIcon } from "../icons";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, quietButtonStyles } from "../styles";
import { capturedWords } from "./captured-track";
import { allOn, capturedOn, runsOf } from "./runs";

@customElement("attention-capture-all")
export class CaptureAllElement extends LitElement {
  static override styles = [
    baseStyles,
    quietButtonStyles,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        white-space: nowrap;
      }
      .count {
        font-variant-numeric: tabular-nums;
        color: var(--vscode-descriptionForeground);
      }
      .told {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property() axis: RunAxis = "step";

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document }) => [document],
    );
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const runs = runsOf(state, this.axis);
    // Where scores can be captured, so can steps; a report holds what it holds.
    if (!runs || !this.session.host.capturesScores) return nothing;
    const all = allOn(state, this.axis);
    const captured = capturedOn(state, this.axis);
    const words = capturedWords(runs, captured);
    const done = countIndices(captured);
    // Why it ended before is said under the toolbar.
    const told = all && !all.running && done === runs.count ? `All ${runs.name}s are captured.` : "";
    return html`${
        all?.running
          ? html`<span
                class="count"
                role="progressbar"
                aria-label="Capturing all ${runs.name}s"
                aria-valuemin="0"
                aria-valuemax=${runs.count}
                aria-valuenow=${done}
                aria-valuetext=${words}
                >${count(done)} / ${count(runs.count)}</span
              >
              <button
                class="quiet"
                aria-label="Cancel capturing all ${runs.name}s"
                title="Cancel; what is captured is kept (${words})"
                @click=${() => this.session.captureAll(this.axis, false)}
              >
                ${closeIcon()}
              </button>`
          : html`<button
              class="quiet"
              aria-label="Capture all ${runs.name}s"
              title=${[done === runs.count ? `All ${runs.name}s are captured` : `Capture all ${runs.name}s`, words, all?.told ?? ""].filter(Boolean).join("\n")}
              ?disabled=${done === runs.count}
              @click=${() => this.session.captureAll(this.axis, true)}
            >
              ${captureAllIcon()}
            </button>`
      }<span class="told" role="status">${told}</span>`;
  }
}
