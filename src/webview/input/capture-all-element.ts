/** Beside the slider of steps: capture all of them, how far that came, and a button that ends it. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { count, plural } from "../../shared/format";
import type { RunAxis } from "../../shared/input-choice";
import { countIndices } from "../../shared/index-ranges";
import { DocumentElement } from "../document-element";
import { captureAllIcon, closeIcon } from "../icons";
import { baseStyles, quietButtonStyles } from "../styles";
import { capturedWords } from "./captured-track";
import { allOn, capturedOn, progressOf, runsOf } from "./runs";

@customElement("attention-capture-all")
export class CaptureAllElement extends DocumentElement {
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
    `,
  ];

  @property() axis: RunAxis = "step";

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const runs = runsOf(state, this.axis);
    // Where scores can be captured, so can steps; a report holds what it holds.
    if (!runs || !this.session.host.capturesScores) return nothing;
    const all = allOn(state, this.axis);
    const captured = capturedOn(state, this.axis);
    const words = capturedWords(runs, captured);
    const done = countIndices(captured);
    const several = plural(runs.name);
    const progress = progressOf(state, this.axis);
    // Why it ended before is said under the toolbar.
    const told = all && !all.running && done === runs.count ? `All ${several} are captured.` : "";
    return html`${
        progress
          ? html`<span
                class="count"
                role="progressbar"
                aria-label="Capturing all ${several}"
                aria-valuemin="0"
                aria-valuemax=${progress.total}
                aria-valuenow=${progress.done}
                aria-valuetext=${words}
                >${count(progress.done)} / ${count(progress.total)}</span
              >
              <button
                class="quiet"
                aria-label="Stop capturing all ${several}"
                title="Stop; what is captured is kept (${words})"
                @click=${() => this.session.act("stop")}
              >
                ${closeIcon()}
              </button>`
          : html`<button
              class="quiet"
              aria-label="Capture all ${several}"
              title=${[done === runs.count ? `All ${several} are captured` : `Capture all ${several}`, words, all?.told ?? ""].filter(Boolean).join("\n")}
              ?disabled=${done === runs.count}
              @click=${() => this.session.captureAll(this.axis)}
            >
              ${captureAllIcon()}
            </button>`
      }<span class="visually-hidden" role="status">${told}</span>`;
  }
}
