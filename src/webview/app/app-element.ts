/** The application: one screen for each state of the document, and the workbench when it is ready. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../toolbar/toolbar-element";
import { unpinned } from "../reducers";
import "../input/input-status";
import "../overlays/find-element";
import "../overlays/keys-element";
import "../overlays/map-table-element";
import type { Session } from "../session";
import "../states/empty-element";
import "../states/error-element";
import "../states/opening-element";
import "../states/plan-element";
import "../states/restricted-element";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
import "./workbench-element";
import { assumedAxes, assumedSizes } from "./assumed-axes";
import { notices } from "./notices";

/** What takes Space for itself. */
const pressedBySpace = [
  ...["button", "input", "textarea", "select", "summary", "a", "dialog"],
  ...["vscode-button", "vscode-checkbox", "vscode-dropdown", "vscode-text-field", "vscode-panel-tab"],
  "[role=gridcell]",
].join(",");

@customElement("attention-app")
export class AppElement extends LitElement {
  static override styles = [
    baseStyles,
    css`
      :host {
        display: block;
        height: 100%;
        container-type: size;
        background: var(--vscode-editor-background);
      }
      main {
        height: 100%;
        overflow: hidden auto;
      }
      .ready {
        display: flex;
        flex-direction: column;
        height: 100%;
        /* A very low panel scrolls rather than squeeze the map. */
        min-height: 340px;
      }
      attention-workbench {
        flex: 1;
      }
      attention-toolbar,
      .bar {
        flex: none;
        border-bottom: 1px solid var(--vscode-panel-border);
      }
      .bar {
        display: flex;
        align-items: center;
        gap: 8px;
        max-height: 88px;
        padding: 4px 10px;
        overflow-y: auto;
        font-size: 11px;
      }
      .bar .icon {
        margin-top: 1px;
      }
      .bar ul {
        margin: 0;
        padding: 0 0 0 16px;
      }
      .bar summary {
        cursor: pointer;
      }
      .badge {
        flex: none;
        padding: 1px 7px;
        border: 1px solid var(--vscode-contrastBorder, transparent);
        border-radius: 9px;
        background: var(--vscode-badge-background);
        color: var(--vscode-badge-foreground);
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, overlay }) => [document, overlay],
    );
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", this.#keyed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("keydown", this.#keyed);
  }

  protected override render(): TemplateResult {
    return html`<main aria-label="Attention Lens">${this.#screen()}${this.#overlay()}</main>`;
  }

  /** What lies over the workbench for the moment. */
  #overlay(): TemplateResult | typeof nothing {
    switch (this.session.store.state.overlay) {
      case "keys":
        return html`<attention-keys .session=${this.session}></attention-keys>`;
      case "find":
        return html`<attention-find .session=${this.session}></attention-find>`;
      case "input":
        // Its forms load when they are first needed.
        void import("../input/input-element");
        return html`<attention-input .session=${this.session}></attention-input>`;
      case "table":
        return html`<attention-map-table .session=${this.session}></attention-map-table>`;
      case null:
        return nothing;
    }
  }

  #screen(): TemplateResult | typeof nothing {
    const { document } = this.session.store.state;
    switch (document?.status) {
      case "opening":
        return html`<attention-opening .session=${this.session} .document=${document}></attention-opening>`;
      case "plan":
        return html`<attention-plan .session=${this.session} .document=${document}></attention-plan>`;
      case "error":
        return html`<attention-error .session=${this.session} .document=${document}></attention-error>`;
      case "empty":
        return html`<attention-empty .session=${this.session} .document=${document}></attention-empty>`;
      case "restricted":
        return html`<attention-restricted
          .session=${this.session}
          .document=${document}
        ></attention-restricted>`;
      case "ready":
        return html`<div class="ready">
          <attention-toolbar .session=${this.session}></attention-toolbar>
          <attention-input-status .session=${this.session}></attention-input-status>
          ${notices(document)}${assumedSizes(document, this.session)}${assumedAxes(document, this.session)}
          <attention-workbench .session=${this.session}></attention-workbench>
        </div>`;
      case undefined:
        return nothing;
    }
  }

  /** Escape lets go of what is pinned, Space plays the steps. Letters are VS Code keybindings and come as commands. */
  #keyed = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.session.store.update(unpinned);
    // Space presses what has the focus, where that can be pressed.
    const pressed = event.composedPath().some((at) => at instanceof Element && at.matches(pressedBySpace));
    if (event.key === " " && !pressed) this.session.does("play");
  };
}
