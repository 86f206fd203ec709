/** The words of the status bar item for each state of a model. */
import { type Capture, phaseLabels, providerLabels } from "../shared/capture";
import type { DocumentState } from "../shared/document";
import { describe } from "../shared/errors";
import { count } from "../shared/format";

export interface StatusText {
  readonly text: string;
  /** Lines of the tooltip, as plain text. */
  readonly tooltip: readonly string[];
  /** What a click does. */
  readonly command: "attentionLens.selectProvider" | "attentionLens.showLog" | "workbench.trust.manage";
  readonly accessibleName: string;
}

function headCount(capture: Capture): string {
  const heads = capture.sites.reduce((sum, site) => sum + site.heads, 0);
  return `${count(heads)} ${heads === 1 ? "head" : "heads"}`;
}

/** Milliseconds of the run alone, as a person would say them: `41 ms`, `1.9 s`. */
function runTime(capture: Capture): string | undefined {
  const ms = capture.phases.find((phase) => phase.name === "run")?.ms;
  if (ms === undefined || ms === null) return undefined;
  if (ms < 1) return "<1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function item(
  icon: string,
  words: string,
  tooltip: readonly string[],
  command: StatusText["command"],
): StatusText {
  const said = `Attention: ${words}`;
  return { text: `$(${icon}) ${said}`, tooltip, command, accessibleName: said };
}

export function statusText(state: DocumentState): StatusText {
  switch (state.status) {
    case "opening": {
      const active = state.phases.find((phase) => phase.state === "active");
      const words = active ? `${phaseLabels[active.name].toLowerCase()} …` : "opening …";
      return item("loading~spin", words, [`Opening ${state.name}`], "attentionLens.showLog");
    }
    case "ready": {
      const { provider, phases } = state.capture;
      const used = providerLabels[provider.used];
      const fallback = provider.refused.length > 0 || provider.advice !== null;
      const words = [headCount(state.capture), used, runTime(state.capture)].filter(Boolean).join(", ");
      const total = phases.reduce((sum, phase) => sum + (phase.ms ?? 0), 0);
      const tooltip = [
        `${state.name}: ${words}; ${Math.round(total)} ms in all`,
        ...provider.refused.map(({ name, reason }) => `${providerLabels[name]} was not used: ${reason}`),
        ...(provider.advice === null ? [] : [provider.advice]),
        ...(state.stale === null ? [] : [state.stale]),
        "Select to choose a provider.",
      ];
      const icon = state.stale !== null ? "sync" : fallback ? "warning" : "table";
      return item(icon, words, tooltip, "attentionLens.selectProvider");
    }
    case "error": {
      const { title, detail, fix } = describe(state.error);
      const icon = state.error.code === "cancelled" ? "circle-slash" : "error";
      const lines = [`${state.name}: ${title}`, detail, fix].filter((line) => line !== "");
      return item(icon, title, lines, "attentionLens.showLog");
    }
    case "plan":
      return item(
        "question",
        "a large run, not begun",
        [`${state.name}: the run is large; the view says what it would take.`],
        "attentionLens.showLog",
      );
    case "empty":
      return item(
        "circle-slash",
        "none found",
        [`No attention found in ${state.name}`],
        "attentionLens.showLog",
      );
    case "restricted":
      return item(
        "shield",
        "restricted",
        [`${state.name}: this workspace is not trusted, so nothing is run.`],
        "workbench.trust.manage",
      );
  }
}
