/** Styles of the Inspector. */
import { css } from "lit";

export const inspectorStyles = css`
  :host {
    display: block;
    height: 100%;
    min-height: 0;
    min-width: 0;
    container-type: inline-size;
  }
  .body {
    flex: 1;
    min-height: 0;
    padding: 0 10px 4px;
    overflow-y: auto;
    scrollbar-width: thin;
  }
  h3 {
    margin: 0;
    font-size: 11px;
    font-weight: 600;
  }
  .figures {
    margin: 0;
  }
  .figure {
    display: grid;
    grid-template-columns: 78px minmax(0, 1fr);
    align-items: center;
    min-height: 20px;
    font-size: 11px;
  }
  dt {
    color: var(--vscode-descriptionForeground);
  }
  dd {
    display: flex;
    gap: 4px;
    align-items: center;
    justify-content: end;
    min-width: 0;
    margin: 0;
  }
  .number {
    white-space: nowrap;
  }
  .number b {
    font-weight: 600;
  }
  .reason {
    flex: none;
    width: 76px;
    font-size: 10px;
    line-height: 12px;
  }
  .strip {
    flex: none;
    width: 72px;
  }
  .strip .all {
    stroke: var(--vscode-foreground);
    stroke-opacity: 0.28;
  }
  .strip .own {
    stroke: var(--vscode-contrastActiveBorder, var(--vscode-textLink-foreground));
    stroke-width: 2.5;
  }
  .role,
  .query,
  h3 {
    margin-top: 6px;
    padding-top: 6px;
    border-top: 1px solid var(--vscode-panel-border);
  }
  .role {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 6px;
    align-items: center;
    font-size: 11px;
  }
  .role h3 {
    margin: 0;
    padding: 0;
    border: 0;
    color: var(--vscode-descriptionForeground);
    font-weight: 400;
  }
  /* The toolkit's tag writes a style attribute, which the content security policy refuses. */
  .tag {
    padding: 2px 6px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 2px;
    background: var(--vscode-badge-background);
    color: var(--vscode-badge-foreground);
  }
  .query,
  .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: 11px;
  }
  .keys li {
    display: grid;
    grid-template-columns: 3px minmax(40px, 1fr) 38px minmax(30px, 1.4fr);
    gap: 6px;
    align-items: center;
    min-height: 18px;
  }
  .keys .number {
    text-align: right;
  }
  .keys .active .name {
    font-weight: 600;
  }
  .band {
    height: 11px;
  }
  .track {
    height: 8px;
  }
  .track span {
    display: block;
    height: 100%;
    background: color-mix(in srgb, var(--vscode-foreground) 62%, transparent);
  }
  .fidelity li {
    display: flex;
    gap: 6px;
    padding: 2px 0;
    overflow-wrap: anywhere;
  }
  .fidelity .icon {
    width: 12px;
    height: 14px;
  }
  .fidelity .good .icon {
    color: var(--vscode-charts-green);
  }
  .fidelity .warning {
    color: var(--vscode-foreground);
  }
  .fidelity .warning .icon {
    color: var(--vscode-editorWarning-foreground);
  }
  .fidelity .info {
    color: var(--vscode-descriptionForeground);
  }
  .actions {
    display: flex;
    flex: none;
    gap: 6px;
    padding: 6px 10px 8px;
  }
  vscode-button {
    --button-padding-vertical: 3px;
    --type-ramp-base-font-size: 11px;
  }
  p {
    margin: 4px 0;
    font-size: 11px;
  }
  .short li {
    min-height: 18px;
    white-space: nowrap;
  }
  :host([short]) .body {
    padding: 4px 6px;
    border-left: 1px solid var(--vscode-panel-border);
    overflow: hidden auto;
  }
  :host([short]) h3:first-child {
    margin-top: 0;
    padding-top: 0;
    border: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  :host([short]) .keys li {
    grid-template-columns: 3px minmax(0, 1fr) max-content;
    gap: 4px;
  }
  :host([short]) .track {
    display: none;
  }
  @container (min-width: 520px) {
    .figures {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(220px, 1fr));
      gap: 0 20px;
    }
    .keys {
      max-width: 420px;
    }
  }
`;
