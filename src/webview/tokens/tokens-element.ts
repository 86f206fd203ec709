/** The Tokens pane: the prompt as words in segment groups; the query outlined, its keys lit by probability. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { styles } from "../styles-directive";
import type { TokenAxis } from "../../shared/capture";
import { count, probability, share, tokenLabel, tokenText, visibleText } from "../../shared/format";
import { isMean } from "../../shared/query-choice";
import { colourTable, cssColour, inkOn, tableColour } from "../../shared/colour-maps";
import { tableIndex } from "../../shared/colour-scale";
import { figuresOf } from "../head-metrics";
import { swapIcon } from "../icons";
import { rowName } from "../row-words";
import { cursorMoved, hovered, pinned, unpinned, viewed } from "../reducers";
import {
  activeKey,
  activeQuery,
  activeRow,
  axesOf,
  ofShownSite,
  pinnedMean,
  profileOf,
  queryPlace,
  selectedSite,
} from "../selectors";
import type { Session } from "../session";
import type { AppState } from "../state";
import { StoreController } from "../store";
import { baseStyles, paneStyles, quietButtonStyles } from "../styles";
import { segmentColour } from "../theme";
import { ThemeController } from "../theme-controller";
import { segmentRuns } from "../../shared/rulers";
import { strongestKeys } from "../../shared/strongest-keys";
import { middlesOf, tokenRanges } from "./shown-tokens";
import { paddedKeys, type TokenLight, tokenLight } from "./token-light";
import { tokensStyles } from "./tokens.styles";

/** Longest token written in full. */
const LONGEST = 24;
/** Keys that print their probability. */
const PRINTED = 3;
/** Place on the colour map below which a token is not lit, so that zero recedes. */
const LIT_FROM = 0.12;

type Axis = "query" | "key";

/** A token as the tokenizer wrote it, without what would act on the page, and its text where that differs. */
function rawToken(token: string): string {
  const raw = visibleText(token).slice(0, 400);
  const text = tokenLabel(token, 400);
  return tokenText(token) === token ? text : `${text}, token ${raw}`;
}

@customElement("attention-tokens")
export class TokensElement extends LitElement {
  static override styles = [baseStyles, paneStyles, quietButtonStyles, tokensStyles];

  @property({ attribute: false }) session!: Session;

  readonly #theme = new ThemeController(this);

