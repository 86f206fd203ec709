/** What went wrong, where, and what to do. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { DocumentState } from "../../shared/document";
import { describe } from "../../shared/errors";
import { errorIcon } from "../icons";
import type { Session } from "../session";
import { baseStyles } from "../styles";
import { stateStyles } from "./state.styles";

type Failed = Extract<DocumentState, { status: "error" }>;

@customElement("attention-error")
export class ErrorElement extends LitElement {
  static override styles = [
    baseStyles,
    stateStyles,
    css`
      .content {
        padding-left: 44px;
      }
      h2 {
        position: relative;
      }
      h2 .mark {
        position: absolute;
        left: -22px;
        color: var(--vscode-editorError-foreground);
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) document!: Failed;

  protected override render(): TemplateResult {
    const { error, name, model } = this.document;
    const words = describe(error);
    const sites = model?.sites.length ?? 0;
    return html`
      <div class="top"><h1>${model?.title ?? name}</h1></div>
      <div class="content" role="alert">
        <h2><span class="mark">${errorIcon()}</span>${words.title}</h2>
        ${words.detail ? html`<p class="detail">${words.detail}</p>` : nothing}
        ${
          words.where
            ? html`<dl>
                <dt>in</dt>
                <dd class="code">${words.where}</dd>
              </dl>`
            : nothing
        }
        <p class="fix">${words.fix}</p>
        ${
          sites > 0
            ? html`<p class="dim">
                The graph was read: it has ${sites} attention ${sites === 1 ? "site" : "sites"}.
              </p>`
            : nothing
        }
        <div class="buttons">
          <vscode-button @click=${() => this.session.act("retry")}>Try again</vscode-button>
          <vscode-button appearance="secondary" @click=${() => this.session.act("showLog")}
            >Show log</vscode-button
          >
          <vscode-button
            appearance="secondary"
            title="Copy what is wrong, where, and what to do"
            @click=${() => this.session.copy([words.title, words.detail, words.where, words.fix].filter(Boolean).join("\n"))}
            >Copy details</vscode-button
          >
        </div>
      </div>
    `;
  }
}
