/** Styles of what is drawn over and beside maps: rulers, outlines, margins. */
import { css } from "lit";

export const overlayStyles = css`
  svg.overlay {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    overflow: hidden;
    pointer-events: none;
  }
  svg.overlay text {
    fill: var(--vscode-descriptionForeground);
    font-size: 9px;
  }
  svg.overlay text.segment {
    fill: var(--vscode-foreground);
  }
  svg.overlay text.active {
    fill: var(--vscode-foreground);
    font-weight: 700;
  }
  .boundary {
    stroke: var(--vscode-foreground);
    stroke-opacity: 0.22;
  }
  .row-outline,
  .column-outline,
  .box {
    fill: none;
    stroke: var(--vscode-focusBorder);
    stroke-width: 2;
  }
  .column-outline {
    stroke: var(--vscode-foreground);
    stroke-width: 1;
  }
  .box {
    stroke-dasharray: 4 2;
  }
  .margin .bars {
    fill: var(--vscode-foreground);
    fill-opacity: 0.6;
  }
  .margin .own {
    fill: var(--vscode-contrastActiveBorder, var(--vscode-textLink-foreground));
  }
  .margin .axis {
    stroke: var(--vscode-foreground);
    stroke-opacity: 0.2;
  }
  .margin .half {
    stroke: var(--vscode-foreground);
    stroke-opacity: 0.5;
    stroke-dasharray: 1 3;
  }
  .margin .masked {
    stroke: var(--vscode-descriptionForeground);
  }
  .margin .flagged {
    fill: var(--vscode-editorWarning-foreground);
    pointer-events: auto;
  }
`;
