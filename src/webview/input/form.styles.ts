/** Styles of the forms in the Input dialog. */
import { css } from "lit";

export const formStyles = css`
  h3 {
    margin: 0 0 6px;
    font-size: 12px;
    font-weight: 600;
  }
  p {
    margin: 4px 0;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    margin: 6px 0;
  }
  .row label {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .number {
    --input-min-width: 60px;
    width: 84px;
  }
  .list + h3 {
    margin-top: 12px;
  }
  vscode-text-area {
    width: 100%;
  }
  vscode-text-field.wide {
    flex: 1;
    min-width: 160px;
  }
  .problem {
    color: var(--vscode-errorForeground);
  }
`;

/** What a form tells the dialog when an input was chosen in it. */
export const CHOSEN = "chosen";
