/** What can be taken out of the view: the host writes figures, data and reports; the view state goes to the clipboard. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { HostCommand } from "../../shared/protocol";
import { exportIcon } from "../icons";
import { placeBelow } from "../popover";
import type { Session } from "../session";
import { baseStyles, quietButtonStyles } from "../styles";
import { menuStyles } from "./menu.styles";

const exports: readonly { readonly command: HostCommand; readonly label: string }[] = [
  { command: "exportFigure", label: "Figure (SVG, PNG, PDF) …" },
  { command: "exportData", label: "Data (npz, JSON) …" },
  { command: "exportReport", label: "Report (HTML) …" },
];

@customElement("attention-export-menu")
export class ExportMenuElement extends LitElement {
  static override styles = [baseStyles, quietButtonStyles, menuStyles];

  @property({ attribute: false }) session!: Session;

  #can(command: HostCommand): boolean {
    return this.session.host.commands.includes(command);
  }

  protected override render(): TemplateResult {
    const offered = exports.filter(({ command }) => this.#can(command));
    return html`<button
        class="quiet"
        popovertarget="menu"
        aria-label="Export"
        aria-haspopup="menu"
        title="Export figure, data or report; copy the view (E)"
      >
        ${exportIcon()}
      </button>
      <div id="menu" popover role="menu" aria-label="Export" @toggle=${this.#toggled} @keydown=${this.#keyed}>
        ${offered.map(
          ({ command, label }) =>
            html`<button
              class="item"
              role="menuitem"
              tabindex="-1"
              @click=${() => this.#do(() => this.session.run(command))}
            >
              ${label}
            </button>`,
        )}
        ${offered.length > 0 ? html`<hr role="separator" />` : nothing}
        ${
          this.#can("copyCommandLine")
            ? html`<button
                class="item"
                role="menuitem"
                tabindex="-1"
                @click=${() => this.#do(() => this.session.run("copyCommandLine"))}
              >
                Copy the command line
              </button>`
            : nothing
        }
        <button
          class="item"
          role="menuitem"
          tabindex="-1"
          @click=${() => this.#do(() => this.session.does("copyViewState"))}
        >
          Copy the view state (JSON)
        </button>
      </div>`;
  }

  get #menu(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>("#menu");
  }

  #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>("[role=menuitem]")];
  }

  #toggled = (): void => {
    const menu = this.#menu;
    const button = this.renderRoot.querySelector("button.quiet");
    if (!menu || !button || !menu.matches(":popover-open")) return;
    placeBelow(menu, button);
    this.#items()[0]?.focus();
  };

  #do(act: () => void): void {
    this.#menu?.hidePopover();
    act();
  }

  #keyed = (event: KeyboardEvent): void => {
    const items = this.#items();
    const at = items.findIndex((item) => item.matches(":focus"));
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = steps[event.key];
    // Escape closes the popover by itself and must not unpin as well.
    if (event.key !== "Tab") event.stopPropagation();
    if (next === undefined) return;
    items[next % items.length]?.focus();
    event.preventDefault();
  };
}
