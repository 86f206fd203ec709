/** The legend under the map: colour bar with three ticks, what is clipped, masked and flagged. */
import { html, nothing, type TemplateResult } from "lit";
import { type ScaleName, valueAt } from "../../shared/colour-scale";
import { count, upTo } from "../../shared/format";
import type { CellKind, Page } from "../../shared/page";
import { cellFigure, cellKindLabels } from "../cell-kinds";
import { warningIcon } from "../icons";
import { isPooled } from "../selectors";
import type { Session } from "../session";
import { styles } from "../styles-directive";
import { gradient } from "./gradient";
import { cellsAbove, pageFacts } from "./page-facts";
import type { NamedRange } from "./range";
import "./range-handle";

/** "9 cells above p99, max 0.83"; of scores "9 cells beyond ±p99, largest 12.3". */
function clipNote(range: NamedRange, what: CellKind, page: Page | null, whole: boolean): string {
  if (!range.clipped) return "";
  const above = page && whole && !isPooled(page) ? cellsAbove(page, range.end) : null;
  const cells = above === null ? "cells" : `${count(above)} ${above === 1 ? "cell" : "cells"}`;
  const most = cellFigure(range.maximum, what);
  if (!range.signed) return `${cells} above ${range.name}, max ${most}`;
  return `${cells} beyond ${range.name === "p99" ? "±p99" : range.name}, largest ${most.replace("+", "±")}`;
}

export interface LegendOptions {
  readonly session: Session;
  readonly table: Uint8Array;
  readonly range: NamedRange;
  readonly scale: ScaleName;
  /** What the colours stand for. */
  readonly what: CellKind;
  /** What is shown; null for all heads side by side. */
  readonly page: Page | null;
  /** Whether the page covers the whole map. */
  readonly whole: boolean;
  /** Rows of the head that hold NaN or do not sum to 1, and rows that see no key. */
  readonly rowsFlagged: number;
  /** Whether any head side by side has masked cells. */
  readonly masked: boolean;
  /** How far above its place the legend is drawn, px. */
  readonly raised: number;
}

export function legend(options: LegendOptions): TemplateResult {
  const { session, table, range, scale, what, page, whole, rowsFlagged } = options;
  const { masked, flagged } = page ? pageFacts(page) : { masked: 0, flagged: 0 };
  const clipped = clipNote(range, what, page, whole);
  const ticks = range.signed
    ? [-range.end, 0, range.end].map((value) => cellFigure(value, what))
    : [
        scale === "log" ? upTo(valueAt(0, range.end, scale)) : "0",
        cellFigure(valueAt(0.5, range.end, scale), what),
        cellFigure(range.end, what),
      ];
  const flags = [
    flagged > 0 ? `NaN in ${count(flagged)} ${flagged === 1 ? "cell" : "cells"}` : "",
    rowsFlagged > 0 ? `${count(rowsFlagged)} ${rowsFlagged === 1 ? "row does" : "rows do"} not sum to 1` : "",
  ].filter(Boolean);
  return html`<div
    class="legend"
    style=${styles(options.raised > 0 ? { transform: `translateY(${-options.raised}px)` } : {})}
  >
    <span>${cellKindLabels[what]}</span>
    <span class="scale">
      <span class="bar" style=${styles({ "background-image": gradient(table) })}></span>
      <span class="ticks">${ticks.map((tick) => html`<span>${tick}</span>`)}</span>
      <attention-range-handle .session=${session} .range=${range}></attention-range-handle>
    </span>
    ${clipped ? html`<span class="clipped">${clipped}</span>` : nothing}
    ${page === null ? html`<span>one scale for all heads, to ${range.name}</span>` : nothing}
    ${masked > 0 || options.masked ? html`<span class="key"><span class="swatch hatch"></span>masked</span>` : nothing}
    ${
      flags.length > 0
        ? html`<span class="key warning"
            >${warningIcon()}${flagged > 0 ? html`<span class="swatch flag"></span>` : nothing}${flags.join(", ")}</span
          >`
        : nothing
    }
  </div>`;
}
