/**
 * A table of text in the toolkit's data grid: a sticky header, and rows of one height of which only the visible ones
 * are made. Arrow keys go from cell to cell; the header sorts where it can.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { type ElementSize, noSize, observeSize } from "../element-size";
import { baseStyles } from "../styles";
import { styles } from "../styles-directive";

export interface TableColumn {
  readonly title: string;
  /** What the column means, as a tooltip. */
  readonly hint: string;
  /** Numbers stand on the right. */
  readonly number: boolean;
  /** Least width, px, and the share of spare room that it takes. */
  readonly least: number;
  readonly grow: number;
}

export interface TableRow {
  readonly cells: readonly string[];
  readonly selected: boolean;
  readonly flagged: boolean;
}

export interface TableSort {
  readonly column: number;
  readonly descending: boolean;
}

const ROW = 22;
/** Rows made beyond the visible ones. */
const BEYOND = 8;

/** Comma-separated text; a cell that holds a separator, a quote or a line break is quoted. */
export function csvOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

/**
 * @fires sorted - `detail` is the index of the column whose header was chosen.
 * @fires chosen - `detail` is the index of the row that was clicked or entered.
 */
@customElement("attention-data-table")
export class DataTableElement extends LitElement {
  static override styles = [
    baseStyles,
    css`
      :host {
        display: block;
        min-width: 0;
        min-height: 0;
        overflow: auto;
        scrollbar-width: thin;
      }
      vscode-data-grid {
        --type-ramp-base-font-size: 11px;
        --type-ramp-base-line-height: 16px;
        --design-unit: 2;
      }
      vscode-data-grid-row {
        flex: none;
        height: 22px;
        padding: 0;
      }
      vscode-data-grid-row.selected {
        background: var(--vscode-list-inactiveSelectionBackground);
        outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      vscode-data-grid-cell {
        padding: 1px 6px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      vscode-data-grid-cell.number {
        text-align: right;
      }
      vscode-data-grid-cell.sortable {
        cursor: pointer;
      }
      .flagged vscode-data-grid-cell:first-child {
        color: var(--vscode-editorWarning-foreground);
      }
    `,
  ];

  @property({ attribute: false }) columns: readonly TableColumn[] = [];
  @property({ attribute: false }) rows: readonly TableRow[] = [];
  @property({ attribute: false }) sort: TableSort | null = null;
  @property({ attribute: false }) sortable = false;
  @property() label = "";
  @state() private size: ElementSize = noSize;
  @state() private scrolled = 0;

  #unobserve: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unobserve = observeSize(this, (size) => (this.size = size));
    this.addEventListener("scroll", this.#scrolls);
    // Before the grid's own: it counts the rows that are made, not those that there are.
    this.addEventListener("keydown", this.#keyed, { capture: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unobserve?.();
    this.removeEventListener("scroll", this.#scrolls);
    this.removeEventListener("keydown", this.#keyed, { capture: true });
  }

  protected override render(): TemplateResult {
    const first = Math.max(0, Math.floor(this.scrolled / ROW) - BEYOND);
    const last = Math.min(this.rows.length, Math.ceil((this.scrolled + this.size.height) / ROW) + BEYOND);
    const tracks = this.columns.map(({ least, grow }) => `minmax(${least}px, ${grow}fr)`).join(" ");
    return html`<vscode-data-grid
      generate-header="none"
      grid-template-columns=${tracks}
      aria-label=${this.label}
      aria-rowcount=${this.rows.length + 1}
      aria-colcount=${this.columns.length}
      style=${styles({
        height: `${(this.rows.length + 1) * ROW}px`,
        "min-width": `${this.columns.reduce((sum, { least }) => sum + least, 0)}px`,
      })}
    >
      <vscode-data-grid-row row-type="sticky-header" aria-rowindex="1" grid-template-columns=${tracks}>
        ${this.columns.map((column, index) => this.#header(column, index))}
      </vscode-data-grid-row>
      ${this.rows.slice(first, last).map((row, offset) => this.#row(row, first + offset, first, tracks))}
    </vscode-data-grid>`;
  }

  #header(column: TableColumn, index: number): TemplateResult {
    const own = this.sort?.column === index ? this.sort : null;
    const arrow = own ? (own.descending ? " ↓" : " ↑") : "";
    return html`<vscode-data-grid-cell
      cell-type="columnheader"
      grid-column=${index + 1}
      class="${column.number ? "number" : ""} ${this.sortable ? "sortable" : ""}"
      title=${column.hint}
      aria-sort=${own ? (own.descending ? "descending" : "ascending") : nothing}
      @click=${() => this.#sorts(index)}
      >${column.title}${arrow}</vscode-data-grid-cell
    >`;
  }

  #row(row: TableRow, index: number, first: number, tracks: string): TemplateResult {
    return html`<vscode-data-grid-row
      class="${row.selected ? "selected" : ""} ${row.flagged ? "flagged" : ""}"
      aria-rowindex=${index + 2}
      grid-template-columns=${tracks}
      style=${styles(index === first ? { "margin-top": `${first * ROW}px` } : {})}
      @click=${() => this.#chooses(index)}
    >
      ${row.cells.map(
        (text, column) =>
          html`<vscode-data-grid-cell
            grid-column=${column + 1}
            class=${this.columns[column]?.number ? "number" : ""}
            title=${text}
            >${text}</vscode-data-grid-cell
          >`,
      )}
    </vscode-data-grid-row>`;
  }

  #sorts(column: number): void {
    if (this.sortable) this.dispatchEvent(new CustomEvent<number>("sorted", { detail: column }));
  }

