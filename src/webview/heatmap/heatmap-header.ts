/** The header of the Heatmap: which map this is, where it is computed, one head or all, and the zoom. */
import { html, nothing, type TemplateResult } from "lit";
import type { CapturedSite } from "../../shared/capture";
import type { Page } from "../../shared/page";
import { headTitle, siteShape } from "../../shared/site-names";
import { minusIcon, plusIcon, warningIcon } from "../icons";
import { unproven } from "../inspector/fidelity";
import { viewed } from "../reducers";
import { pinnedMeanWords } from "../row-words";
import { isPooled } from "../selectors";
import type { Session } from "../session";
import type { MapWindow } from "../state";
import { pageFacts } from "./page-facts";
import { scoreChoice } from "./score-choice";
import { gridShape, showsGrid, windowChoice } from "./window-choice";

export interface HeaderOptions {
  readonly session: Session;
  readonly site: CapturedSite;
  readonly title: string;
  /** What is shown; null while nothing is, and for all heads side by side. */
  readonly page: Page | null;
  readonly window: MapWindow;
  zoomOut(): void;
  zoomIn(): void;
  fit(): void;
}

/** "queries 3–12, keys 0–9": the visible cells. */
function windowText(window: MapWindow): string {
  const range = (start: number, end: number): string => `${Math.floor(start)}–${Math.ceil(end) - 1}`;
  return `queries ${range(window.queryStart, window.queryEnd)}, keys ${range(window.keyStart, window.keyEnd)}`;
}

/** Last part of a path. */
function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

export function heatmapHeader(options: HeaderOptions): TemplateResult {
  const { session, site, title, page, window } = options;
  const { view, selection, tiles } = session.store.state;
  const all = view.heads === "all";
  const shown = all ? [...tiles.values()] : page ? [page] : [];
  const onGrid = showsGrid(session.store.state);
  const detail = [
    onGrid ? gridShape(session.store.state) : siteShape(site),
    shown.some((one) => pageFacts(one).masked > 0) ? "masked" : "",
    page && isPooled(page) ? `${page.pooling} of ${page.rowFactor} × ${page.columnFactor}` : "",
    view.window && !all && !onGrid ? windowText(window) : "",
    pinnedMeanWords(session.store.state),
  ]
    .filter(Boolean)
    .join(", ");
  return html`<div class="header">
    <h2 title=${site.name}>
      <span class="name">${title}</span
      ><span> · ${all ? `all ${site.heads} heads` : headTitle(selection.head, site)}</span>
    </h2>
    ${
      unproven(site)
        ? html`<span class="warning" title=${site.note ?? "This map is rebuilt and not proven."}
            >${warningIcon()}<span class="visually-hidden">not proven</span></span
          >`
        : nothing
    }
    <span class="detail" title=${detail}>${detail}</span>
    <span class="space"></span>
    ${site.source && session.host.commands.includes("goToSource") ? sourceLink(session, site.source) : nothing}
    ${windowChoice(session)} ${scoreChoice(session)} ${site.heads > 1 ? modes(session, all) : nothing}
    ${all || onGrid ? nothing : zoom(options)}
  </div>`;
}

function sourceLink(session: Session, source: { file: string; line: number }): TemplateResult {
  return html`<vscode-link
    class="source"
    href="#"
    title="Go to ${source.file}:${source.line} (F12)"
    @click=${(event: Event) => {
      event.preventDefault();
      session.run("goToSource");
    }}
    >${fileName(source.file)}:${source.line}</vscode-link
  >`;
}

function modes(session: Session, all: boolean): TemplateResult {
  const choose = (heads: "one" | "all"): void => session.store.update((state) => viewed(state, { heads }));
  return html`<span class="modes" role="group" aria-label="Heads shown">
    <button aria-pressed=${!all} title="The selected head" @click=${() => choose("one")}>
      One<span class="rest"> head</span>
    </button>
    <button aria-pressed=${all} title="All heads of this site on one scale" @click=${() => choose("all")}>
      All<span class="rest">&nbsp;heads</span>
    </button>
  </span>`;
}

function zoom(options: HeaderOptions): TemplateResult {
  const zoomed = options.session.store.state.view.window !== null;
  return html`<button
      class="quiet zoom"
      aria-label="Zoom out"
      title="Zoom out (−)"
      ?disabled=${!zoomed}
      @click=${options.zoomOut}
    >
      ${minusIcon()}
    </button>
    <button class="quiet zoom" title="Show the whole map (0)" ?disabled=${!zoomed} @click=${options.fit}>
      fit
    </button>
    <button class="quiet zoom" aria-label="Zoom in" title="Zoom in (+)" @click=${options.zoomIn}>
      ${plusIcon()}
    </button>`;
}
