/** What the tabs of dock and narrow panel hold, and what they are called. */
import { html, type TemplateResult } from "lit";
import "../entropy/entropy-element";
import "../entropy/layers-element";
import "../inspector/inspector-element";
import type { Session } from "../session";
import type { DockTab } from "../state";
import "../table/figures-table-element";

export const tabLabels: Record<DockTab, string> = {
  entropy: "Entropy",
  layers: "Layers",
  table: "Table",
  inspector: "Inspector",
};

/** A pane; `docked` puts its header into the strip of tabs, where there is room for it. */
export function paneOf(tab: DockTab, session: Session, docked = false): TemplateResult {
  switch (tab) {
    case "entropy":
      return html`<attention-entropy ?docked=${docked} .session=${session}></attention-entropy>`;
    case "layers":
      return html`<attention-layers ?docked=${docked} .session=${session}></attention-layers>`;
    case "table":
      return html`<attention-figures-table ?docked=${docked} .session=${session}></attention-figures-table>`;
    case "inspector":
      return html`<attention-inspector .session=${session}></attention-inspector>`;
  }
}
