/** What is drawn over and beside the map: rulers, segment boundaries, outlines of query and key, printed values. */
import { nothing, svg, type SVGTemplateResult } from "lit";
import { styles } from "../styles-directive";
import type { Page, RowQuery } from "../../shared/page";
import type { MapWindow } from "../state";
import { cssColour, inkOn, tableColour } from "../../shared/colour-maps";
import type { ScaleName } from "../../shared/colour-scale";
import { colourIndex, denseCellFigure, isMasked } from "../cell-kinds";
import { segmentColour, type Theme } from "../theme";
import type { Box } from "./heatmap-gestures";
import { cellSize, edge, type MapLayout, VALUE_CELL } from "./heatmap-layout";
import type { Ruler, RulerSegment } from "../../shared/rulers";
import { textWidth } from "./label-room";

/** Thickness of a segment's band, and the distance of labels to what is beside them, px. */
const BAND = 3;
const GAP = 4;
/** Room for a segment's name beside its band, px. */
const NAME_ROOM = 13;
const SEGMENT_FONT = 10;

/** Width of a ruler whose longest token label needs `room` px: name, band, labels. */
export function rulerDepth(room: number, hasSegments: boolean): number {
  return (hasSegments ? NAME_ROOM + BAND + GAP : 0) + room + GAP;
}

function nameFits(segment: RulerSegment, theme: Theme): boolean {
  return textWidth(segment.name, `${SEGMENT_FONT}px ${theme.fontFamily}`) <= segment.to - segment.from - 2;
}

/** The ruler on the left, from outside in: names turned, bands, labels ending at the map. */
export function leftRuler(
  layout: MapLayout,
  ruler: Ruler,
  depth: number,
  theme: Theme,
  active: RowQuery | null,
): SVGTemplateResult {
  const isActive = (index: number) =>
    active !== null && typeof active !== "number" ? active.includes(index) : index === active;
  const bandX = layout.left - depth + NAME_ROOM;
  return svg`<g class="ruler left">
    ${ruler.segments.map((segment) => {
      const middle = layout.top + (segment.from + segment.to) / 2;
      return svg`<rect class="band" x=${bandX} y=${layout.top + segment.from} width=${BAND}
          height=${segment.to - segment.from} fill=${segmentColour(theme, segment.role)}><title>${segment.name}</title></rect>
        ${nameFits(segment, theme) ? svg`<text class="segment" text-anchor="middle" transform="translate(${bandX - 4} ${middle}) rotate(-90)">${segment.name}</text>` : nothing}`;
    })}
    ${ruler.labels.map(
      (label) =>
        svg`<text class=${isActive(label.index) ? "active" : ""} text-anchor="end" dominant-baseline="central"
          x=${layout.left - GAP} y=${layout.top + label.at}>${label.text}</text>`,
    )}
  </g>`;
}

/** The ruler on top, from outside in: names, bands, labels turned and ending at the map. */
export function topRuler(
  layout: MapLayout,
  ruler: Ruler,
  depth: number,
  theme: Theme,
  active: number | null,
): SVGTemplateResult {
  const bandY = layout.top - depth + NAME_ROOM;
  return svg`<g class="ruler top">
    ${ruler.segments.map((segment) => {
      const middle = layout.left + (segment.from + segment.to) / 2;
      return svg`<rect class="band" x=${layout.left + segment.from} y=${bandY} width=${segment.to - segment.from}
          height=${BAND} fill=${segmentColour(theme, segment.role)}><title>${segment.name}</title></rect>
        ${nameFits(segment, theme) ? svg`<text class="segment" text-anchor="middle" x=${middle} y=${bandY - 4}>${segment.name}</text>` : nothing}`;
    })}
    ${ruler.labels.map(
      (label) =>
        svg`<text class=${label.index === active ? "active" : ""} dominant-baseline="central"
          transform="translate(${layout.left + label.at} ${layout.top - GAP}) rotate(-90)">${label.text}</text>`,
    )}
  </g>`;
}

/** Lines where a segment begins. */
export function boundaries(layout: MapLayout, query: Ruler, key: Ruler): SVGTemplateResult {
  return svg`<g>
    ${query.segments
      .filter((segment) => segment.begins)
      .map(({ from }) => {
        const y = layout.top + Math.round(from) + 0.5;
        return svg`<line class="boundary" x1=${layout.left} x2=${layout.left + layout.width} y1=${y} y2=${y}></line>`;
      })}
    ${key.segments
      .filter((segment) => segment.begins)
      .map(({ from }) => {
        const x = layout.left + Math.round(from) + 0.5;
        return svg`<line class="boundary" x1=${x} x2=${x} y1=${layout.top} y2=${layout.top + layout.height}></line>`;
      })}
  </g>`;
}

