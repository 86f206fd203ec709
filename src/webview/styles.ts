/** Styles that panes share: theme variables only, measures of `mock/DESIGN.md`. */
import { css } from "lit";

export const baseStyles = css`
  :host {
    box-sizing: border-box;
    color: var(--vscode-foreground);
    font-family: var(--vscode-font-family, sans-serif);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
    line-height: 1.35;
  }
  * {
    box-sizing: border-box;
  }
  .icon {
    flex: none;
    vertical-align: -2px;
  }
  .dim {
    color: var(--vscode-descriptionForeground);
  }
  .warning {
    color: var(--vscode-editorWarning-foreground);
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    padding: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  /* What carries data keeps its colours; the words beside it say the same. */
  @media (forced-colors: active) {
    .bar,
    .swatch,
    .value,
    .band,
    .track span,
    .token {
      forced-color-adjust: none;
    }
    .selected::after {
      border-color: Highlight !important;
    }
  }
  /* The toolkit keeps 1 em between a value and its arrow, which the value needs. */
  vscode-dropdown::part(indicator) {
    margin-inline-start: 2px;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
`;

export const paneStyles = css`
  .pane {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    min-width: 0;
  }
  .header {
    display: flex;
    flex: none;
    align-items: center;
    gap: 8px;
    min-height: 26px;
    padding: 3px 8px 3px 10px;
    font-size: 11px;
  }
  .header h2 {
    display: flex;
    flex: none;
    max-width: 50%;
    margin: 0;
    font-size: 11px;
    font-weight: 600;
    white-space: pre;
  }
  .header h2 .name {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .header .detail {
    flex: 0 1 auto;
    min-width: 0;
    color: var(--vscode-descriptionForeground);
    overflow-wrap: anywhere;
  }
  .header .space {
    flex: 1;
  }
`;

/** Buttons that are an icon or a word in a pane's header. */
export const quietButtonStyles = css`
  .quiet {
    display: inline-grid;
    flex: none;
    place-items: center;
    min-width: 22px;
    height: 20px;
    padding: 0 4px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 4px;
    background: none;
    color: var(--vscode-foreground);
    font: inherit;
    cursor: pointer;
  }
  .quiet:hover:not(:disabled) {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .quiet:disabled {
    color: var(--vscode-disabledForeground);
    cursor: default;
  }
`;

export const tableStyles = css`
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 11px;
  }
  th,
  td {
    height: 22px;
    padding: 2px 8px 2px 0;
    text-align: left;
    vertical-align: top;
    overflow-wrap: anywhere;
  }
  th {
    border-bottom: 1px solid var(--vscode-panel-border);
    color: var(--vscode-descriptionForeground);
    font-weight: 400;
    overflow-wrap: normal;
  }
  .number {
    text-align: right;
    overflow-wrap: normal;
  }
  .code {
    font-family: var(--vscode-editor-font-family, monospace);
  }
`;

/** A dropdown in the header of a pane. */
export const smallDropdownStyles = css`
  vscode-dropdown.small {
    --input-height: 20;
    --input-min-width: 60px;
    --dropdown-list-max-height: 320px;
    --type-ramp-base-font-size: 11px;
    --type-ramp-base-line-height: 14px;
    z-index: 2;
  }
`;

/** Native range inputs in the theme's variables: the toolkit has no slider. */
/** `--slider-track` paints the track. */
export const sliderStyles = css`
  input[type="range"] {
    height: 20px;
    margin: 0;
    background: transparent;
    appearance: none;
    cursor: pointer;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 2px;
    background: var(--slider-track, color-mix(in srgb, var(--vscode-foreground) 35%, transparent));
  }
  input[type="range"]::-webkit-slider-thumb {
    width: 10px;
    height: 14px;
    margin-top: -6px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 2px;
    background: var(--vscode-foreground);
    appearance: none;
  }
  input[type="range"]:focus-visible::-webkit-slider-thumb {
    background: var(--vscode-focusBorder);
  }
`;
