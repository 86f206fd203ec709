/** Styles of menus that open under a button of the Toolbar. */
import { css } from "lit";

export const menuStyles = css`
  :host {
    display: inline-flex;
  }
  [popover] {
    position: fixed;
    inset: auto;
    margin: 0;
    padding: 6px;
    overflow: visible;
    border: 1px solid
      var(--vscode-menu-border, var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)));
    border-radius: 4px;
    background: var(--vscode-menu-background);
    box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    color: var(--vscode-menu-foreground, var(--vscode-foreground));
    font-size: 12px;
  }
  .item {
    display: block;
    width: 100%;
    min-height: 22px;
    padding: 2px 12px;
    border: 0;
    border-radius: 3px;
    background: none;
    color: inherit;
    font: inherit;
    text-align: left;
    white-space: nowrap;
    cursor: pointer;
  }
  .item:hover,
  .item:focus-visible {
    background: var(--vscode-menu-selectionBackground, var(--vscode-list-activeSelectionBackground));
    color: var(--vscode-menu-selectionForeground, var(--vscode-list-activeSelectionForeground));
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  hr {
    margin: 4px 0;
    border: 0;
    border-top: 1px solid var(--vscode-menu-separatorBackground, var(--vscode-panel-border));
  }
`;
