/** The numbers behind the map as a table, exact: pages of queries and keys, to be copied as CSV. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { AttentionError } from "../../shared/errors";
import { count } from "../../shared/format";
import type { CellKind, Page } from "../../shared/page";
import { headTitle, siteTitles } from "../../shared/site-names";
import { cellFigure, isMasked } from "../cell-kinds";
import { token } from "../cell-words";
import { backIcon, forwardIcon } from "../icons";
import { pinned } from "../reducers";
import {
  activeKey,
  activeQuery,
  axesOf,
  captureOf,
  pinnedMean,
  queryPlace,
  selectedSite,
  shownCells,
  shownMap,
} from "../selectors";
import { csvOf, type TableColumn, type TableRow } from "../table/data-table";
import { OverlayElement } from "./overlay-element";

/** Queries and keys on one page. */
export const PAGE_ROWS = 256;
export const PAGE_COLUMNS = 24;

const plurals: Record<CellKind, string> = {
  probability: "probabilities",
  scoreBeforeMask: "scores before mask",
  scoreAfterMask: "scores after mask",
};

@customElement("attention-map-table")
export class MapTableElement extends OverlayElement {
  static override styles = [
    ...OverlayElement.styles,
    css`
      dialog {
        width: 94vw;
        height: 84vh;
      }
      attention-data-table {
        flex: 1;
        margin: 0 8px 8px;
      }
      .pager {
        display: inline-flex;
        gap: 4px;
        align-items: center;
        white-space: nowrap;
      }
      vscode-button {
        --button-padding-vertical: 2px;
        --type-ramp-base-font-size: 11px;
      }
    `,
  ];

  @state() private queryStart = 0;
  @state() private keyStart = 0;
  @state() private page: Page | null = null;
  @state() private failure = "";
  #asked = "";

  override connectedCallback(): void {
    super.connectedCallback();
    const { state: now } = this.session.store;
    // The page that holds the chosen cell.
    this.queryStart = Math.floor(queryPlace(now) / PAGE_ROWS) * PAGE_ROWS;
    this.keyStart = Math.floor((activeKey(now) ?? 0) / PAGE_COLUMNS) * PAGE_COLUMNS;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state: now } = this.session.store;
    const site = selectedSite(now);
    const capture = captureOf(now);
    const axes = axesOf(now);
    if (!site || !capture || !axes) return nothing;
    const title = siteTitles(capture.sites)[now.selection.site] ?? site.name;
    const { page } = this;
    const cells = page ? new Float32Array(page.cells) : null;
    const columns: TableColumn[] = [
      { title: "query", hint: "query", number: false, least: 96, grow: 1.4 },
      ...Array.from({ length: page?.columns ?? 0 }, (_, column) => {
        const key = this.keyStart + column;
        const hint = `key ${key}: ${token(axes.key, key)}`;
        return { title: token(axes.key, key), hint, number: true, least: 56, grow: 1 };
      }),
    ];
    const what = shownCells(now);
    const cell = (value: number): string =>
      isMasked(value, page?.what) ? "–" : cellFigure(value, page?.what);
    const mean = pinnedMean(now);
    const rows: TableRow[] = Array.from({ length: page?.rows ?? 0 }, (_, row) => ({
      cells: [
        token(axes.query, this.queryStart + row),
        ...Array.from(
          cells?.subarray(row * (page?.columns ?? 0), (row + 1) * (page?.columns ?? 0)) ?? [],
          cell,
        ),
      ],
      selected: mean?.includes(this.queryStart + row) ?? this.queryStart + row === activeQuery(now),
      flagged: false,
    }));
    return this.dialog(
      `${title}, ${headTitle(now.selection.head, site)}: ${plurals[what]}, – masked`,
      html`${this.#pager("queries", this.queryStart, PAGE_ROWS, site.queries, (start) => (this.queryStart = start))}
        ${this.#pager("keys", this.keyStart, PAGE_COLUMNS, site.keys, (start) => (this.keyStart = start))}
        <vscode-button
          appearance="secondary"
          title="Copy this page with all digits"
          ?disabled=${!page}
          @click=${() => this.#copy()}
          >Copy as CSV</vscode-button
        >`,
      this.failure
        ? html`<p class="content" role="alert">${this.failure}</p>`
        : html`<attention-data-table
            label="${plurals[what]} of ${title}"
            .columns=${columns}
            .rows=${rows}
            @chosen=${(event: CustomEvent<number>) => this.#choose(event.detail)}
          ></attention-data-table>`,
    );
  }

  #pager(
    what: string,
    start: number,
    size: number,
    all: number,
    go: (start: number) => void,
  ): TemplateResult {
    const last = Math.min(all, start + size) - 1;
    const button = (label: string, icon: TemplateResult, target: number, disabled: boolean): TemplateResult =>
      html`<button
        class="quiet"
        aria-label=${label}
        title=${label}
        ?disabled=${disabled}
        @click=${() => go(target)}
      >
        ${icon}
      </button>`;
    return html`<span class="pager"
      >${all > size ? button(`Previous ${what}`, backIcon(), start - size, start === 0) : nothing}
      <span class="dim">${what} ${count(start)}–${count(last)} of ${count(all)}</span>
      ${all > size ? button(`Next ${what}`, forwardIcon(), start + size, last + 1 >= all) : nothing}</span
    >`;
  }

  protected override updated(): void {
    const { state: now } = this.session.store;
    const map = shownMap(now);
    const site = selectedSite(now);
    if (!map || !site) return;
    const request = {
      ...map,
      queryStart: this.queryStart,
      queryEnd: Math.min(site.queries, this.queryStart + PAGE_ROWS),
      keyStart: this.keyStart,
      keyEnd: Math.min(site.keys, this.keyStart + PAGE_COLUMNS),
      ...{ maxRows: PAGE_ROWS, maxColumns: PAGE_COLUMNS, pooling: "max" as const },
    };
    const key = JSON.stringify(request);
    if (key === this.#asked) return;
    this.#asked = key;
    this.session.host.calls.readPage(request).then(
      (page) => {
        if (this.#asked === key) this.page = page;
      },
      (error: unknown) => {
        this.failure = AttentionError.wrap(error).message;
      },
    );
  }

  #choose(row: number): void {
    const query = this.queryStart + row;
    this.close();
    this.session.store.update((now) =>
      now.selection.query === query ? now : pinned(now, { query, key: null }),
    );
  }

  #copy(): void {
    const { page } = this;
    const axes = axesOf(this.session.store.state);
    if (!page || !axes) return;
    const cells = new Float32Array(page.cells);
    const names = Array.from({ length: page.columns }, (_, column) =>
      token(axes.key, this.keyStart + column),
    );
    const rows = Array.from({ length: page.rows }, (_, row) => [
      token(axes.query, this.queryStart + row),
      ...Array.from(cells.subarray(row * page.columns, (row + 1) * page.columns), (p) =>
        isMasked(p, page.what) ? "" : String(p),
      ),
    ]);
    this.session.copy(csvOf(["query", ...names], rows));
  }
}
