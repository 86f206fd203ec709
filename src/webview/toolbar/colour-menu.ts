/** How probabilities become colours: map, scale, range, and what a block of cells shows. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { type ColourMapName, colourMapNames, colourTable } from "../../shared/colour-maps";
import { scaleLabels, scaleNames } from "../../shared/colour-scale";
import { cellFigure, isScore } from "../cell-kinds";
import { gradient } from "../heatmap/gradient";
import { currentRange } from "../heatmap/range";
import { chevronDownIcon } from "../icons";
import { placeBelow } from "../popover";
import { viewed } from "../reducers";
import type { Session } from "../session";
import { shownCells } from "../selectors";
import { type AppState, type RangeName, rangeNames } from "../state";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
import { styles } from "../styles-directive";
import { ThemeController } from "../theme-controller";
import { keepKeys, setValue, valueOf } from "../toolkit-values";
import { menuStyles } from "./menu.styles";

const rangeLabels: Record<RangeName, string> = {
  auto: "automatic",
  maximum: "head maximum",
  p99: "head p99",
  site: "site maximum",
  unit: "0 to 1",
};

/** Where the end of the colours is locked; null where it is not. */
function lockedEnd(state: AppState): number | null {
  const { range, scoreEnd } = state.view;
  if (isScore(shownCells(state))) return scoreEnd;
  return typeof range === "number" ? range : null;
}

function rangeChoice(state: AppState): RangeName | "locked" {
  const { range } = state.view;
  if (lockedEnd(state) !== null) return "locked";
  // What says nothing of scores is automatic for them.
  return typeof range === "number" || (range === "unit" && isScore(shownCells(state))) ? "auto" : range;
}

/** Maps whose ends are both strong, with the ground in the middle. */
const diverging = new Set<ColourMapName>(["RdBu"]);

