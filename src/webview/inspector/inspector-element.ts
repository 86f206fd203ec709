/** The Inspector: the selected head's figures among all heads, its role, the query's top keys, and how far to trust it. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Capture, CapturedSite, TokenAxis } from "../../shared/capture";
import type { HeadFigures, MetricName } from "../../shared/figures";
import { count, probability } from "../../shared/format";
import type { Page } from "../../shared/page";
import { headTitle, siteTitles } from "../../shared/site-names";
import { token } from "../cell-words";
import { figuresOf, metricValues } from "../head-metrics";
import { isScore } from "../cell-kinds";
import { doneIcon, infoIcon, warningIcon } from "../icons";
import { rowName, rowsWords } from "../row-words";
import { hovered, pinned } from "../reducers";
import {
  activeKey,
  activeQuery,
  activeRow,
  axesOf,
  captureOf,
  isPooled,
  ofShownSite,
  probabilityPageOf,
  profileOf,
  rowOf,
  selectedSite,
  shownCells,
} from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, paneStyles } from "../styles";
import { styles } from "../styles-directive";
import { segmentColour } from "../theme";
import { ThemeController } from "../theme-controller";
import { strongestKeys } from "../../shared/strongest-keys";
import { fidelityOf, type Statement } from "./fidelity";
import { figureRows, shortFigures } from "./figure-rows";
import { inspectorStyles } from "./inspector.styles";
import { patternsOf, type Patterns, ROLES_SOUGHT, rolesOf } from "../../shared/roles";

/** Keys of the query that are listed. */
const TOP_KEYS = 5;

const patterns = new WeakMap<Page, Patterns>();

/** Of a mean of heads, whose map is known here alone. */
function patternsOfPage(page: Page, axis: TokenAxis): Patterns {
  const known =
    patterns.get(page) ??
    patternsOf({
      ...{ queries: page.rows, keys: page.columns, cells: new Float32Array(page.cells), valid: null },
      ...{ ownKey: 0, segments: { of: axis.segmentOf, count: axis.segments.length } },
    });
  patterns.set(page, known);
  return known;
}

const statementIcons: Record<Statement["kind"], () => TemplateResult> = {
  good: doneIcon,
  warning: warningIcon,
  info: infoIcon,
};

@customElement("attention-inspector")
export class InspectorElement extends LitElement {
  static override styles = [baseStyles, paneStyles, inspectorStyles];

  @property({ attribute: false }) session!: Session;
  /** A few short figures beside a narrow map. */
  @property({ type: Boolean, reflect: true }) short = false;

  readonly #theme = new ThemeController(this);
  #values: { capture: Capture; batch: number; of: Map<MetricName, readonly number[]> } | null = null;

  constructor() {
    super();
    new StoreController(this, () => this.session.store, ofShownSite);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    const site = selectedSite(state);
    const axes = axesOf(state);
    if (!capture || !site || !axes) return nothing;
    const figures = this.#figures(site);
    const heads = capture.sites.reduce((sum, one) => sum + figuresOf(one, state.selection.batch).length, 0);
    if (this.short) return this.#short(capture, figures, axes);
    const single = typeof state.selection.head === "number";
    return html`<section class="pane" aria-label="Inspector">
      <div class="header">
        <h2>Inspector</h2>
        <span class="detail"
          >${single ? `this head among all ${count(heads)}` : `of the mean map, among all ${count(heads)}`}</span
        >
      </div>
      <div class="body">
        ${
          figures
            ? figureRows(figures, site, (metric) => this.#all(capture, state.selection.batch, metric))
            : html`<p class="dim">reading figures …</p>`
        }
        ${this.#role(site, axes, figures)} ${this.#topKeys(axes)}
        <h3>Fidelity</h3>
        <ul class="fidelity">
          ${fidelityOf(site, figures).map(
            ({ kind, text }) => html`<li class=${kind}>${statementIcons[kind]()}<span>${text}</span></li>`,
          )}
        </ul>
      </div>
      <div class="actions">${this.#actions()}</div>
    </section>`;
  }

