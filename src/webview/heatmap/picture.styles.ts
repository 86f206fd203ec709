/** Styles of a picture of cells in its stage: canvas, tooltip and legend. */
import { css } from "lit";

export const pictureStyles = css`
  .stage {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: hidden;
  }
  .stage:focus-visible {
    outline-offset: -2px;
  }
  .picture canvas {
    display: block;
    width: 100%;
    height: 100%;
    image-rendering: pixelated;
  }
  .tip {
    position: absolute;
    z-index: 1;
    max-width: 260px;
    padding: 4px 8px;
    border: 1px solid var(--vscode-editorHoverWidget-border);
    border-radius: 3px;
    background: var(--vscode-editorHoverWidget-background);
    color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
    font-size: 11px;
    line-height: 1.5;
    overflow-wrap: anywhere;
    pointer-events: none;
  }
  .tip b {
    font-weight: 600;
  }
  .tip .of-block {
    color: var(--vscode-descriptionForeground);
  }
  .legend {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: start;
    justify-content: center;
    gap: 2px 14px;
    min-height: 32px;
    padding: 2px 10px 4px;
    color: var(--vscode-descriptionForeground);
    font-size: 10px;
    line-height: 12px;
  }
  .legend .scale {
    width: 120px;
  }
  .legend .bar {
    display: block;
    height: 10px;
    outline: 1px solid var(--vscode-panel-border);
  }
  .legend .ticks {
    display: flex;
    justify-content: space-between;
    padding-top: 2px;
  }
  .legend .scale {
    position: relative;
  }
  .legend .key {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  .swatch {
    display: inline-block;
    width: 20px;
    height: 9px;
  }
  .swatch.hatch {
    background: repeating-linear-gradient(
      135deg,
      color-mix(in srgb, var(--vscode-foreground) 45%, transparent) 0 1px,
      transparent 1px 4px
    );
  }
  .swatch.flag {
    background: repeating-linear-gradient(
      45deg,
      var(--vscode-editorWarning-foreground) 0 1px,
      transparent 1px 4px
    );
  }
`;
