/** Find a head or a token: a field over a list, as in VS Code's quick pick. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { sameQuery } from "../../shared/query-choice";
import { pinned, selectPlace } from "../reducers";
import { valueOf } from "../toolkit-values";
import { find, type Found, MOST_FOUND } from "./find-data";
import { OverlayElement } from "./overlay-element";

@customElement("attention-find")
export class FindElement extends OverlayElement {
  static override styles = [
    ...OverlayElement.styles,
    css`
      dialog {
        width: min(92vw, 520px);
        margin-top: 40px;
      }
      vscode-text-field {
        margin: 10px 10px 6px;
      }
      .list {
        min-height: 80px;
        max-height: 50vh;
        padding: 0 6px 8px;
        overflow-y: auto;
      }
      .found {
        display: flex;
        gap: 8px;
        align-items: center;
        min-height: 22px;
        padding: 1px 6px;
        border-radius: 3px;
        cursor: pointer;
      }
      .found:hover {
        background: var(--vscode-list-hoverBackground);
      }
      .found.active {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground);
        outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      .found .detail {
        color: var(--vscode-descriptionForeground);
        font-size: 11px;
      }
      .found.active .detail {
        color: inherit;
      }
      .none {
        padding: 4px 8px;
        color: var(--vscode-descriptionForeground);
      }
    `,
  ];

  @state() private text = "";
  @state() private active = 0;

  protected override render(): TemplateResult {
    const found = find(this.session.store.state, this.text);
    const active = Math.min(this.active, found.length - 1);
    const chosen = found[active];
    const many = found.length >= MOST_FOUND ? `the first ${MOST_FOUND}` : "";
    return this.dialog(
      "Find a head or a token",
      html`<span class="detail">${many}</span>`,
      html`<vscode-text-field
          autofocus
          aria-label="Name of a head, or text of a token"
          placeholder="L3H4, a layer's name, a token's text or index"
          @input=${(event: Event) => this.#typed(valueOf(event))}
          @keydown=${(event: KeyboardEvent) => this.#keyed(event, found, active)}
        ></vscode-text-field>
        <div
          class="list"
          role="listbox"
          tabindex="0"
          aria-label="Found"
          aria-activedescendant=${active < 0 ? nothing : `found-${active}`}
          @keydown=${(event: KeyboardEvent) => this.#keyed(event, found, active)}
        >
          ${found.map(
            (one, index) =>
              html`<div
                id="found-${index}"
                class="found ${index === active ? "active" : ""}"
                role="option"
                aria-selected=${index === active}
                @click=${() => this.#choose(one)}
              >
                <span>${one.text}</span> <span class="detail">${one.detail}</span>
              </div>`,
          )}
        </div>
        <span class="visually-hidden" role="status"
          >${chosen ? `${chosen.text}, ${chosen.detail}, ${active + 1} of ${found.length}` : ""}</span
        >
        ${found.length === 0 ? html`<p class="none">No layer, head or token has this name.</p>` : ""}`,
    );
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    // The toolkit's field takes the focus once it has made its input.
    requestAnimationFrame(() => this.renderRoot.querySelector<HTMLElement>("vscode-text-field")?.focus());
  }

  #typed(text: string): void {
    this.text = text;
    this.active = 0;
  }

  #keyed(event: KeyboardEvent, found: readonly Found[], active: number): void {
    // VS Code forwards keys of a webview to its keybindings.
    event.stopPropagation();
    const last = found.length - 1;
    const steps: Record<string, number> = {
      ArrowDown: Math.min(last, active + 1),
      ArrowUp: Math.max(0, active - 1),
      PageDown: Math.min(last, active + 10),
      PageUp: Math.max(0, active - 10),
    };
    const next = steps[event.key];
    const chosen = found[active];
    if (event.key === "Enter" && chosen) this.#choose(chosen);
    else if (next === undefined) return;
    else {
      this.active = next;
      void this.updateComplete.then(() =>
        this.renderRoot.querySelector(".found.active")?.scrollIntoView({ block: "nearest" }),
      );
    }
    event.preventDefault();
  }

  #choose(found: Found): void {
    this.close();
    const { store } = this.session;
    if (found.kind === "head") store.update((now) => selectPlace(now, found.site, found.head));
    else if (found.kind === "mean") {
      const query = { mean: found.mean };
      store.update((now) =>
        sameQuery(now.selection.query, query) ? now : pinned(now, { query, key: null }),
      );
    } else {
      store.update((now) => {
        const place = { query: null, key: null, [found.kind]: found.index };
        // Found again, a token stays pinned.
        return now.selection[found.kind] === found.index ? now : pinned(now, place);
      });
    }
  }
}
