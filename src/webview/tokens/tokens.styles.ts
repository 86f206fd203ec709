/** Styles of the Tokens pane. */
import { css } from "lit";

export const tokensStyles = css`
  :host {
    display: block;
    height: 100%;
    min-height: 0;
    min-width: 0;
  }
  .header b {
    color: var(--vscode-foreground);
    font-weight: 600;
  }
  .header .detail {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .switch {
    font-size: 11px;
    white-space: nowrap;
  }
  .body {
    flex: 1;
    min-height: 0;
    padding: 0 8px;
    /* Whole lines: what does not fit is scrolled to, never cut through. */
    border-bottom: 8px solid transparent;
    overflow-y: auto;
  }
  .list {
    line-height: 22px;
    outline-offset: 1px;
  }
  .axis {
    display: inline-block;
    margin-right: 6px;
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
  }
  .segment {
    display: inline-block;
    height: 18px;
    margin-right: 4px;
    padding-left: 5px;
    border-left: 3px solid;
    color: var(--vscode-foreground);
    font-size: 11px;
    line-height: 17px;
    vertical-align: middle;
    white-space: nowrap;
  }
  /* A band or a name stays with its first token. */
  .pair {
    display: inline-block;
    max-width: 100%;
    white-space: nowrap;
  }
  .segment.means {
    cursor: pointer;
  }
  .segment.again {
    margin-right: 0;
    padding: 0;
  }
  .token {
    display: inline-block;
    min-width: 20px;
    max-width: 100%;
    height: 20px;
    padding: 0 5px;
    overflow: hidden;
    border: 1px solid transparent;
    border-radius: 2px;
    font-size: 11px;
    line-height: 18px;
    text-align: center;
    text-overflow: ellipsis;
    unicode-bidi: isolate;
    vertical-align: middle;
    white-space: nowrap;
    cursor: pointer;
  }
  .token:hover {
    border-color: var(--vscode-descriptionForeground);
  }
  .token.key {
    border-color: var(--vscode-foreground);
  }
  .token.query {
    border-color: var(--vscode-focusBorder);
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .token.pinned {
    font-weight: 600;
  }
  .token.masked {
    color: var(--vscode-descriptionForeground);
    text-decoration: line-through;
  }
  .token b {
    font-weight: 600;
  }
  .gap {
    display: inline-block;
    padding: 0 4px;
    color: var(--vscode-descriptionForeground);
    font-size: 11px;
    white-space: nowrap;
  }
`;
