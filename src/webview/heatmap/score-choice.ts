/** Probabilities or scores: the choice in the Heatmap's header, and what must be said where there are no scores. */
import { html, nothing, type TemplateResult } from "lit";
import type { CapturedSite } from "../../shared/capture";
import { type CellKind, cellKinds } from "../../shared/page";
import { cellKindLabels, cellKindOf, isScore } from "../cell-kinds";
import { infoIcon, warningIcon } from "../icons";
import { captureOf, holds, shownCells } from "../selectors";
import type { Session } from "../session";
import type { AppState } from "../state";
import { keepKeys, valueOf } from "../toolkit-values";

/** Whether there is anything to choose: scores that were captured, or a host that can capture them. */
function offersScores(session: Session): boolean {
  const sites = captureOf(session.store.state)?.sites ?? [];
  return session.host.capturesScores || sites.some((site) => site.scores?.before ?? site.scores?.after);
}

/** What the choice stands at: what is shown, or on its way. */
export function chosenCells(state: AppState): CellKind {
  return state.scoring.running ? state.view.cells : shownCells(state);
}

export function scoreChoice(session: Session): TemplateResult | typeof nothing {
  const { state } = session.store;
  if (!offersScores(session)) return nothing;
  const chosen = chosenCells(state);
  return html`<vscode-dropdown
    class="cells small"
    aria-label="What the map shows"
    title="Probabilities, or the scores before the softmax: captured when they are asked for"
    ?disabled=${state.scoring.running}
    @keydown=${keepKeys}
    @change=${(event: Event) => {
      const cells = cellKindOf(valueOf(event));
      if (cells && cells !== chosenCells(session.store.state)) session.showCells(cells);
    }}
  >
    ${cellKinds.map(
      (kind) =>
        html`<vscode-option value=${kind} ?selected=${kind === chosen}
          >${cellKindLabels[kind]}</vscode-option
        >`,
    )}
  </vscode-dropdown>`;
}

/** Why the map shows probabilities although scores were asked for; how far a capture of them is. */
export function scoreNote(session: Session, site: CapturedSite): TemplateResult {
  const { scoring, view } = session.store.state;
  const missing = isScore(view.cells) && site.scores !== null && !holds(site, view.cells);
  const told = scoring.running
    ? {
        icon: infoIcon(),
        words: "Capturing again with the scores; the map stays as it is until they are there.",
      }
    : scoring.problem !== null
      ? { icon: warningIcon(), words: `The scores could not be captured. ${scoring.problem}` }
      : missing
        ? {
            icon: infoIcon(),
            words: `No ${cellKindLabels[view.cells]} at this site: probabilities are shown. ${site.scores?.reason ?? ""}`,
          }
        : null;
  return html`<div class="notes" aria-live="polite">
    ${told ? html`<div class="note score">${told.icon}<span>${told.words}</span></div>` : nothing}
  </div>`;
}
