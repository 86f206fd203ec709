/** No attention found: what was looked for, with counts, and the nearest candidates with why not. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { DocumentState } from "../../shared/document";
import { count } from "../../shared/format";
import type { NotSupported } from "../../shared/model";
import type { Session } from "../session";
import { baseStyles, tableStyles } from "../styles";
import { stateStyles } from "./state.styles";

type Empty = Extract<DocumentState, { status: "empty" }>;

function reasons(title: string, rows: readonly NotSupported[]): TemplateResult | typeof nothing {
  if (rows.length === 0) return nothing;
  return html`<h3>${title}</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">node</th>
          <th scope="col">why not</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <td class="code">${row.name}</td>
              <td>${row.reason}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

@customElement("attention-empty")
export class EmptyElement extends LitElement {
  static override styles = [baseStyles, stateStyles, tableStyles];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) document!: Empty;

  /** Whether there is an editor that can make a manifest. */
  get #declares(): boolean {
    return this.session.host.commands.includes("createManifest");
  }

  protected override render(): TemplateResult {
    const { model } = this.document;
    const softmaxes = model.otherSoftmaxes.length;
    return html`
      <div class="top">
        <h1 title=${model.path}>${model.title}</h1>
        <span class="detail">${count(model.nodes)} nodes, opset ${model.opset}</span>
      </div>
      <div class="content wide">
        <h2>No attention found in this graph</h2>
        <p class="dim">
          Looked for probabilities over keys that come from a product of queries and keys and meet values.
        </p>
        <dl>
          <dt>softmax after a product</dt>
          <dd>0 of ${count(softmaxes)} softmax ${softmaxes === 1 ? "node" : "nodes"}</dd>
          <dt>attention that cannot be captured</dt>
          <dd>${count(model.notSupported.length)}</dd>
          <dt>nodes read</dt>
          <dd>${count(model.nodes)}</dd>
        </dl>
        ${reasons("Attention that cannot be captured yet", model.notSupported)}
        ${reasons("Softmaxes that are not attention", model.otherSoftmaxes)}
        ${
          softmaxes > 0 && this.#declares
            ? html`<p class="dim">If one of these is attention, name it in the model's manifest.</p>`
            : nothing
        }
        <div class="buttons">
          ${
            this.#declares
              ? html`<vscode-button @click=${() => this.session.run("createManifest")}
                  >Declare a site</vscode-button
                >`
              : nothing
          }
          <vscode-button appearance="secondary" @click=${() => this.session.act("retry")}
            >Try again</vscode-button
          >
          <vscode-button appearance="secondary" @click=${() => this.session.act("showLog")}
            >Show log</vscode-button
          >
        </div>
      </div>
    `;
  }
}
