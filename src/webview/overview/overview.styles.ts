/** Styles of the Overview. */
import { css } from "lit";

export const overviewStyles = css`
  :host {
    display: block;
    height: 100%;
    min-height: 0;
    min-width: 0;
  }
  .header {
    gap: 4px;
  }
  vscode-dropdown.order {
    flex: 0 1 108px;
    min-width: 80px;
  }
  .header .detail {
    white-space: nowrap;
  }
  .filter {
    --input-height: 22;
    --input-min-width: 40px;
    --type-ramp-base-font-size: 11px;
    flex: none;
    margin: 0 8px 4px 10px;
  }
  .stage {
    position: relative;
    flex: 1;
    min-height: 0;
    margin: 0 4px 0 10px;
    overflow: hidden;
  }
  canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    image-rendering: pixelated;
  }
  .scroller {
    position: absolute;
    inset: 0;
    overflow: hidden auto;
    scrollbar-width: thin;
  }
  .grid {
    position: relative;
  }
  .row {
    position: absolute;
    right: 0;
    left: 0;
    margin-top: 2px;
    pointer-events: none;
  }
  .title {
    padding-top: 3px;
    overflow: hidden;
    font-size: 10px;
    line-height: 14px;
    text-overflow: ellipsis;
    white-space: nowrap;
    pointer-events: auto;
  }
  .title b {
    font-weight: 400;
  }
  .layer {
    position: absolute;
    top: 0;
    bottom: 14px;
    left: 0;
    display: grid;
    align-items: center;
    color: var(--vscode-descriptionForeground);
    font-size: 9px;
    pointer-events: auto;
  }
  .head {
    position: absolute;
    top: 0;
    bottom: 0;
    display: flex;
    align-items: end;
    cursor: pointer;
    pointer-events: auto;
  }
  .head::after {
    position: absolute;
    inset: 0;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    content: "";
    pointer-events: none;
  }
  .head:hover::after {
    border-color: var(--vscode-foreground);
  }
  .head.selected::after {
    inset: -1px;
    z-index: 1;
    border: 2px solid var(--vscode-focusBorder);
  }
  .head:focus-visible {
    z-index: 1;
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .value {
    flex: 1;
    overflow: hidden;
    font-size: 9.5px;
    line-height: 14px;
    text-align: center;
    white-space: nowrap;
  }
  .strip .value {
    font-size: 9px;
  }
  .flag {
    position: absolute;
    top: 0;
    right: 0;
    background: var(--vscode-editor-background);
    color: var(--vscode-editorWarning-foreground);
    line-height: 0;
  }
  .flag .icon {
    width: 10px;
    height: 10px;
  }
  .single .head {
    right: 6px;
    left: 0;
    gap: 8px;
    align-items: center;
  }
  .single .picture {
    flex: none;
  }
  .single .name {
    flex: 0 1 auto;
    min-width: 0;
    overflow: hidden;
    font-size: 11px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .single .number {
    flex: 1;
    margin-left: -4px;
    font-size: 11px;
    white-space: nowrap;
  }
  .single .flag {
    position: static;
    background: none;
  }
  .single .value {
    flex: none;
    width: 44px;
    font-size: 10px;
    line-height: 16px;
  }
  .none {
    position: absolute;
    margin: 8px 6px;
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
    overflow-wrap: anywhere;
  }
  .metric-legend {
    display: flex;
    flex: none;
    gap: 8px;
    align-items: start;
    padding: 6px 10px 4px;
    color: var(--vscode-descriptionForeground);
    font-size: 10px;
    line-height: 12px;
  }
  .ends {
    flex: 1;
    min-width: 30px;
  }
  .bar {
    display: block;
    height: 10px;
    outline: 1px solid var(--vscode-panel-border);
  }
  .ticks {
    display: flex;
    justify-content: space-between;
    padding-top: 1px;
  }
  .strip .stage {
    margin: 0 4px;
  }
  .strip .metric-legend {
    flex-direction: column;
    gap: 2px;
    align-items: stretch;
    padding: 4px;
  }
`;
