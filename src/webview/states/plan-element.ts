/** A large run, before it begins: what it would take, and fewer sites in its place. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { DocumentState } from "../../shared/document";
import { bytes, count, counted } from "../../shared/format";
import type { PlanChoice } from "../../shared/plan";
import type { Session } from "../session";
import { baseStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { stateStyles } from "./state.styles";

type Planned = Extract<DocumentState, { status: "plan" }>;

@customElement("attention-plan")
export class PlanElement extends LitElement {
  static override styles = [
    baseStyles,
    stateStyles,
    css`
      .choices,
      vscode-radio {
        font-size: 12px;
      }
      vscode-radio {
        --type-ramp-base-font-size: 12px;
        align-items: flex-start;
        width: 100%;
        margin: 0;
        padding: 6px 8px;
        border-bottom: 1px solid var(--vscode-panel-border);
      }
      vscode-radio-group {
        align-items: stretch;
        width: 100%;
      }
      vscode-radio-group::part(positioning-region) {
        align-items: stretch;
      }
      vscode-radio.chosen {
        background: var(--vscode-list-inactiveSelectionBackground);
      }
      vscode-radio::part(label) {
        flex: 1;
        min-width: 0;
        margin: 0;
      }
      .row {
        display: grid;
        grid-template-columns: minmax(0, 1fr) repeat(3, 72px);
        gap: 2px 8px;
        color: var(--vscode-foreground);
      }
      .row .number {
        text-align: right;
      }
      .says {
        font-size: 11px;
      }
      .impossible .says {
        color: var(--vscode-editorWarning-foreground);
      }
      .head {
        padding: 0 8px 4px 33px;
        border-bottom: 1px solid var(--vscode-panel-border);
        color: var(--vscode-descriptionForeground);
        font-size: 11px;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) document!: Planned;
  /** What the person chose; before that, the most that fits. */
  @state() private picked: number | null = null;

  get #chosen(): number {
    const { choices, freeBytes } = this.document.plan;
    const fits = choices.findIndex(({ memoryBytes }) => memoryBytes <= freeBytes);
    return this.picked ?? Math.max(0, fits);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("keydown", this.#keyed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.#keyed);
  }

  protected override render(): TemplateResult {
    const { model, plan, askAboveBytes } = this.document;
    const chosen = plan.choices[this.#chosen];
    const possible = chosen !== undefined && chosen.memoryBytes <= plan.freeBytes;
    return html`
      <div class="top">
        <h1 title=${model.path}>${model.title}</h1>
        <span class="detail">${plan.input}</span>
      </div>
      <div class="content">
        <h2>This run is large. Choose what to keep.</h2>
        <p class="dim">${this.#size()} ${bytes(plan.freeBytes)} of memory are free.</p>
        <div class="choices">
          <div class="row head" aria-hidden="true">
            <span>what is captured</span><span class="number">memory</span><span class="number">maps</span
            ><span class="number">to the view</span>
          </div>
          <vscode-radio-group
            orientation="vertical"
            aria-label="What is captured"
            @change=${(event: Event) => (this.picked = Number(valueOf(event)))}
          >
            ${plan.choices.map((choice, index) => this.#choice(choice, index))}
          </vscode-radio-group>
        </div>
        <p class="dim">
          Maps stay in the engine's process. The view is sent a thumbnail of at most 48 × 48 cells a head,
          keeping maxima, and then as many cells as its pane has pixels. Figures are of whole maps.
        </p>
        <p class="dim">
          Estimates come from the sizes in the
          graph${
            plan.unknown > 0
              ? `; of ${counted(plan.unknown, "tensor")} it tells none, and the run takes more than is said`
              : ""
          }.
          How long it takes is not known before it runs.
        </p>
        <div class="buttons">
          <vscode-button ?disabled=${!possible} @click=${() => this.session.runPlanned(this.#chosen)}
            >Run</vscode-button
          >
          <vscode-button appearance="secondary" @click=${() => this.session.act("cancel")}
            >Cancel</vscode-button
          >
          <span class="dim">Asked above ${bytes(askAboveBytes)}: setting attentionLens.run.askAbove.</span>
        </div>
      </div>
    `;
  }

  /** "24 sites, 384 heads, up to 4,096 × 4,096 cells a map: 25.8 GB of maps." */
  #size(): string {
    const { plan } = this.document;
    const [all] = plan.choices;
    if (!all) return "";
    const heads = all.heads === null ? "" : `, ${counted(all.heads, "head")}`;
    const cells =
      plan.largest === null
        ? ""
        : `, up to ${plan.largest.map((side) => count(side)).join(" × ")} cells a map`;
    return `${counted(all.siteCount, "site")}${heads}${cells}: ${bytes(all.mapBytes)} of maps.`;
  }

  #choice(choice: PlanChoice, index: number): TemplateResult {
    const { plan } = this.document;
    const over = choice.memoryBytes - plan.freeBytes;
    const own = index === this.#chosen;
    const words =
      choice.sites === null
        ? "Every map"
        : choice.siteCount === 1
          ? "The first site alone"
          : `${count(choice.siteCount)} sites, evenly spread`;
    const heads = choice.heads === null ? "" : counted(choice.heads, "head");
    const says = over > 0 ? `needs ${bytes(over)} more than is free` : heads;
    const view = choice.viewBytes === null ? "—" : bytes(choice.viewBytes);
    const [memory, maps] = [bytes(choice.memoryBytes), bytes(choice.mapBytes)];
    return html`<vscode-radio
      class="${own ? "chosen" : ""} ${over > 0 ? "impossible" : ""}"
      value=${String(index)}
      name="plan"
      aria-label="${words}, ${says}: ${memory} of memory, ${maps} of maps, ${view} to the view"
      ?checked=${own}
      ?disabled=${over > 0}
      ><span class="row"
        ><span
          ><span>${words}</span>${says === "" ? nothing : html`<br /><span class="says">${says}</span>`}</span
        ><span class="number">${memory}</span><span class="number">${maps}</span
        ><span class="number">${view}</span></span
      ></vscode-radio
    >`;
  }

  #keyed = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    this.session.act("cancel");
  };
}
