/** The Input dialog: what the model runs on. Only what this model can take is offered. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { InputChoice } from "../../shared/input-choice";
import { OverlayElement } from "../overlays/overlay-element";
import { captureOf } from "../selectors";
import "./arrays-element";
import "./episodes-element";
import { formStyles } from "./form.styles";
import "./images-element";
import "./made-up-element";
import "./prompt-element";
import { inputOf, recordingOf } from "./runs";

@customElement("attention-input")
export class InputElement extends OverlayElement {
  static override styles = [
    ...OverlayElement.styles,
    formStyles,
    css`
      dialog {
        width: min(92vw, 640px);
      }
      section + section {
        margin-top: 14px;
        padding-top: 12px;
        border-top: 1px solid var(--vscode-panel-border);
      }
      .recent {
        display: flex;
        flex-direction: column;
        align-items: flex-start;
        gap: 2px;
      }
      .recent button {
        max-width: 100%;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    for (const type of ["dragenter", "dragover", "drop"]) this.addEventListener(type, this.#dragged);
  }

  /** What is dragged over the dialog is for it: else VS Code takes files that come from outside, and opens them. */
  #dragged = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    const recording = recordingOf(state);
    if (!capture || !recording) return nothing;
    return this.dialog(
      "Input",
      html`<span class="detail">${capture.input.label}</span>`,
      html`<div
        class="content"
        @chosen=${(event: CustomEvent<InputChoice | null>) => this.#choose(event.detail)}
      >
        ${recording.tokenizer === null ? nothing : html`<section><attention-prompt .session=${this.session}></attention-prompt></section>`}
        ${recording.imageInputs.length === 0 ? nothing : html`<section><attention-images .session=${this.session}></attention-images></section>`}
        ${recording.episodes.length === 0 && !recording.samples ? nothing : html`<section><attention-episodes .session=${this.session}></attention-episodes></section>`}
        <section><attention-arrays .session=${this.session}></attention-arrays></section>
        <section><attention-made-up .session=${this.session}></attention-made-up></section>
        ${this.#recent()}
      </div>`,
    );
  }

  #recent(): TemplateResult | typeof nothing {
    const recent = inputOf(this.session.store.state)?.recent ?? [];
    if (recent.length === 0) return nothing;
    return html`<section>
      <h3>Used before</h3>
      <div class="recent">
        ${recent.map(
          ({ choice, label }) =>
            html`<button class="quiet" title=${label} @click=${() => this.#choose(choice)}>${label}</button>`,
        )}
      </div>
    </section>`;
  }

  #choose(choice: InputChoice | null): void {
    this.close();
    this.session.chooseInput(choice);
  }
}
