/** Styles of the Toolbar. */
import { css } from "lit";

export const toolbarStyles = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
    min-height: 36px;
    padding: 4px 8px 4px 10px;
    white-space: nowrap;
  }
  .toolbar > * {
    flex: none;
  }
  .toolbar > h1 {
    flex: 0 3 auto;
  }
  h1 {
    min-width: 40px;
    max-width: 200px;
    margin: 0;
    overflow: hidden;
    font-size: 12px;
    font-weight: 600;
    text-overflow: ellipsis;
  }
  .toolbar > .space {
    flex: 1;
  }
  vscode-dropdown {
    --input-height: 24;
    --input-min-width: 60px;
    --dropdown-list-max-height: 320px;
    --type-ramp-base-font-size: 12px;
    --type-ramp-base-line-height: 16px;
    z-index: 2;
  }
  vscode-dropdown.metric {
    width: 176px;
  }
  vscode-checkbox {
    --type-ramp-base-font-size: 12px;
    margin: 0;
  }
  vscode-checkbox::part(label) {
    margin-inline-end: 0;
    padding-inline-start: 6px;
  }
  .group,
  .slider,
  .input {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
  }
  .word {
    color: var(--vscode-descriptionForeground);
  }
  .toolbar > .input {
    flex: 0 1 auto;
    min-width: 56px;
    overflow: hidden;
    color: inherit;
    font: inherit;
  }
  .input .name {
    max-width: 190px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  output {
    min-width: 14px;
  }
  input[type="range"] {
    width: 72px;
  }
  .provider {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    height: 20px;
    padding: 0 8px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 10px;
    background: var(--vscode-badge-background);
    color: var(--vscode-badge-foreground);
    font: inherit;
    font-size: 11px;
    cursor: pointer;
  }
  output {
    max-width: 60px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  /* In one row as long as names can give way. */
  @container (min-width: 720px) {
    .toolbar:not(.runs) {
      flex-wrap: nowrap;
    }
  }
  h1 span {
    display: block;
    max-width: 200px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  /*
   * What steps and a scrub ask for may be more than names can give: then a second row, never a lost control. Names are
   * as short as they can be when rows are made, and take what is left of their row.
   */
  @container (min-width: 1260px) {
    .runs > h1 {
      flex: 1000 1 40px;
      max-width: max-content;
    }
    .runs > .input {
      flex: 1000 1 56px;
      max-width: max-content;
    }
  }
  /* Steps have words of their own. */
  @container (max-width: 1640px) {
    .runs .input .word,
    .runs .metric .word,
    .runs .slider.head {
      display: none;
    }
  }
  @container (max-width: 1260px) {
    .input .word,
    .metric .word,
    .runs .travel {
      display: none;
    }
    vscode-dropdown.metric {
      width: 164px;
    }
    input[type="range"] {
      width: 52px;
    }
  }
  @container (max-width: 1060px) {
    .travel {
      display: none;
    }
    .toolbar {
      column-gap: 7px;
    }
    .input .name {
      max-width: 84px;
    }
    h1 {
      max-width: 120px;
    }
    input[type="range"] {
      width: 40px;
    }
  }
  /* Heads and layers are chosen in the Overview, which is always there. */
  @container (max-width: 960px) {
    .slider.head {
      display: none;
    }
    .toolbar {
      padding-right: 4px;
      padding-left: 8px;
      column-gap: 6px;
    }
  }
  @container (max-width: 560px) {
    .mean {
      display: none;
    }
    .input .name {
      max-width: 60px;
    }
    h1 {
      max-width: 80px;
    }
  }
`;
