/** The tooltip: `query → key`, probability, rank, received. */
import { html, nothing, type TemplateResult } from "lit";
import { styles } from "../styles-directive";
import { probability } from "../../shared/format";
import { blockWords, type CellFigures, cellFigures, cellWords, scoreWords, token } from "../cell-words";
import { activeKey, activeQuery, axesOf } from "../selectors";
import type { AppState, MapWindow } from "../state";
import { cellSize, edge, type MapLayout } from "./heatmap-layout";

/** Width that a tooltip may take, px; as in the pane's styles. */
const WIDEST = 260;

/** The drawn value first, where it is a block's and there will be no other. */
function figuresText(figures: CellFigures): string {
  return [
    figures.leftOut && figures.block ? blockWords(figures) : scoreWords(figures),
    figures.leftOut && figures.block ? "" : cellWords(figures),
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
        ? html`<div class="of-block">${figures.leftOut ? cellWords(figures) : blockWords(figures)}</div>`
        : nothing
    }
  </div>`;
}
