/** The dock: tabs under the map. What is not shown is not made, so that it neither reads nor draws. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { chevronDownIcon, chevronUpIcon } from "../icons";
import { viewed } from "../reducers";
import type { Session } from "../session";
import { type DockTab, dockTabs } from "../state";
import { StoreController } from "../store";
import { baseStyles, quietButtonStyles } from "../styles";
import { paneOf, tabLabels } from "./panes";
import { tabStyles } from "./tabs.styles";

/**
 * @fires toggled - `detail` says whether the dock is to be open.
 */
@customElement("attention-dock")
export class DockElement extends LitElement {
  static override styles = [
    baseStyles,
    quietButtonStyles,
    tabStyles,
    css`
      .fold {
        margin: 3px 6px 0 0;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) open = true;
  /** The Inspector has no pane of its own. */
  @property({ attribute: false }) withInspector = false;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ view }) => [view.dock],
    );
  }

  protected override render(): TemplateResult {
    const tabs = dockTabs.filter((tab) => tab !== "inspector" || this.withInspector);
    const active = this.#active();
    return html`<vscode-panels
      activeid="tab-${active}"
      aria-label="Dock"
      @change=${this.#changed}
      @click=${this.#clicked}
    >
      ${tabs.map((tab) => html`<vscode-panel-tab id="tab-${tab}">${tabLabels[tab]}</vscode-panel-tab>`)}
      ${tabs.map(
        (tab) =>
          html`<vscode-panel-view id="view-${tab}"
            >${this.open && tab === active ? paneOf(tab, this.session, true) : nothing}</vscode-panel-view
          >`,
      )}
      <button
        slot="end"
        class="quiet fold"
        aria-label=${this.open ? "Fold the dock" : "Open the dock"}
        title=${this.open ? "Fold the dock to its tabs" : "Open the dock"}
        aria-expanded=${this.open}
        @click=${() => this.#toggle(!this.open)}
      >
        ${this.open ? chevronDownIcon() : chevronUpIcon()}
      </button>
    </vscode-panels>`;
  }

  #active(): DockTab {
    const { dock } = this.session.store.state.view;
    return dock === "inspector" && !this.withInspector ? "entropy" : dock;
  }

  #changed = (event: Event): void => {
    const { target } = event;
    // Controls inside of the panes tell of their changes too.
    if (!(target instanceof HTMLElement) || target.tagName !== "VSCODE-PANELS") return;
    const id = "activeid" in target ? String(target.activeid) : "";
    const dock = dockTabs.find((tab) => id === `tab-${tab}`);
    if (dock && dock !== this.#active()) this.session.store.update((state) => viewed(state, { dock }));
  };

  #clicked = (event: Event): void => {
    const tab = event.target instanceof HTMLElement && event.target.tagName === "VSCODE-PANEL-TAB";
    if (tab && !this.open) this.#toggle(true);
  };

  #toggle(open: boolean): void {
    this.dispatchEvent(new CustomEvent<boolean>("toggled", { detail: open }));
  }
}
