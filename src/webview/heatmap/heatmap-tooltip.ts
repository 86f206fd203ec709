/** The tooltip and the cursor's words: `query → key`, probability, rank, received. */
import { html, nothing, type TemplateResult } from "lit";
import { styles } from "../styles-directive";
import { probability } from "../../shared/format";
import {
  activeKey,
  activeQuery,
  axesOf,
  isPooled,
  pageCell,
  pageOf,
  profileOf,
  rankOf,
  rowOf,
} from "../selectors";
import type { AppState, MapWindow } from "../state";
import { cellSize, edge, type MapLayout } from "./heatmap-layout";
import { cellWords, token } from "./heatmap-words";

/** Width that a tooltip may take, px; as in the pane's styles. */
const WIDEST = 260;

/** One cell in figures. `p` is exact; null until it is known. −1 is masked. */
export interface CellFigures {
  readonly p: number | null;
  readonly rank: { rank: number; of: number } | null;
  /** Mean mass that the key receives; null where none may see it. */
  readonly received: number | null;
  /** Largest value of the block under the pointer, where the map is pooled. */
  readonly block: { p: number; queries: number; keys: number } | null;
}

export function cellFigures(state: AppState, query: number, key: number): CellFigures {
  const page = pageOf(state);
  const row = rowOf(state);
  const cells = row && row.query === query ? new Float32Array(row.cells) : null;
  const pooled = page !== null && isPooled(page);
  const shown = page ? pageCell(page, query, key) : null;
  const p = cells ? (cells[key] ?? null) : pooled ? null : shown;
  const received = profileOf(state)?.received;
  const mean = received ? (new Float32Array(received)[key] ?? Number.NaN) : Number.NaN;
  return {
    p,
    rank: cells && p !== null && p >= 0 ? rankOf(cells, key) : null,
    received: Number.isNaN(mean) ? null : mean,
    block:
      pooled && shown !== null && shown >= 0
        ? { p: shown, queries: page.rowFactor, keys: page.columnFactor }
        : null,
  };
}

function figuresText(figures: CellFigures): string {
  return [
    cellWords(figures.p),
    figures.rank ? `rank ${figures.rank.rank} of ${figures.rank.of}` : "",
    figures.received === null ? "" : `received ${probability(figures.received)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The cell that the tooltip speaks of: under the pointer, else the keyboard's. */
function place(state: AppState, byKeyboard: boolean): { query: number; key: number } | null {
  const { hover } = state;
  if (hover.query !== null && hover.key !== null) return { query: hover.query, key: hover.key };
  const query = byKeyboard ? activeQuery(state) : null;
  const key = byKeyboard ? activeKey(state) : null;
  return query === null || key === null ? null : { query, key };
}

export function tooltip(
  state: AppState,
  layout: MapLayout,
  window: MapWindow,
  stage: { width: number; height: number },
  byKeyboard: boolean,
): TemplateResult | typeof nothing {
  const at = place(state, byKeyboard);
  const axes = axesOf(state);
  if (!at || !axes) return nothing;
  const figures = cellFigures(state, at.query, at.key);
  const size = cellSize(layout, window);
  const left = layout.left + edge(at.key, window.keyStart, window.keyEnd, layout.width);
  const top = layout.top + edge(at.query, window.queryStart, window.queryEnd, layout.height);
  // Beside the cell where the pane has room, so that it is never cut and covers as little as it can.
  const toLeft = left + size.x + 8 + WIDEST > stage.width && left - 8 > stage.width - left - size.x;
  const above = top + size.y / 2 > stage.height / 2;
  const style = {
    ...(toLeft ? { right: `${stage.width - left + 8}px` } : { left: `${left + size.x + 8}px` }),
    ...(above ? { bottom: `${stage.height - top + 6}px` } : { top: `${top + size.y + 6}px` }),
  };
  return html`<div class="tip" style=${styles(style)}>
    <b>${token(axes.query, at.query)} → ${token(axes.key, at.key)}</b>
    <div>${figuresText(figures)}</div>
    ${
      figures.block
        ? html`<div class="of-block">
            max ${probability(figures.block.p)} in ${figures.block.queries} × ${figures.block.keys}
          </div>`
        : nothing
    }
  </div>`;
}

/** What the hidden cursor cell reads: query, key, value, rank. */
export function cursorSentence(state: AppState): string {
  const query = activeQuery(state);
  const key = activeKey(state);
  const axes = axesOf(state);
  if (query === null || key === null || !axes) return "";
  const figures = cellFigures(state, query, key);
  const rank = figures.rank ? `, rank ${figures.rank.rank} of ${figures.rank.of}` : "";
  return `${token(axes.query, query)}, ${token(axes.key, key)}, ${cellWords(figures.p)}${rank}`;
}
