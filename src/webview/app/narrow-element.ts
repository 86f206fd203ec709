/** A narrow panel: one pane at a time behind tabs, with a few figures beside the map. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../frames/frames-element";
import { paneOf, tabLabels } from "../dock/panes";
import { tabStyles } from "../dock/tabs.styles";
import { viewed } from "../reducers";
import type { Session } from "../session";
import { type NarrowTab, narrowTabs } from "../state";
import { StoreController } from "../store";
import { baseStyles } from "../styles";

const labels: Record<NarrowTab, string> = { ...tabLabels, map: "Map", tokens: "Tokens" };

@customElement("attention-narrow")
export class NarrowElement extends LitElement {
  static override styles = [
    baseStyles,
    tabStyles,
    css`
      :host {
        container-type: inline-size;
      }
      .beside {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 96px;
        height: 100%;
      }
      .above {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        height: 100%;

        --tokens: 200px;
      }
      @container (max-width: 350px) {
        .beside {
          grid-template: minmax(0, 1fr) 96px / minmax(0, 1fr);
        }
        vscode-panels::part(tablist) {
          column-gap: 10px;
          padding: 0 4px;
        }
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ view }) => [view.narrow],
    );
  }

  protected override render(): TemplateResult {
    const { narrow } = this.session.store.state.view;
    return html`<vscode-panels activeid="tab-${narrow}" aria-label="Panes" @change=${this.#changed}>
      ${narrowTabs.map((tab) => html`<vscode-panel-tab id="tab-${tab}">${labels[tab]}</vscode-panel-tab>`)}
      ${narrowTabs.map(
        (tab) =>
          html`<vscode-panel-view id="view-${tab}"
            >${tab === narrow ? this.#pane(tab) : nothing}</vscode-panel-view
          >`,
      )}
    </vscode-panels>`;
  }

  #pane(tab: NarrowTab): TemplateResult {
    switch (tab) {
      case "map":
        return html`<div class="beside">
          <attention-heatmap .session=${this.session}></attention-heatmap>
          <attention-inspector short .session=${this.session}></attention-inspector>
        </div>`;
      case "tokens":
        return html`<div class="above">
          <attention-frames .session=${this.session}></attention-frames>
          <attention-tokens .session=${this.session}></attention-tokens>
        </div>`;
      default:
        return paneOf(tab, this.session);
    }
  }

  #changed = (event: Event): void => {
    const { target } = event;
    if (!(target instanceof HTMLElement) || target.tagName !== "VSCODE-PANELS") return;
    const id = "activeid" in target ? String(target.activeid) : "";
    const narrow = narrowTabs.find((tab) => id === `tab-${tab}`);
    if (narrow) this.session.store.update((state) => viewed(state, { narrow }));
  };
}
