/** Styles of the heads side by side. */
import { css } from "lit";
import { TILE_TITLE } from "./tiles-layout";

export const tilesStyles = css`
  :host {
    position: relative;
    display: block;
    flex: 1;
    min-height: 0;
    overflow: hidden;
  }
  .picture {
    position: absolute;
  }
  .picture canvas {
    display: block;
    width: 100%;
    height: 100%;
    image-rendering: pixelated;
  }
  .tile {
    position: absolute;
    display: flex;
    flex-direction: column;
    align-items: stretch;
    justify-content: start;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    font-size: 10px;
    line-height: ${TILE_TITLE}px;
    text-align: left;
    cursor: pointer;
  }
  .tile .title {
    display: flex;
    gap: 6px;
    height: ${TILE_TITLE}px;
    overflow: hidden;
    white-space: nowrap;
  }
  .tile .icon {
    width: 11px;
    height: 11px;
    margin-top: 2px;
    color: var(--vscode-editorWarning-foreground);
  }
  .tile.selected .title {
    font-weight: 600;
  }
  .tile::after {
    position: absolute;
    inset: ${TILE_TITLE - 1}px -1px -1px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    content: "";
  }
  .tile:hover::after {
    border-color: var(--vscode-foreground);
  }
  .tile.selected::after {
    border: 2px solid var(--vscode-focusBorder);
  }
`;
