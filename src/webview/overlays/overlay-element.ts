/** Base of what lies over the workbench: opens as a modal dialog, closes with Escape, and tells the store. */
import { html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { closeIcon } from "../icons";
import type { Session } from "../session";
import { baseStyles, paneStyles, quietButtonStyles } from "../styles";
import { dialogStyles } from "./dialog.styles";

export abstract class OverlayElement extends LitElement {
  static override styles = [baseStyles, paneStyles, quietButtonStyles, dialogStyles];

  @property({ attribute: false }) session!: Session;

  /** The dialog around a content, with a title and what else belongs into its header. */
  protected dialog(title: string, header: unknown, content: unknown): TemplateResult {
    return html`<dialog
      aria-label=${title}
      @close=${this.#closed}
      @click=${this.#clicked}
      @keydown=${this.#keyed}
    >
      <div class="header">
        <h2 title=${title}>${title}</h2>
        ${header}
        <span class="space"></span>
        <button class="quiet" aria-label="Close" title="Close (Escape)" @click=${() => this.close()}>
          ${closeIcon()}
        </button>
      </div>
      ${content}
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("dialog")?.showModal();
  }

  protected close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  #closed = (event: Event): void => {
    if (event.target !== this.renderRoot.querySelector("dialog")) return;
    this.session.store.update((state) => ({ ...state, overlay: null }));
  };

  /** A click beside the dialog closes it. */
  #clicked = (event: MouseEvent): void => {
    if (event.target === this.renderRoot.querySelector("dialog")) this.close();
  };

  /** What is typed here is for the dialog: not for the view under it, nor for VS Code's keybindings. */
  #keyed = (event: KeyboardEvent): void => {
    if (event.key !== "Tab" && !event.ctrlKey && !event.metaKey) event.stopPropagation();
  };
}
