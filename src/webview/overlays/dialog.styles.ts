/** Styles of what lies over the workbench: the browser's own modal dialog, which keeps the focus and gives it back. */
import { css } from "lit";

export const dialogStyles = css`
  dialog {
    display: flex;
    flex-direction: column;
    box-sizing: border-box;
    width: min(92vw, 900px);
    max-height: 88vh;
    padding: 0;
    overflow: hidden;
    border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent));
    border-radius: 4px;
    background: var(--vscode-editor-background);
    box-shadow: 0 2px 12px var(--vscode-widget-shadow, transparent);
    color: var(--vscode-foreground);
    font: inherit;
  }
  dialog:not([open]) {
    display: none;
  }
  dialog::backdrop {
    background: color-mix(in srgb, var(--vscode-editor-background) 55%, transparent);
  }
  dialog .header {
    flex-wrap: wrap;
    border-bottom: 1px solid var(--vscode-panel-border);
  }
  dialog .header h2 {
    display: block;
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  dialog .content {
    flex: 1;
    min-height: 0;
    padding: 10px;
    overflow: auto;
  }
`;
