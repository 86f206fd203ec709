/** Styles of the heatmap pane. */
import { css } from "lit";

export const heatmapStyles = css`
  :host {
    display: block;
    height: 100%;
    min-height: 0;
    min-width: 0;
    container-type: inline-size;
  }
  .source {
    flex: none;
    --type-ramp-base-font-size: 11px;
    --type-ramp-base-line-height: 16px;
  }
  .cells {
    flex: none;
    width: 138px;
  }
  .modes {
    display: inline-flex;
    flex: none;
    border: 1px solid var(--vscode-dropdown-border, var(--vscode-contrastBorder, transparent));
    border-radius: 3px;
  }
  .modes button {
    height: 18px;
    padding: 0 7px;
    border: 0;
    background: none;
    color: var(--vscode-foreground);
    font: inherit;
    white-space: nowrap;
    cursor: pointer;
  }
  .modes button[aria-pressed="true"] {
    background: var(--vscode-list-inactiveSelectionBackground);
    color: var(--vscode-foreground);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .header .detail {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  attention-minimap[corner="top-right"] {
    top: 4px;
    right: 4px;
  }
  attention-minimap[corner="top-left"] {
    top: 4px;
    left: 4px;
  }
  attention-minimap[corner="bottom-right"] {
    right: 4px;
    bottom: 4px;
  }
  attention-minimap[corner="bottom-left"] {
    bottom: 4px;
    left: 4px;
  }
  @container (max-width: 620px) {
    .modes .rest {
      display: none;
    }
  }
  @container (max-width: 420px) {
    .header .detail,
    .header .source,
    .header .zoom {
      display: none;
    }
  }
  .notes {
    flex: none;
    max-height: 48px;
    overflow-y: auto;
  }
  .note {
    display: flex;
    flex: none;
    gap: 6px;
    padding: 0 10px 2px;
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
  }
  .note .icon {
    margin-top: 1px;
    color: var(--vscode-editorWarning-foreground);
  }
  .stage {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: hidden;
  }
  .stage:focus-visible {
    outline-offset: -2px;
  }
  .map {
    position: absolute;
    cursor: crosshair;
    touch-action: none;
  }
  .map.zoomed {
    cursor: grab;
  }
  .picture {
    width: 100%;
    height: 100%;
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
