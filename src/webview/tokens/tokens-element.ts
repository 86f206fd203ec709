/** The Tokens pane: the prompt as words in segment groups; the query outlined, its keys lit by probability. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { styles } from "../styles-directive";
import type { TokenAxis } from "../../shared/capture";
import { count, probability, share, tokenLabel } from "../../shared/format";
import { colourTable, cssColour, inkOn, tableColour } from "../../shared/colour-maps";
import { tableIndex } from "../../shared/colour-scale";
import { cursorMoved, hovered, pinned, unpinned } from "../reducers";
import { activeKey, activeQuery, axesOf, rowOf, selectedSite } from "../selectors";
import type { Session } from "../session";
import type { AppState } from "../state";
import { StoreController } from "../store";
import { baseStyles, paneStyles } from "../styles";
import { segmentColour } from "../theme";
import { ThemeController } from "../theme-controller";
import { segmentRuns } from "../../shared/rulers";
import { strongestKeys } from "../../shared/strongest-keys";
import { middlesOf, tokenRanges } from "./shown-tokens";
import { tokensStyles } from "./tokens.styles";

/** Longest token written in full. */
const LONGEST = 24;
/** Keys that print their probability. */
const PRINTED = 3;
/** Place on the colour map below which a token is not lit, so that zero recedes. */
const LIT_FROM = 0.12;

type Axis = "query" | "key";

@customElement("attention-tokens")
export class TokensElement extends LitElement {
  static override styles = [baseStyles, paneStyles, tokensStyles];

  @property({ attribute: false }) session!: Session;

  readonly #theme = new ThemeController(this);

