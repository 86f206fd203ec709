/** Where the panes lie. */
import { css } from "lit";

export const workbenchStyles = css`
  :host {
    display: block;
    min-height: 0;
    overflow: hidden;
  }
  .panes {
    display: grid;
    height: 100%;
    min-height: 0;
  }
  .wide {
    grid-template:
      "overview map inspector" minmax(0, 1fr)
      "overview tokens inspector" var(--tokens)
      "dock dock dock" var(--dock)
      / var(--overview) minmax(0, 1fr) var(--inspector);
  }
  .medium {
    grid-template:
      "overview map" minmax(0, 1fr)
      "overview tokens" var(--tokens)
      "dock dock" var(--dock)
      / var(--overview) minmax(0, 1fr);
  }
  .narrow {
    grid-template: "overview tabs" minmax(0, 1fr) / var(--overview) minmax(0, 1fr);
  }
  .tiny {
    grid-template: "overview" clamp(70px, 26%, 150px) "tabs" minmax(0, 1fr) / minmax(0, 1fr);
  }
  .tiny .at-tabs {
    border-top: 1px solid var(--vscode-panel-border);
  }
  .pane {
    min-width: 0;
    min-height: 0;
    overflow: hidden;
  }
  .at-overview {
    grid-area: overview;
  }
  .at-map {
    grid-area: map;
  }
  .at-tokens {
    grid-area: tokens;
  }
  .words {
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    min-width: 0;
    min-height: 0;
    overflow: hidden;
  }
  .with-frames {
    grid-template-columns: fit-content(55%) minmax(0, 1fr);
  }
  .with-frames > attention-tokens {
    border-left: 1px solid var(--vscode-panel-border);
  }
  .at-inspector {
    grid-area: inspector;
  }
  .at-dock {
    grid-area: dock;
  }
  .at-tabs {
    grid-area: tabs;
  }
  .pane.at-overview {
    border-right: 1px solid var(--vscode-panel-border);
  }
  .pane.at-inspector {
    border-left: 1px solid var(--vscode-panel-border);
  }
  .words,
  .pane.at-dock {
    border-top: 1px solid var(--vscode-panel-border);
  }
  .splitter.at-overview {
    justify-self: end;
    margin-right: -3px;
  }
  .splitter.at-inspector {
    justify-self: start;
    margin-left: -3px;
  }
  .splitter.at-tokens,
  .splitter.at-dock {
    align-self: start;
    margin-top: -3px;
  }
`;
