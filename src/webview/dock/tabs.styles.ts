/** Styles of the toolkit's panels where they fill a pane. */
import { css } from "lit";

export const tabStyles = css`
  :host {
    display: block;
    height: 100%;
    min-width: 0;
    min-height: 0;
  }
  vscode-panels {
    --type-ramp-base-font-size: 11px;
    height: 100%;
    overflow: hidden;
    grid-template: 28px minmax(0, 1fr) / minmax(0, max-content) minmax(0, 1fr) auto;
  }
  vscode-panels::part(tablist) {
    column-gap: 16px;
    max-width: 100%;
    padding: 0 10px;
    overflow: auto hidden;
    scrollbar-width: none;
  }
  vscode-panels::part(tabpanel) {
    min-height: 0;
  }
  vscode-panel-tab {
    height: 26px;
    padding: 0;
  }
  vscode-panel-view {
    height: 100%;
    padding: 0;
    border: 0;
  }
  vscode-panel-view > * {
    flex: 1;
    min-width: 0;
  }
`;
