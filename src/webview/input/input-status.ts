/**
 * Under the toolbar: that another input is being captured, once that takes over a second; why one failed; and why not
 * all steps were captured.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { oneLine } from "../../shared/errors";
import { infoIcon, warningIcon } from "../icons";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
import { inputOf, recordingOf } from "./runs";

/** Shorter runs come and go without a word. */
const SAID_AFTER_MS = 1000;

@customElement("attention-input-status")
export class InputStatus extends LitElement {
  static override styles = [
    baseStyles,
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

  @property({ attribute: false }) session!: Session;
  @state() private long = false;
  /** What was read and closed. */
  @state() private closed: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document }) => [document],
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override willUpdate(): void {
    const running = inputOf(this.session.store.state)?.running ?? false;
    if (running && this.#timer === undefined) {
      this.#timer = setTimeout(() => (this.long = true), SAID_AFTER_MS);
    } else if (!running) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.long = false;
    }
  }

  protected override render(): TemplateResult {
    return html`<div role="status">${this.#bar()}</div>`;
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
    return html`<div class="bar">
      <vscode-progress-ring aria-label="Running"></vscode-progress-ring>
      <span class="text">Another input is being captured; the one before is shown.</span>
      ${
        recordingOf(state)?.generates
          ? html`<vscode-button appearance="secondary" @click=${() => this.session.act("stop")}
              >Stop, keep the tokens</vscode-button
            >`
          : nothing
      }
      <vscode-button appearance="secondary" @click=${() => this.session.act("cancel")}>Cancel</vscode-button>
    </div>`;
  }
}
