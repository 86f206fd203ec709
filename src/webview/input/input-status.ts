/**
 * Under the toolbar: that another input is being captured, once that takes over a second; why one failed; and why not
 * all steps were captured.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { oneLine } from "../../shared/errors";
import { plural } from "../../shared/format";
import { DocumentElement } from "../document-element";
import { infoIcon, warningIcon } from "../icons";
import { baseStyles } from "../styles";
import { TimerController } from "../timer-controller";
import { progressBar, progressStyles, progressWords } from "./progress";
import { inputOf, progressOf } from "./runs";

/** Shorter runs come and go without a word. */
const SAID_AFTER_MS = 1000;

@customElement("attention-input-status")
export class InputStatus extends DocumentElement {
  static override styles = [
    baseStyles,
    progressStyles,
    css`
      :host {
        display: block;
      }
      .bar {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 4px 10px;
        border-bottom: 1px solid var(--vscode-panel-border);
        font-size: 11px;
      }
      .text {
        min-width: 0;
      }
      vscode-button {
        --button-padding-vertical: 1px;
        --button-padding-horizontal: 8px;
        flex: none;
      }
      vscode-progress-ring {
        width: 14px;
        height: 14px;
      }
    `,
  ];

  @state() private long = false;
  /** What was read and closed. */
  @state() private closed: string | null = null;
  readonly #soon = new TimerController(this);

  protected override willUpdate(): void {
    const running = inputOf(this.session.store.state)?.running ?? false;
    if (!running) {
      this.#soon.stop();
      this.long = false;
    } else if (!this.long && !this.#soon.runs) this.#soon.start(SAID_AFTER_MS, () => (this.long = true));
  }

  protected override render(): TemplateResult {
    return html`<div role="status">${this.#bar()}</div>
      ${this.#progress()}`;
  }

  #bar(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const input = inputOf(state);
    if (input?.problem) {
      return html`<div class="bar">
        <span class="warning">${warningIcon()}</span>
        <span class="text">${oneLine(input.problem)} The capture before is shown.</span>
        <vscode-button appearance="secondary" @click=${() => this.session.does("showInput")}
          >Choose input</vscode-button
        >
      </div>`;
    }
    const told = input?.all?.running === false ? input.all.told : null;
    if (told !== null && told !== this.closed && !(input?.running && this.long))
      return html`<div class="bar">
        <span>${infoIcon()}</span>
        <span class="text">${told}</span>
        <vscode-button appearance="secondary" @click=${() => (this.closed = told)}>Close</vscode-button>
      </div>`;
    if (!input?.running || !this.long) return nothing;
    const words = "Another input is being captured; the one before is shown.";
    // How far it came is not spoken at every step.
    if (progressOf(state)) return html`<span class="visually-hidden">${words}</span>`;
    return html`<div class="bar">
      <vscode-progress-ring aria-label="Running"></vscode-progress-ring>
      <span class="text">${words}</span>
      ${this.#cancel()}
    </div>`;
  }

  /** Runs that follow each other have an end, and what they came to can be kept. */
  #progress(): TemplateResult | typeof nothing {
    const progress = this.long ? progressOf(this.session.store.state) : null;
    if (!progress) return nothing;
    return html`${progressBar(progress)}
      <div class="bar">
        <span class="text">${progressWords(progress)}; the input before is shown.</span>
        <vscode-button appearance="secondary" @click=${() => this.session.act("stop")}
          >Stop, keep the ${plural(progress.name)}</vscode-button
        >
        ${this.#cancel()}
      </div>`;
  }

  #cancel(): TemplateResult {
    return html`<vscode-button appearance="secondary" @click=${() => this.session.act("cancel")}
      >Cancel</vscode-button
    >`;
  }
}
