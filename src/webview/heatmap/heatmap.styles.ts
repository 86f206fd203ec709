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
  .cells,
  .windows {
    flex: 0 1 138px;
    min-width: 96px;
  }
  .windows {
    flex-basis: 104px;
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
    flex-shrink: 1000;
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
    /* Title and choices in two lines rather than over what stands beside the map. */
    .header {
      flex-wrap: wrap;
      row-gap: 2px;
    }
    .cells {
      flex: 0 1 124px;
    }
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
`;