function clipped(from: number, to: number, length: number): [number, number] | null {
  const start = Math.max(0, from);
  const size = Math.min(length, to) - start;
  return size > 0 ? [start, size] : null;
}

/** Neighbouring queries as half-open runs. */
function runsOf(queries: readonly number[]): [start: number, end: number][] {
  const runs: [number, number][] = [];
  for (const query of queries) {
    const last = runs.at(-1);
    if (last?.[1] === query) last[1] = query + 1;
    else runs.push([query, query + 1]);
  }
  return runs;
}

/** Outlines of the query's row, or of the rows whose mean is shown, and of the key's column. */
export function outlines(
  layout: MapLayout,
  window: MapWindow,
  place: { query: RowQuery | null; key: number | null },
): SVGTemplateResult {
  const queries = place.query === null ? [] : typeof place.query === "number" ? [place.query] : place.query;
  const rows = runsOf(queries).flatMap(([start, end]) => {
    const from = edge(start, window.queryStart, window.queryEnd, layout.height);
    const to = edge(end, window.queryStart, window.queryEnd, layout.height);
    const row = clipped(from, to, layout.height);
    return row ? [row] : [];
  });
  const column =
    place.key === null
      ? null
      : clipped(
          edge(place.key, window.keyStart, window.keyEnd, layout.width),
          edge(place.key + 1, window.keyStart, window.keyEnd, layout.width),
          layout.width,
        );
  return svg`
    ${column ? svg`<rect class="column-outline" x=${layout.left + column[0] - 0.5} y=${layout.top - 0.5} width=${column[1] + 1} height=${layout.height + 1}></rect>` : nothing}
    ${rows.map((row) => svg`<rect class="row-outline" x=${layout.left - 1} y=${layout.top + row[0] - 1} width=${layout.width + 2} height=${row[1] + 2}></rect>`)}`;
}

export function boxOutline(layout: MapLayout, box: Box): SVGTemplateResult {
  return svg`<rect class="box" x=${layout.left + box.x} y=${layout.top + box.y} width=${box.width} height=${box.height}></rect>`;
}

/** Values printed in cells that are large enough; masked cells stay hatched and empty. */
export function values(
  layout: MapLayout,
  window: MapWindow,
  page: Page,
  colours: { theme: Theme; table: Uint8Array; end: number; scale: ScaleName },
): SVGTemplateResult | typeof nothing {
  const size = cellSize(layout, window);
  if (Math.min(size.x, size.y) < VALUE_CELL || page.rowFactor > 1 || page.columnFactor > 1) return nothing;
  const cells = new Float32Array(page.cells);
  const texts: SVGTemplateResult[] = [];
  const lastQuery = Math.min(page.queryEnd, Math.ceil(window.queryEnd));
  const lastKey = Math.min(page.keyEnd, Math.ceil(window.keyEnd));
  for (let query = Math.max(page.queryStart, Math.floor(window.queryStart)); query < lastQuery; query++) {
    for (let key = Math.max(page.keyStart, Math.floor(window.keyStart)); key < lastKey; key++) {
      const p = cells[(query - page.queryStart) * page.columns + key - page.keyStart] ?? Number.NaN;
      if (isMasked(p, page.what)) continue;
      const x = edge(key + 0.5, window.keyStart, window.keyEnd, layout.width);
      const y = edge(query + 0.5, window.queryStart, window.queryEnd, layout.height);
      // A value whose middle is outside would be cut.
      if (x < 10 || y < 5 || x > layout.width - 10 || y > layout.height - 5) continue;
      const ink = Number.isFinite(p)
        ? cssColour(inkOn(tableColour(colours.table, colourIndex(p, page.what, colours, colours.scale))))
        : cssColour(colours.theme.warning);
      texts.push(
        svg`<text text-anchor="middle" dominant-baseline="central" x=${layout.left + x} y=${layout.top + y}
          style=${styles({ fill: ink })}>${denseCellFigure(p, page.what)}</text>`,
      );
    }
  }
  return svg`<g class="values">${texts}</g>`;
}