  #short(
    capture: Capture,
    figures: HeadFigures | null,
    axes: { query: TokenAxis; key: TokenAxis },
  ): TemplateResult {
    const { state } = this.session.store;
    const title = siteTitles(capture.sites)[state.selection.site] ?? "";
    return html`<section class="pane" aria-label="Figures">
      <div class="body">
        <h3 title=${title}>
          ${title} ·
          ${headTitle(state.selection.head, capture.sites[state.selection.site]).replace(/^head /, "")}
        </h3>
        ${figures ? shortFigures(figures) : nothing} ${this.#topKeys(axes)}
      </div>
    </section>`;
  }

  /** Of the chosen head at once, of a mean when its map was read. */
  #figures(site: CapturedSite): HeadFigures | null {
    const { state } = this.session.store;
    const { head, batch } = state.selection;
    const own = typeof head === "number" ? figuresOf(site, batch)[head] : undefined;
    return own ?? profileOf(state)?.figures ?? null;
  }

  #all(capture: Capture, batch: number, metric: MetricName): readonly number[] {
    if (this.#values?.capture !== capture || this.#values.batch !== batch)
      this.#values = { capture, batch, of: new Map() };
    let values = this.#values.of.get(metric);
    if (!values) {
      values = metricValues(capture, batch, metric);
      this.#values.of.set(metric, values);
    }
    return values;
  }

  #role(
    site: CapturedSite,
    axes: { query: TokenAxis; key: TokenAxis },
    figures: HeadFigures | null,
  ): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const profile = profileOf(state);
    if (!figures || !profile) return nothing;
    const { head, batch } = state.selection;
    const captured =
      typeof head === "number" ? site.roles[Math.min(batch, site.roles.length - 1)]?.[head] : undefined;
    const page = probabilityPageOf(state);
    const whole = page && !isPooled(page) && page.rows === site.queries && page.columns === site.keys;
    const roles =
      captured ??
      rolesOf({
        ...{ figures, received: new Float32Array(profile.received), keyLabels: axes.key.labels },
        patterns: whole && site.queryAxis === site.keyAxis ? patternsOfPage(page, axes.key) : null,
      });
    const limits =
      captured || whole
        ? "no known pattern"
        : isScore(shownCells(state))
          ? "told while the map shows probabilities"
          : "not told from a pooled map";
    return html`<div class="role">
      <h3>Role</h3>
      ${
        roles.length > 0
          ? roles.map((role) => html`<span class="tag" title=${role.why}>${role.name}</span>`)
          : html`<span class="dim" title=${ROLES_SOUGHT}>— ${limits}</span>`
      }
    </div>`;
  }

  #topKeys(axes: { query: TokenAxis; key: TokenAxis }): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const row = rowOf(state);
    if (!row) return nothing;
    const cells = new Float32Array(row.cells);
    const keys = strongestKeys(cells, TOP_KEYS);
    const largest = cells[keys[0] ?? -1] ?? 1;
    const active = activeKey(state);
    const one = typeof row.query === "number" ? row.query : null;
    const name = rowName(row.query, axes.query) + rowsWords(row);
    return html`<h3 class="query" title=${one === null ? name : (axes.query.labels[one] ?? "")}>
        Query <span class="name">${name}</span>
      </h3>
      ${
        keys.length === 0
          ? html`<p class="dim">
              ${one === null ? "see no key: their rows are masked" : "sees no key: its row is masked"}
            </p>`
          : nothing
      }
      <ul class="keys">
        ${keys.map((key) => {
          const p = cells[key] ?? 0;
          const segment = axes.key.segments[axes.key.segmentOf[key] ?? -1];
          const band = segment ? segmentColour(this.#theme.theme, segment.role) : "transparent";
          return html`<li
            class=${key === active ? "active" : ""}
            title=${segment ? `${token(axes.key, key)}, ${segment.name}` : token(axes.key, key)}
            @pointerenter=${() => this.#hover(one, key)}
            @pointerleave=${() => this.#hover(null, null)}
          >
            <span class="band" style=${styles({ "background-color": band })}></span>
            <span class="name">${token(axes.key, key)}</span>
            <span class="number">${probability(p)}</span>
            <span class="track"><span style=${styles({ width: `${(100 * p) / largest}%` })}></span></span>
          </li>`;
        })}
      </ul>`;
  }

  #actions(): TemplateResult {
    const { state } = this.session.store;
    const query = activeRow(state);
    const key = activeKey(state);
    const isPinned = state.selection.query !== null || state.selection.key !== null;
    return html`<vscode-button
        appearance="secondary"
        title=${isPinned ? "Let query and key go (Escape)" : "Keep query and key while the pointer moves (Enter)"}
        ?disabled=${query === null && key === null}
        @click=${() => this.#pin(activeQuery(state), key)}
        >${isPinned ? "Unpin" : "Pin"}</vscode-button
      >
      <vscode-button
        appearance="secondary"
        title="Copy the value of the chosen query and key"
        ?disabled=${query === null || key === null}
        @click=${() => this.session.does("copyValue")}
        >Copy value</vscode-button
      >`;
  }

  #pin(query: number | null, key: number | null): void {
    this.session.store.update((state) =>
      pinned(state, { query: state.selection.query ?? query, key: state.selection.key ?? key }),
    );
  }

  #hover(query: number | null, key: number | null): void {
    this.session.store.update((state) => hovered(state, { query, key }));
  }
}
