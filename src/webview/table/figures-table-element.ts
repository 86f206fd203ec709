/** The Table pane: every figure of every head, sortable, to be copied as CSV. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Capture } from "../../shared/capture";
import { type HeadFigures, metrics } from "../../shared/figures";
import { count } from "../../shared/format";
import { ROLES_SOUGHT } from "../../shared/roles";
import { siteTitles } from "../../shared/site-names";
import { figuresOf, metricFigure, roleOf } from "../head-metrics";
import { selectPlace } from "../reducers";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, paneStyles } from "../styles";
import { isSelected } from "../overview/overview-cells";
import { metricNames } from "../view-commands";
import { csvOf, type TableColumn, type TableRow, type TableSort } from "./data-table";

interface HeadRow {
  readonly site: number;
  readonly head: number;
  readonly title: string;
  readonly shape: string;
  /** What the head does; "" where its map shows no known pattern. */
  readonly role: string;
  readonly figures: HeadFigures;
}

const counts = [
  { name: "rowsMasked", title: "masked", hint: "rows that see no key: left out of means" },
  { name: "rowsFlagged", title: "flagged", hint: "rows with NaN, or that do not sum to 1" },
] as const;

/** Columns before the metrics: site, head, queries × keys, role. */
const FIXED = 4;
const ROLE = 3;

export const figureColumns: readonly TableColumn[] = [
  { title: "site", hint: "attention site", number: false, least: 120, grow: 3 },
  { title: "head", hint: "head of the site, from 0", number: true, least: 46, grow: 0.5 },
  { title: "size", hint: "queries × keys", number: true, least: 84, grow: 1 },
  {
    ...{ title: "role", number: false, least: 104, grow: 1.6 },
    hint: `what the head does, as far as its map tells. ${ROLES_SOUGHT}`,
  },
  ...metricNames.map((name) => ({
    title: metrics[name].short,
    hint: `${metrics[name].label}${metrics[name].unit ? ` (${metrics[name].unit})` : ""}: ${metrics[name].from}`,
    ...{ number: true, least: 66, grow: 1 },
  })),
  ...counts.map(({ title, hint }) => ({ title, hint, number: true, least: 66, grow: 0.8 })),
];

function rowsOf(capture: Capture, batch: number): HeadRow[] {
  const titles = siteTitles(capture.sites);
  return capture.sites.flatMap((site, index) =>
    figuresOf(site, batch).map((figures, head) => ({
      ...{ site: index, head, title: titles[index] ?? site.name, figures },
      shape: `${site.queries} × ${site.keys}`,
      role: roleOf(site, batch, head),
    })),
  );
}

/** Value of a column for sorting: a number, or null which comes last. */
function valueAt(row: HeadRow, column: number): number | null {
  if (column === 0) return row.site;
  if (column === 1) return row.head;
  const metric = metricNames[column - FIXED];
  if (metric) return row.figures[metric];
  const other = counts[column - FIXED - metricNames.length];
  return other ? row.figures[other.name] : null;
}

function sorted(rows: readonly HeadRow[], sort: TableSort | null): readonly HeadRow[] {
  if (!sort) return rows;
  const sign = sort.descending ? -1 : 1;
  if (sort.column === ROLE) {
    // Heads of one role stand together, those without one come last.
    return rows.toSorted(
      (one, other) =>
        Number(one.role === "") - Number(other.role === "") || -sign * one.role.localeCompare(other.role),
    );
  }
  return rows.toSorted((one, other) => {
    const [a, b] = [valueAt(one, sort.column), valueAt(other, sort.column)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * (a - b);
  });
}

@customElement("attention-figures-table")
export class FiguresTableElement extends LitElement {
  static override styles = [
    baseStyles,
    paneStyles,
    css`
      :host {
        display: block;
        height: 100%;
        min-width: 0;
        min-height: 0;
      }
      :host([docked]) {
        position: relative;
      }
      :host([docked]) .header {
        position: absolute;
        top: -28px;
        right: 32px;
        left: 260px;
      }
      attention-data-table {
        flex: 1;
        margin: 0 8px;
      }
      vscode-button {
        --button-padding-vertical: 2px;
        --type-ramp-base-font-size: 11px;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @state() private sort: TableSort | null = null;

  #rows: { capture: Capture; batch: number; sort: TableSort | null; rows: readonly HeadRow[] } | null = null;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, selection }) => [document, selection],
    );
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    if (!capture) return nothing;
    const rows = this.#rowsOf(capture, state.selection.batch);
    const shown = rows.map((row): TableRow => ({
      cells: [
        ...[row.title, String(row.head), row.shape, row.role],
        ...metricNames.map((name) => metricFigure(name, row.figures[name])),
        ...counts.map(({ name }) => count(row.figures[name])),
      ],
      selected: isSelected(state.selection, row.site, row.head),
      flagged: row.figures.rowsFlagged > 0,
    }));
    return html`<section class="pane" aria-label="Table">
      <div class="header">
        <span class="detail">every figure of ${count(rows.length)} heads; a header sorts</span>
        <span class="space"></span>
        <vscode-button
          appearance="secondary"
          title="Copy all rows with all digits"
          @click=${() => this.#copy(rows)}
          >Copy as CSV</vscode-button
        >
      </div>
      <attention-data-table
        label="Figures of all heads"
        .columns=${figureColumns}
        .rows=${shown}
        .sort=${this.sort}
        .sortable=${true}
        @sorted=${(event: CustomEvent<number>) => this.#sorts(event.detail)}
        @chosen=${(event: CustomEvent<number>) => this.#chooses(rows[event.detail])}
      ></attention-data-table>
    </section>`;
  }

  #rowsOf(capture: Capture, batch: number): readonly HeadRow[] {
    const known = this.#rows;
    if (known?.capture === capture && known.batch === batch && known.sort === this.sort) return known.rows;
    const rows = sorted(rowsOf(capture, batch), this.sort);
    this.#rows = { capture, batch, sort: this.sort, rows };
    return rows;
  }

  /** High first, then low first, then graph order again. */
  #sorts(column: number): void {
    if (column === 2) return;
    const own = this.sort?.column === column ? this.sort : null;
    this.sort =
      own === null ? { column, descending: true } : own.descending ? { column, descending: false } : null;
  }

  #chooses(row: HeadRow | undefined): void {
    if (row) this.session.store.update((state) => selectPlace(state, row.site, row.head));
  }

  #copy(rows: readonly HeadRow[]): void {
    const names = [
      "site",
      "head",
      "queries × keys",
      "role",
      ...metricNames,
      ...counts.map(({ name }) => name),
    ];
    const digits = (value: number | null): string => (value === null ? "" : String(value));
    this.session.copy(
      csvOf(
        names,
        rows.map((row) => [
          ...[row.title, String(row.head), row.shape, row.role],
          ...metricNames.map((name) => digits(row.figures[name])),
          ...counts.map(({ name }) => String(row.figures[name])),
        ]),
      ),
    );
  }
}
