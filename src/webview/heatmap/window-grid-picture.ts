/** What is drawn over the grid of windows: edges of windows, where the query lies in each, values, and the tooltip. */
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { TokenAxis } from "../../shared/capture";
import { cellOfToken, tokenOfCell, windowCount } from "../../shared/maps/window-grid";
import type { Windows } from "../../shared/model";
import type { Grid } from "../../shared/page";
import { ruler } from "../../shared/rulers";
import { cellFigure, cellKindLabels, isMasked, isScore } from "../cell-kinds";
import { isPooled, pageCell } from "../selectors";
import { styles } from "../styles-directive";
import type { Theme } from "../theme";
import { cellSize, edge, fullWindow, type MapLayout } from "./heatmap-layout";
import { leftRuler, topRuler } from "./heatmap-overlay";

/** Numbers along a side of the grid. */
export function gridSide(count: number): TokenAxis {
  const labels = Array.from({ length: count }, (_, index) => String(index));
  return { id: `side of ${count}`, labels, segments: [], segmentOf: [], from: "index" };
}

/** Places along a side where one window ends and the next begins. */
export function windowEdges(count: number, size: number, shift: number): number[] {
  const places = Array.from(
    { length: Math.floor(count / size) },
    (_, index) => (index * size + shift) % count,
  );
  return places.filter((place) => place > 0);
}

/** Rulers, edges of windows, and the cell of the query itself in each; of the selected window stronger. */
export function gridOverlay(
  layout: MapLayout,
  windows: Windows,
  place: { readonly window: number; readonly query: number | null },
  theme: Theme,
): SVGTemplateResult {
  const { gridHeight, gridWidth, windowHeight, windowWidth, shiftHeight, shiftWidth } = windows;
  // Of a window that is spread over the grid, lines stand between the stretches that hold one cell of each window.
  const high = windows.spreadHeight ? gridHeight / windowHeight : windowHeight;
  const wide = windows.spreadWidth ? gridWidth / windowWidth : windowWidth;
  const rows = ruler(gridSide(gridHeight), 0, gridHeight, layout.height);
  const columns = ruler(gridSide(gridWidth), 0, gridWidth, layout.width);
  const { query } = place;
  return svg`${leftRuler(layout, rows, 0, theme, null)} ${topRuler(layout, columns, 0, theme, null)}
    ${windowEdges(gridHeight, high, shiftHeight).map((at) => {
      const y = layout.top + Math.round(edge(at, 0, gridHeight, layout.height)) + 0.5;
      return svg`<line class="window" x1=${layout.left} x2=${layout.left + layout.width} y1=${y} y2=${y}></line>`;
    })}
    ${windowEdges(gridWidth, wide, shiftWidth).map((at) => {
      const x = layout.left + Math.round(edge(at, 0, gridWidth, layout.width)) + 0.5;
      return svg`<line class="window" x1=${x} x2=${x} y1=${layout.top} y2=${layout.top + layout.height}></line>`;
    })}
    ${
      query === null
        ? nothing
        : Array.from({ length: windowCount(windows) }, (_, window) =>
            queryCell(layout, windows, window, query, window === place.window),
          )
    }`;
}

function queryCell(
  layout: MapLayout,
  windows: Windows,
  window: number,
  query: number,
  own: boolean,
): SVGTemplateResult {
  const { row, column } = cellOfToken(windows, window, query);
  const size = cellSize(layout, fullWindow(windows.gridHeight, windows.gridWidth));
  return svg`<rect class=${own ? "row-outline" : "column-outline"} x=${layout.left + column * size.x}
    y=${layout.top + row * size.y} width=${Math.max(2, size.x)} height=${Math.max(2, size.y)}></rect>`;
}

/** Beside the cell, away from the nearer edges of the stage. */
export function gridTip(
  layout: MapLayout,
  windows: Windows,
  grid: Grid,
  at: { readonly row: number; readonly column: number },
  stage: { readonly width: number; readonly height: number },
): TemplateResult | typeof nothing {
  const value = pageCell(grid, at.row, at.column);
  if (value === null) return nothing;
  const { window, token } = tokenOfCell(windows, at.row, at.column);
  const size = cellSize(layout, fullWindow(windows.gridHeight, windows.gridWidth));
  const left = layout.left + at.column * size.x;
  const top = layout.top + at.row * size.y;
  const place = {
    ...(left > stage.width / 2
      ? { right: `${stage.width - left + 8}px` }
      : { left: `${left + size.x + 8}px` }),
    ...(top > stage.height / 2
      ? { bottom: `${stage.height - top + 6}px` }
      : { top: `${top + size.y + 6}px` }),
  };
  const figure = isMasked(value, grid.what) ? "masked" : cellFigure(value, grid.what);
  const name = isScore(grid.what) ? cellKindLabels[grid.what ?? "probability"] : "p";
  return html`<div class="tip" style=${styles(place)}>
    <b>row ${at.row}, column ${at.column}</b>
    <div>${figure === "masked" ? figure : `${name} ${figure}`} · key ${token} of window ${window}</div>
    ${
      isPooled(grid)
        ? html`<div class="of-block">${grid.pooling} of ${grid.rowFactor} × ${grid.columnFactor} cells</div>`
        : nothing
    }
  </div>`;
}
