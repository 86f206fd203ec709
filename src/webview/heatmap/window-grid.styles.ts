/** Styles of the grid of windows. */
import { css } from "lit";

export const windowGridStyles = css`
  :host {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-height: 0;
  }
  .stage {
    cursor: crosshair;
  }
  .picture {
    position: absolute;
  }
  .window {
    stroke: var(--vscode-foreground);
    stroke-opacity: 0.7;
  }
`;
