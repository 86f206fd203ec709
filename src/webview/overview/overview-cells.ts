/** Rows of the Overview's grid: titles of components, heads, and rows of one head when sorted. */
import { html, nothing, type TemplateResult } from "lit";
import type { Capture } from "../../shared/capture";
import { cssColour, inkOn } from "../../shared/colour-maps";
import { type MetricName, metrics } from "../../shared/figures";
import type { Selection } from "../../shared/selection";
import { siteTitles } from "../../shared/site-names";
import { denseFigure, metricColour, metricFigure, metricRange, spokenFigure } from "../head-metrics";
import { spokenHead } from "../head-names";
import { warningIcon } from "../icons";
import { styles } from "../styles-directive";
import type { ListedHead } from "./overview-data";
import { type OverviewLayout, type OverviewRow, SINGLE_PICTURE } from "./overview-layout";

interface RowContext {
  readonly capture: Capture;
  readonly layout: OverviewLayout;
  /** Place of the row in the whole grid, from 1. */
  readonly index: number;
  readonly selection: Selection;
  readonly metric: MetricName;
  readonly focused: { readonly site: number; readonly head: number } | null;
  readonly chosen: (head: ListedHead, event: MouseEvent) => void;
}

/** Whether a head is the selected one, or one of those whose mean is shown. */
export function isSelected(selection: Selection, site: number, head: number): boolean {
  if (selection.site !== site) return false;
  if (selection.head === "mean") return true;
  return Array.isArray(selection.head) ? selection.head.includes(head) : selection.head === head;
}

export function gridRow(row: OverviewRow, context: RowContext): TemplateResult {
  const top = styles({ top: `${row.top}px`, height: `${row.height}px` });
  if (row.kind === "title") {
    return html`<div
      class="row title"
      role="row"
      aria-rowindex=${context.index}
      title=${row.detail ? `${row.title} ${row.detail}` : row.title}
      style=${top}
    >
      <span role="rowheader"><b>${row.title}</b> <span class="dim">${row.detail}</span></span>
    </div>`;
  }
  return html`<div class="row ${row.kind}" role="row" aria-rowindex=${context.index} style=${top}>
    ${row.layer ? html`<span class="layer" role="presentation" title="layer ${row.layer}">${row.layer}</span>` : nothing}
    ${row.boxes.map((box) => headCell(box.head, box.x, row, context))}
  </div>`;
}

function headCell(head: ListedHead, x: number, row: OverviewRow, context: RowContext): TemplateResult {
  const { capture, layout, metric, focused } = context;
  const site = capture.sites[head.site];
  if (!site) return html``;
  const range = metricRange(capture, context.selection.batch, metric);
  const known = head.value !== null && Number.isFinite(head.value);
  const colour = known ? metricColour(range, head.value ?? 0) : null;
  const colours = colour ? { "background-color": cssColour(colour), color: cssColour(inkOn(colour)) } : {};
  const spoken = `${spokenHead(site, head.head)}, ${spokenFigure(metric, head.value)}`;
  const flag = [head.role, head.flag].map((words) => (words ? `, ${words}` : "")).join("");
  const single = row.kind === "single";
  const size = single ? {} : { left: `${x}px`, width: `${layout.thumbnail.width}px` };
  const text =
    layout.figures === "full"
      ? metricFigure(metric, head.value)
      : layout.figures === "dense"
        ? denseFigure(metric, head.value)
        : "";
  const own = focused?.site === head.site && focused.head === head.head;
  return html`<div
    class="head ${isSelected(context.selection, head.site, head.head) ? "selected" : ""}"
    role="gridcell"
    tabindex=${own ? 0 : -1}
    aria-selected=${isSelected(context.selection, head.site, head.head)}
    aria-label=${single ? nothing : `${spoken}${flag}`}
    title="${spoken}${flag}"
    style=${styles(size)}
    @click=${(event: MouseEvent) => context.chosen(head, event)}
  >
    ${
      single
        ? html`<span class="picture" style=${styles({ width: `${SINGLE_PICTURE}px` })}></span
            ><span class="name">${siteTitles(capture.sites)[head.site]}</span>
            <span class="number"
              ><span aria-hidden="true">· </span><span class="visually-hidden">head </span>${head.head}<span
                class="visually-hidden"
                >, ${metrics[metric].label.toLowerCase()}${flag}</span
              ></span
            >`
        : nothing
    }
    ${head.flag ? html`<span class="flag">${warningIcon()}</span>` : nothing}
    <span class="value" style=${styles({ ...colours, ...(single ? {} : { height: `${layout.cell}px` }) })}
      >${text}</span
    >
  </div>`;
}
