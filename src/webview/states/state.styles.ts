/** Styles of the screens that are shown in place of the views. */
import { css } from "lit";

export const stateStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    overflow-y: auto;
  }
  .top {
    display: flex;
    flex: none;
    align-items: center;
    gap: 8px;
    min-height: 36px;
    padding: 0 10px;
    border-bottom: 1px solid var(--vscode-panel-border);
  }
  .top h1 {
    min-width: 0;
    margin: 0;
    overflow: hidden;
    font-size: 12px;
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .top .detail {
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
    white-space: nowrap;
  }
  .content {
    display: flex;
    flex: 1;
    flex-direction: column;
    gap: 12px;
    max-width: 620px;
    padding: 18px 22px;
  }
  .wide {
    max-width: 900px;
  }
  h2 {
    margin: 0;
    font-size: 15px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  h3 {
    margin: 6px 0 0;
    font-size: 11px;
    font-weight: 600;
  }
  p {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 4px 16px;
    margin: 0;
  }
  dt {
    color: var(--vscode-descriptionForeground);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    padding-top: 8px;
  }
  .code {
    font-family: var(--vscode-editor-font-family, monospace);
  }
`;