  constructor() {
    super();
    new StoreController(this, () => this.session.store);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const axes = axesOf(state);
    if (!site || !axes) return nothing;
    const row = rowOf(state);
    const cells = row ? new Float32Array(row.cells) : null;
    const one = site.queryAxis === site.keyAxis;
    return html`<section class="pane" aria-label="Tokens">
      <div class="header">
        <h2>Tokens</h2>
        ${this.#summary(axes.query, row?.query ?? null, cells)}
      </div>
      <div class="body" @pointerleave=${() => this.#hover({ query: null, key: null })}>
        ${
          one
            ? this.#list(state, axes.key, cells, "query", true, "Tokens: the chosen one is the query")
            : html`${this.#list(state, axes.query, null, "query", false, "Queries")}
              ${this.#list(state, axes.key, cells, "key", true, "Keys")}`
        }
      </div>
    </section>`;
  }

  #summary(axis: TokenAxis, query: number | null, cells: Float32Array | null): TemplateResult {
    if (query === null || !cells)
      return html`<span class="detail">point at a token to see what it attends to</span>`;
    const visible = cells.reduce((sum, p) => sum + (p < 0 ? 0 : 1), 0);
    const name = tokenLabel(axis.labels[query] ?? String(query), LONGEST);
    if (visible === 0) return html`<span class="detail"><b>${name}</b> sees no key: its row is masked</span>`;
    const top = strongestKeys(cells, PRINTED);
    const held = top.reduce((sum, key) => sum + (cells[key] ?? 0), 0);
    const keys = `${count(visible)} of ${count(cells.length)} ${cells.length === 1 ? "key" : "keys"}`;
    const most = visible > PRINTED ? `; top ${PRINTED} hold ${share(held)}` : "";
    return html`<span class="detail"><b>${name}</b> attends to ${keys}${most}</span>`;
  }

  /** One axis as a listbox. `lit` colours the tokens by `cells`; `chooses` is what hovering one sets. */
  #list(
    state: AppState,
    axis: TokenAxis,
    cells: Float32Array | null,
    chooses: Axis,
    lit: boolean,
    label: string,
  ): TemplateResult {
    const query = activeQuery(state);
    const key = activeKey(state);
    const active = chooses === "query" ? query : key;
    const strongest = lit && cells ? strongestKeys(cells, PRINTED) : [];
    const largest = cells?.[strongest[0] ?? -1] ?? 0;
    const ranges = tokenRanges(axis.labels.length, middlesOf(lit ? cells : null, active));
    const groups = segmentRuns(axis);
    let named = -1;
    const option = (index: number): TemplateResult =>
      this.#token(state, axis, index, chooses, {
        p: lit ? (cells?.[index] ?? null) : null,
        largest,
        printed: strongest.includes(index),
      });
    return html`<div
      class="list"
      role="listbox"
      tabindex="0"
      aria-label=${label}
      aria-activedescendant=${active === null ? nothing : `${chooses}-${active}`}
      @keydown=${(event: KeyboardEvent) => this.#keyed(event, chooses, axis.labels.length)}
    >
      ${lit && chooses === "query" ? nothing : html`<span class="axis" aria-hidden="true">${label}</span>`}
      ${ranges.map((range) => {
        if (!range.shown) return this.#gap(range.start, range.end, lit ? cells : null);
        return groups
          .filter((group) => group.start < range.end && group.end > range.start)
          .map((group) => {
            const start = Math.max(group.start, range.start);
            const end = Math.min(group.end, range.end);
            const begins = start === group.start || group.segment !== named;
            named = group.segment;
            return html`${begins ? this.#segment(axis, group.segment) : nothing}${Array.from(
              { length: end - start },
              (_, offset) => option(start + offset),
            )}`;
          });
      })}
    </div>`;
  }

  #segment(axis: TokenAxis, index: number): TemplateResult | typeof nothing {
    const segment = axis.segments[index];
    if (!segment) return nothing;
    const colour = segmentColour(this.#theme.theme, segment.role);
    return html`<span class="segment" aria-hidden="true" style=${styles({ "border-left-color": colour })}
      >${segment.name}</span
    > `;
  }

  #gap(start: number, end: number, cells: Float32Array | null): TemplateResult {
    let masked = 0;
    for (let index = start; cells && index < end; index++) if ((cells[index] ?? 0) < 0) masked++;
    const words = masked > 0 ? `${count(end - start)} (${count(masked)} masked)` : count(end - start);
    return html`<span class="gap" aria-hidden="true">… ${words} …</span> `;
  }

  #token(
    state: AppState,
    axis: TokenAxis,
    index: number,
    chooses: Axis,
    light: { p: number | null; largest: number; printed: boolean },
  ): TemplateResult {
    const isQuery = chooses === "query" && index === activeQuery(state);
    const oneAxis = selectedSite(state)?.queryAxis === selectedSite(state)?.keyAxis;
    const isKey = (chooses === "key" || oneAxis) && index === activeKey(state);
    const isPinned = (chooses === "query" ? state.selection.query : state.selection.key) === index;
    const full = axis.labels[index] ?? String(index);
    const { p } = light;
    const masked = p !== null && p < 0;
    const place = p !== null && p > 0 && light.largest > 0 ? p / light.largest : 0;
    const table = colourTable(state.view.colourMap, this.#theme.theme.light);
    const colour = place >= LIT_FROM ? tableColour(table, tableIndex(place, 1, "linear")) : null;
    const style = colour ? { "background-color": cssColour(colour), color: cssColour(inkOn(colour)) } : {};
    const classes = [
      "token",
      isQuery ? "query" : "",
      isKey ? "key" : "",
      isPinned ? "pinned" : "",
      masked ? "masked" : "",
    ];
    const text = tokenLabel(full, LONGEST);
    const words = p === null ? "" : masked ? ", masked" : ` ${probability(p)}`;
    return html`<span
      id="${chooses}-${index}"
      class=${classes.filter(Boolean).join(" ")}
      role="option"
      aria-selected=${isPinned || (chooses === "query" ? isQuery : isKey)}
      aria-label="${text}${words}"
      title=${`${tokenLabel(full, 400)} (${index})${words}`}
      style=${styles(style)}
      @pointerenter=${() => this.#hover({ query: null, key: null, [chooses]: index })}
      @click=${() => this.session.store.update((now) => pinned(now, { query: null, key: null, [chooses]: index }))}
      >${text}${light.printed && p !== null ? html` <b>${probability(p)}</b>` : nothing}</span
    > `;
  }

  #hover(place: { query: number | null; key: number | null }): void {
    this.session.store.update((state) => hovered(state, place));
  }

  #keyed(event: KeyboardEvent, chooses: Axis, length: number): void {
    const { store } = this.session;
    const active = (chooses === "query" ? activeQuery(store.state) : activeKey(store.state)) ?? -1;
    const steps: Record<string, number> = {
      ArrowLeft: active - 1,
      ArrowUp: active - 1,
      ArrowRight: active + 1,
      ArrowDown: active + 1,
      Home: 0,
      End: length - 1,
    };
    const next = steps[event.key];
    if (next !== undefined) {
      store.update((state) => cursorMoved(state, { [chooses]: Math.max(0, next) }));
      void this.updateComplete.then(() =>
        this.renderRoot
          .querySelector(`#${chooses}-${Math.min(length - 1, Math.max(0, next))}`)
          ?.scrollIntoView({ block: "nearest" }),
      );
    } else if (event.key === "Enter" && active >= 0) {
      store.update((state) => pinned(state, { query: null, key: null, [chooses]: active }));
    } else if (
      event.key === "Escape" &&
      (store.state.selection.query ?? store.state.selection.key) !== null
    ) {
      store.update(unpinned);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
