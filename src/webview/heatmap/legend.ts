/** The legend under the map: colour bar with three ticks, what is clipped, masked and flagged. */
import { html, nothing, type TemplateResult } from "lit";
import { styles } from "../styles-directive";
import { probability } from "../../shared/format";
import type { Page } from "../../shared/page";
import { cssColour, tableColour } from "../../shared/colour-maps";
import { type ColourRange, type ScaleName, valueAt } from "../../shared/colour-scale";
import { warningIcon } from "../icons";
import { isPooled } from "../selectors";
import { cellsAbove, pageFacts } from "./page-facts";

const STOPS = 16;

function gradient(table: Uint8Array): string {
  const stops = Array.from({ length: STOPS + 1 }, (_, stop) =>
    cssColour(tableColour(table, Math.round((stop / STOPS) * 255))),
  );
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** "9 cells above p99, max 0.83". */
function clipNote(range: ColourRange, page: Page, whole: boolean): string {
  if (!range.clipped) return "";
  const above = whole && !isPooled(page) ? cellsAbove(page, range.end) : null;
  const cells = above === null ? "cells" : `${above} ${above === 1 ? "cell" : "cells"}`;
  return `${cells} above p99, max ${probability(range.maximum)}`;
}

export function legend(options: {
  table: Uint8Array;
  range: ColourRange;
  scale: ScaleName;
  page: Page;
  /** Whether the page covers the whole map. */
  whole: boolean;
}): TemplateResult {
  const { table, range, scale, page, whole } = options;
  const { masked, flagged } = pageFacts(page);
  const clipped = clipNote(range, page, whole);
  const ticks = [scale === "log" ? `≤ ${probability(valueAt(0, range.end, scale))}` : "0"].concat(
    probability(valueAt(0.5, range.end, scale)),
    probability(range.end),
  );
  return html`<div class="legend">
    <span>probability</span>
    <span class="scale">
      <span class="bar" style=${styles({ "background-image": gradient(table) })}></span>
      <span class="ticks">${ticks.map((tick) => html`<span>${tick}</span>`)}</span>
    </span>
    ${clipped ? html`<span class="clipped">${clipped}</span>` : nothing}
    ${masked > 0 ? html`<span class="key"><span class="swatch hatch"></span>masked</span>` : nothing}
    ${
      flagged > 0
        ? html`<span class="key warning"
            >${warningIcon()}<span class="swatch flag"></span>NaN in ${flagged}
            ${flagged === 1 ? "cell" : "cells"}</span
          >`
        : nothing
    }
  </div>`;
}