  constructor() {
    super();
    new StoreController(this, () => this.session.store, ofShownSite);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const site = selectedSite(state);
    const axes = axesOf(state);
    if (!site || !axes) return nothing;
    const light = tokenLight(state, site.queries);
    const cells = light?.cells ?? null;
    const one = site.queryAxis === site.keyAxis;
    const keysLit = state.view.reading === "keys";
    const lit = keysLit ? "key" : "query";
    const chosen = keysLit ? "query" : "key";
    return html`<section class="pane" aria-label="Tokens">
      <div class="header">
        <h2>Tokens</h2>
        ${this.#summary(axes[chosen], light)}
        <span class="space"></span>
        ${this.#switch(keysLit)}
      </div>
      <div class="body" @pointerleave=${() => this.#hover({ query: null, key: null })}>
        ${
          one
            ? this.#list(state, axes[lit], cells, chosen, true, `Tokens: the chosen one is the ${chosen}`)
            : html`${this.#list(state, axes.query, keysLit ? null : cells, "query", !keysLit, "Queries")}
              ${this.#list(state, axes.key, keysLit ? cells : null, "key", keysLit, "Keys")}`
        }
      </div>
    </section>`;
  }

  #summary(axis: TokenAxis, light: TokenLight | null): TemplateResult {
    const { state } = this.session.store;
    const keysLit = state.view.reading === "keys";
    if (!light) {
      const verb = keysLit ? "it attends to" : "attends to it";
      return html`<span class="detail">point at a token to see what ${verb}</span>`;
    }
    const { of, rows, cells } = light;
    const visible = cells.reduce((sum, p) => sum + (p < 0 ? 0 : 1), 0);
    const name = rowName(of, axis, LONGEST) + rows;
    if (visible === 0) {
      const masked = keysLit ? "sees no key: its row is masked" : "is seen by no query: it is padding";
      return html`<span class="detail"><b>${name}</b> ${masked}</span>`;
    }
    if (cells.some(Number.isNaN)) {
      return html`<span class="detail"><b>${name}</b> holds NaN: what it attends to is not known</span>`;
    }
    const top = strongestKeys(cells, PRINTED);
    const held = top.reduce((sum, key) => sum + (cells[key] ?? 0), 0);
    const [singular, plural] = keysLit ? ["key", "keys"] : ["query", "queries"];
    const many = `${count(visible)} of ${count(cells.length)} ${cells.length === 1 ? singular : plural}`;
    // The weights of a column do not sum to 1, so that no share of it is told.
    const most = keysLit && visible > PRINTED ? `; top ${PRINTED} hold ${share(held)}` : "";
    const site = selectedSite(state);
    const { head, batch } = state.selection;
    const figures = site
      ? figuresOf(site, batch).filter((_, at) => typeof head !== "number" || at === head)
      : [];
    const flagged = figures.reduce((sum, { rowsFlagged }) => sum + rowsFlagged, 0);
    const padded = paddedKeys(profileOf(state)?.received, flagged);
    const padding = padded > 0 ? `; ${count(padded)} padding` : "";
    const text = `${keysLit ? "attends to" : "is seen by"} ${many}${most}${padding}`;
    return html`<span class="detail" title="${name} ${text}"><b>${name}</b> ${text}</span>`;
  }

  #switch(keysLit: boolean): TemplateResult {
    const words = keysLit ? "query → keys" : "key → queries";
    return html`<button
      class="quiet switch"
      aria-label="Direction: ${words}"
      title=${keysLit ? "Show which queries attend to a key" : "Show which keys a query attends to"}
      @click=${() =>
        this.session.store.update((state) => viewed(state, { reading: keysLit ? "queries" : "keys" }))}
    >
      <span>${swapIcon()} ${words}</span>
    </button>`;
  }

  protected override updated(): void {
    const { state } = this.session.store;
    this.session.side.wantColumn(state.view.reading === "queries" ? (activeKey(state) ?? 0) : null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.session.side.wantColumn(null);
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
    let last = -1;
    // Where segments take turns token by token, a name is written once: its band says the rest.
    const named = new Set<number>();
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
      aria-multiselectable=${chooses === "query" && pinnedMean(state) ? "true" : nothing}
      aria-activedescendant=${active === null ? nothing : `${chooses}-${active}`}
      @keydown=${(event: KeyboardEvent) => this.#keyed(event, chooses, axis.labels.length)}
    >
      ${label.startsWith("Tokens") ? nothing : html`<span class="axis" aria-hidden="true">${label}</span>`}
      ${ranges.map((range) => {
        if (!range.shown) return this.#gap(range.start, range.end, lit ? cells : null);
        return groups
          .filter((group) => group.start < range.end && group.end > range.start)
          .map((group) => {
            const start = Math.max(group.start, range.start);
            const end = Math.min(group.end, range.end);
            const begins = start === group.start || group.segment !== last;
            const again = named.has(group.segment) && group.end - group.start === 1;
            last = group.segment;
            named.add(last);
            const first = begins
              ? html`<span class="pair">${this.#segment(axis, last, again, chooses)}${option(start)}</span> `
              : option(start);
            return html`${first}${Array.from({ length: end - start - 1 }, (_, offset) => option(start + 1 + offset))}`;
          });
      })}
    </div>`;
  }

  #segment(axis: TokenAxis, index: number, again: boolean, chooses: Axis): TemplateResult | typeof nothing {
    const segment = axis.segments[index];
    if (!segment) return nothing;
    const colour = segmentColour(this.#theme.theme, segment.role);
    const means = chooses === "query";
    return html`<span
      class="segment ${again ? "again" : ""} ${means ? "means" : ""}"
      aria-hidden="true"
      title=${means ? `${segment.name}: select for the mean of its queries (Shift+Enter)` : segment.name}
      @click=${means ? () => this.#pinMean(axis, index) : nothing}
      style=${styles({ "border-left-color": colour })}
      >${again ? nothing : segment.name}</span
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
    const oneAxis = selectedSite(state)?.queryAxis === selectedSite(state)?.keyAxis;
    const mean = pinnedMean(state);
    const inMean = mean?.includes(index) ?? false;
    const isQuery = (chooses === "query" || oneAxis) && (inMean || index === activeQuery(state));
    const isKey = (chooses === "key" || oneAxis) && index === activeKey(state);
    const isPinned =
      chooses === "query" ? inMean || state.selection.query === index : state.selection.key === index;
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
      title=${`${rawToken(full)} (${index})${words}`}
      style=${styles(style)}
      @pointerenter=${() => this.#hover({ query: null, key: null, [chooses]: index })}
      @click=${() => this.session.store.update((now) => pinned(now, { query: null, key: null, [chooses]: index }))}
      >${text}${light.printed && p !== null ? html` <b>${probability(p)}</b>` : nothing}</span
    > `;
  }

  /** Pin the mean of the queries of a segment, or let it go. */
  #pinMean(axis: TokenAxis, segment: number): void {
    const mean = axis.segments[segment]?.name;
    if (mean !== undefined)
      this.session.store.update((state) => pinned(state, { query: { mean }, key: null }));
  }

  #hover(place: { query: number | null; key: number | null }): void {
    this.session.store.update((state) => hovered(state, place));
  }

  #keyed(event: KeyboardEvent, chooses: Axis, length: number): void {
    const { store } = this.session;
    const row = activeRow(store.state);
    const asked = chooses === "query" ? row && queryPlace(store.state) : activeKey(store.state);
    const active = asked ?? -1;
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
      const axis = axesOf(store.state)?.query;
      if (event.shiftKey && chooses === "query" && axis) this.#pinMean(axis, axis.segmentOf[active] ?? -1);
      else {
        // A pinned mean has no one query: what is pinned is let go, as a query would be.
        const { query } = store.state.selection;
        const place = chooses === "query" && isMean(query) ? query : active;
        store.update((state) => pinned(state, { query: null, key: null, [chooses]: place }));
      }
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
