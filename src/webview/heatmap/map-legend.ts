/** The legend of what the Heatmap shows: of one head's page, or of all heads on one scale. */
import { html, type TemplateResult } from "lit";
import type { CapturedSite } from "../../shared/capture";
import { mapColours } from "../cell-kinds";
import { shownCells } from "../selectors";
import type { Session } from "../session";
import type { Theme } from "../theme";
import type { MapLayout } from "./heatmap-layout";
import { legend } from "./legend";
import type { Shown } from "./map-picture";
import { pageFacts } from "./page-facts";
import { siteRange } from "./range";

export interface MapLegend {
  readonly session: Session;
  readonly site: CapturedSite;
  readonly shown: Shown | null;
  /** All heads side by side. */
  readonly all: boolean;
  readonly theme: Theme;
  readonly layout: MapLayout | null;
  /** Height of the stage, px. */
  readonly height: number;
}

export function mapLegend(options: MapLegend): TemplateResult {
  const { session, site, shown, all, theme, height } = options;
  const { state } = session.store;
  const range = all ? siteRange(state) : (shown?.range ?? null);
  // Its room is kept from the start, so that the first page is asked for once.
  if (!range) return html`<div class="legend"></div>`;
  const page = shown?.page ?? null;
  const what = page?.what ?? (all ? shownCells(state) : "probability");
  const layout = all ? null : options.layout;
  const covers = (start: number, end: number, count: number): boolean => end - start >= count;
  return legend({
    ...{ session, range, scale: state.view.scale, page, what },
    table: mapColours(what, state.view.colourMap, theme.light),
    whole:
      page !== null &&
      covers(page.queryStart, page.queryEnd, site.queries) &&
      covers(page.keyStart, page.keyEnd, site.keys),
    masked: all && [...state.tiles.values()].some((tile) => pageFacts(tile).masked > 0),
    rowsFlagged: shown?.profile.figures.rowsFlagged ?? 0,
    // Close under a map that does not fill its stage.
    raised: layout ? Math.max(0, height - layout.top - layout.height - 8) : 0,
  });
}