  #chooses(row: number): void {
    this.dispatchEvent(new CustomEvent<number>("chosen", { detail: row }));
  }

  #scrolls = (): void => {
    this.scrolled = this.scrollTop;
  };

  /** Row (0 is the header) and column of the cell that has the focus. */
  #focused(): { row: number; column: number } | null {
    const cell = this.shadowRoot?.activeElement?.closest("vscode-data-grid-cell");
    const row = cell?.closest("vscode-data-grid-row");
    if (!cell || !row) return null;
    return {
      row: Number(row.getAttribute("aria-rowindex")) - 1,
      column: Number(cell.getAttribute("grid-column")) - 1,
    };
  }

  #keyed = (event: KeyboardEvent): void => {
    const at = this.#focused();
    if (!at || event.altKey) return;
    const page = Math.max(1, Math.floor(this.size.height / ROW) - 2);
    const steps: Record<string, readonly [number, number]> = {
      ArrowUp: [at.row - 1, at.column],
      ArrowDown: [at.row + 1, at.column],
      ArrowLeft: [at.row, at.column - 1],
      ArrowRight: [at.row, at.column + 1],
      PageUp: [at.row - page, at.column],
      PageDown: [at.row + page, at.column],
      Home: event.ctrlKey ? [0, 0] : [at.row, 0],
      End: event.ctrlKey ? [this.rows.length, this.columns.length - 1] : [at.row, this.columns.length - 1],
    };
    const target = steps[event.key];
    if (target) void this.#focus(target[0], target[1]);
    else if (event.key !== "Enter" && event.key !== " ") return;
    else if (at.row === 0) this.#sorts(at.column);
    else this.#chooses(at.row - 1);
    event.preventDefault();
    event.stopPropagation();
  };

  async #focus(row: number, column: number): Promise<void> {
    const wanted = Math.min(this.rows.length, Math.max(0, row));
    if (wanted > 0) {
      const top = (wanted - 1) * ROW;
      if (top < this.scrollTop) this.scrollTop = top;
      if (top + 2 * ROW > this.scrollTop + this.clientHeight)
        this.scrollTop = top + 2 * ROW - this.clientHeight;
      this.scrolled = this.scrollTop;
      await this.updateComplete;
    }
    const cells = this.shadowRoot?.querySelectorAll<HTMLElement>(
      `vscode-data-grid-row[aria-rowindex="${wanted + 1}"] vscode-data-grid-cell`,
    );
    cells?.[Math.min(cells.length - 1, Math.max(0, column))]?.focus();
  }
}