@customElement("attention-colour-menu")
export class ColourMenuElement extends LitElement {
  static override styles = [
    baseStyles,
    menuStyles,
    css`
      .opener {
        display: inline-flex;
        gap: 6px;
        align-items: center;
        height: 24px;
        padding: 0 6px;
        border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder, transparent));
        border-radius: 2px;
        background: var(--vscode-dropdown-background);
        color: var(--vscode-dropdown-foreground, var(--vscode-foreground));
        font: inherit;
        white-space: nowrap;
        cursor: pointer;
      }
      @media (max-width: 900px) {
        .words {
          display: none;
        }
      }
      .swatch {
        width: 34px;
        height: 10px;
      }
      [popover] {
        padding: 8px 10px;
      }
      .rows {
        display: grid;
        grid-template-columns: max-content 150px;
        gap: 6px 10px;
        align-items: center;
      }
      vscode-dropdown {
        --input-height: 24;
        --input-min-width: 60px;
        --type-ramp-base-font-size: 12px;
        --type-ramp-base-line-height: 16px;
        width: 150px;
      }
      vscode-checkbox {
        --type-ramp-base-font-size: 12px;
        grid-column: 2;
        margin: 0;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;

  readonly #theme = new ThemeController(this);

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ view, profile, thumbnails, selection, document }) => [
        ...[view, profile, thumbnails, selection.site, document],
      ],
    );
  }

  protected override render(): TemplateResult {
    const { view } = this.session.store.state;
    const table = colourTable(view.colourMap, this.#theme.theme.light);
    const locked = lockedEnd(this.session.store.state);
    const ranges = isScore(shownCells(this.session.store.state))
      ? rangeNames.filter((name) => name !== "unit")
      : rangeNames;
    const words = `${view.colourMap} · ${scaleLabels[view.scale]}`;
    return html`<button
        class="opener"
        popovertarget="menu"
        aria-label="Colours: ${words}"
        aria-haspopup="dialog"
        title="Colour map (K), scale (S) and range"
      >
        <span class="swatch" style=${styles({ "background-image": gradient(table) })}></span
        ><span class="words">${words}</span>
        ${chevronDownIcon()}
      </button>
      <div
        id="menu"
        popover
        role="dialog"
        aria-label="Colours"
        @toggle=${this.#toggled}
        @keydown=${this.#keyed}
      >
        <div class="rows">
          <span>Colour map</span>
          ${this.#choice("colour-map", "Colour map", view.colourMap, colourMapNames, (name) =>
            diverging.has(name) ? `${name} (diverging)` : name,
          )}
          <span>Scale</span>
          ${this.#choice("scale", "Colour scale", view.scale, scaleNames, (name) => scaleLabels[name])}
          <span>Range ends at</span>
          ${this.#choice(
            "range",
            "Range of colours",
            rangeChoice(this.session.store.state),
            locked === null ? ranges : [...ranges, "locked" as const],
            (name) =>
              name === "locked"
                ? `locked, ${cellFigure(locked ?? 0, shownCells(this.session.store.state)).replace("+", "±")}`
                : rangeLabels[name],
          )}
          <vscode-checkbox
            class="lock"
            title="Keep the end of the range for every head"
            ?checked=${locked !== null}
            @change=${this.#lock}
            >lock the range</vscode-checkbox
          >
          <span>A block shows</span>
          ${this.#choice("pooling", "Value of a block", view.pooling, ["max", "mean"] as const, (name) =>
            name === "max" ? "its maximum" : "its mean",
          )}
        </div>
      </div>`;
  }

  #choice<T extends string>(
    name: string,
    label: string,
    current: T,
    values: readonly T[],
    words: (value: T) => string,
  ): TemplateResult {
    return html`<vscode-dropdown
      class=${name}
      aria-label=${label}
      @keydown=${keepKeys}
      @change=${(event: Event) => this.#chosen(name, valueOf(event))}
    >
      ${values.map(
        (value) =>
          html`<vscode-option value=${value} ?selected=${value === current}>${words(value)}</vscode-option>`,
      )}
    </vscode-dropdown>`;
  }

  #chosen(name: string, value: string): void {
    const { store } = this.session;
    const colourMap = colourMapNames.find((one) => one === value);
    const scale = scaleNames.find((one) => one === value);
    const range = rangeNames.find((one) => one === value);
    if (name === "colour-map" && colourMap) store.update((state) => viewed(state, { colourMap }));
    if (name === "scale" && scale) store.update((state) => viewed(state, { scale }));
    if (name === "range" && range) store.update((state) => viewed(state, { range, scoreEnd: null }));
    if (name === "pooling" && (value === "max" || value === "mean"))
      store.update((state) => viewed(state, { pooling: value }));
  }

  #lock = (event: Event): void => {
    const { target } = event;
    const wanted = target instanceof HTMLElement && "checked" in target && target.checked === true;
    const { store } = this.session;
    if (wanted === (lockedEnd(store.state) !== null)) return;
    const scores = isScore(shownCells(store.state));
    const end = currentRange(store.state)?.end;
    if (!wanted) store.update((state) => viewed(state, scores ? { scoreEnd: null } : { range: "auto" }));
    else if (end !== undefined && end > 0)
      store.update((state) => viewed(state, scores ? { scoreEnd: end } : { range: Math.min(1, end) }));
  };

  #toggled = (): void => {
    const menu = this.renderRoot.querySelector<HTMLElement>("#menu");
    const button = this.renderRoot.querySelector(".opener");
    if (!menu || !button || !menu.matches(":popover-open")) return;
    placeBelow(menu, button);
    menu.querySelector<HTMLElement>("vscode-dropdown")?.focus();
  };

  #keyed = (event: KeyboardEvent): void => {
    // Escape closes the popover by itself and must not unpin as well.
    if (event.key === "Escape") event.stopPropagation();
  };

  /** The toolkit's controls keep their own value: set it again where the state moved on without them. */
  protected override updated(): void {
    const { view } = this.session.store.state;
    setValue(this.renderRoot, "vscode-dropdown.colour-map", view.colourMap);
    setValue(this.renderRoot, "vscode-dropdown.scale", view.scale);
    setValue(this.renderRoot, "vscode-dropdown.pooling", view.pooling);
    setValue(this.renderRoot, "vscode-dropdown.range", rangeChoice(this.session.store.state));
    const lock = this.renderRoot.querySelector("vscode-checkbox.lock");
    if (lock && "checked" in lock) lock.checked = lockedEnd(this.session.store.state) !== null;
  }
}
