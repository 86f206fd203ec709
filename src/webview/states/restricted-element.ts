/** An untrusted workspace: what the graph tells without being run, and what trust adds. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { DocumentState } from "../../shared/document";
import { count } from "../../shared/format";
import type { Dim } from "../../shared/model";
import { shieldIcon } from "../icons";
import type { Session } from "../session";
import { siteTitles } from "../../shared/site-names";
import { baseStyles, tableStyles } from "../styles";
import { stateStyles } from "./state.styles";

type Restricted = Extract<DocumentState, { status: "restricted" }>;

const dim = (value: Dim): string => (value === null ? "?" : String(value));

@customElement("attention-restricted")
export class RestrictedElement extends LitElement {
  static override styles = [
    baseStyles,
    stateStyles,
    tableStyles,
    css`
      .trust {
        display: flex;
        flex: none;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 10px;
        min-height: 28px;
        padding: 4px 10px;
        border-bottom: 1px solid var(--vscode-contrastBorder, transparent);
        background: var(--vscode-banner-background, var(--vscode-inputValidation-infoBackground));
        color: var(--vscode-banner-foreground, var(--vscode-foreground));
      }
      .trust .space {
        flex: 1;
      }
      .trust vscode-link {
        color: inherit;
        text-decoration: underline;
      }
      .content {
        padding-top: 10px;
      }
      td vscode-link {
        margin: -2px -1px;
        --type-ramp-base-font-size: 11px;
        --type-ramp-base-line-height: 16px;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) document!: Restricted;

  protected override render(): TemplateResult {
    const { model } = this.document;
    const titles = siteTitles(model.sites);
    const heads = model.sites.map((site) => site.heads);
    const known = heads.every((one) => typeof one === "number");
    const total = known ? `, ${count(heads.reduce<number>((sum, one) => sum + Number(one), 0))} heads` : "";
    return html`
      <div class="top">
        <h1 title=${model.path}>${model.title}</h1>
        <span class="detail">opset ${model.opset}</span>
      </div>
      <div class="trust" role="status">
        ${shieldIcon()}<span>This workspace is not trusted, so nothing is run.</span
        ><span class="space"></span>
        <vscode-link href="#" @click=${this.#trust}>Manage trust</vscode-link>
      </div>
      <div class="content wide">
        <p>
          <b>Attention sites</b>
          <span class="dim"
            >read from the graph; ${count(model.sites.length)}
            ${model.sites.length === 1 ? "site" : "sites"}${total}, ${count(model.parameters)}
            parameters</span
          >
        </p>
        <table>
          <thead>
            <tr>
              <th scope="col">site</th>
              <th scope="col">kind</th>
              <th scope="col" class="number">heads</th>
              <th scope="col" class="number">queries × keys</th>
            </tr>
          </thead>
          <tbody>
            ${model.sites.map(
              (site, index) =>
                html`<tr>
                  <td title=${site.name}>${this.#name(index, titles[index] ?? site.name)}</td>
                  <td>${site.kind}</td>
                  <td class="number">${dim(site.heads)}</td>
                  <td class="number">${dim(site.queries)} × ${dim(site.keys)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
        <dl>
          <dt>Available</dt>
          <dd>graph, sites, shapes, parameter counts${this.#linked ? ", source links" : ""}</dd>
          <dt>Needs trust</dt>
          <dd>running the model</dd>
        </dl>
      </div>
    `;
  }

  get #linked(): boolean {
    const { sites } = this.document.model;
    return this.session.host.commands.includes("goToSource") && sites.some(({ source }) => source !== null);
  }

  /** A link to the line that computes the site, where the export kept it. */
  #name(index: number, title: string): TemplateResult | string {
    const source = this.document.model.sites[index]?.source;
    if (!source || !this.#linked) return title;
    const go = (event: Event): void => {
      event.preventDefault();
      // The host goes to the site that is selected.
      this.session.host.selected({ site: index, head: 0, batch: 0, query: null, key: null });
      this.session.run("goToSource");
    };
    return html`<vscode-link href="#" title="Go to ${source.file}:${source.line}" @click=${go}
      >${title}</vscode-link
    >`;
  }

  #trust = (event: Event): void => {
    event.preventDefault();
    this.session.act("manageTrust");
  };
}
