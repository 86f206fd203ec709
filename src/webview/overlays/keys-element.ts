/** The map of the keyboard. Keys of commands are the defaults: they are VS Code keybindings and can be rebound. */
import { css, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { OverlayElement } from "./overlay-element";

interface KeyRow {
  readonly keys: string;
  readonly does: string;
}

const groups: readonly { readonly title: string; readonly rows: readonly KeyRow[] }[] = [
  {
    title: "Panes",
    rows: [
      { keys: "F6 · Shift F6", does: "next, previous pane; Tab moves inside" },
      { keys: "I", does: "choose the input" },
      { keys: ", · .", does: "previous, next time step" },
      { keys: "Space", does: "play the steps, and stop" },
      { keys: "Ctrl F", does: "find a head or a token" },
      { keys: "T", does: "the numbers behind the picture as a table" },
      { keys: "?", does: "this list" },
    ],
  },
  {
    title: "Heads",
    rows: [
      { keys: "] · [", does: "next, previous head" },
      { keys: "Shift ] · Shift [", does: "next, previous layer" },
      { keys: "G", does: "go to a head by its name" },
      { keys: "A", does: "one head, or all heads side by side" },
      { keys: "Shift M", does: "mean over the heads" },
      { keys: "Alt ← · Alt →", does: "back to the place before, and forth" },
      { keys: "← → ↑ ↓", does: "in the Overview: head and layer; with Ctrl the focus alone" },
      { keys: "Space", does: "in the Overview: put a head into the mean, or take it out" },
    ],
  },
  {
    title: "Map and tokens",
    rows: [
      { keys: "← → ↑ ↓", does: "key and query" },
      { keys: "Home · End", does: "first, last key" },
      { keys: "Page Up · Down", does: "segment before, after" },
      { keys: "Enter · Esc", does: "pin, let go" },
      { keys: "Shift Enter", does: "in Tokens: the mean over the queries of the segment" },
      { keys: "+ · − · 0", does: "zoom in, out, the whole map" },
      { keys: "Shift + arrows", does: "pan" },
      { keys: "Ctrl + wheel", does: "zoom about the pointer" },
      { keys: "Shift + drag", does: "zoom to a box" },
    ],
  },
  {
    title: "How it is shown",
    rows: [
      { keys: "M", does: "next metric" },
      { keys: "S", does: "next colour scale" },
      { keys: "K", does: "next colour map" },
      { keys: "E", does: "export a figure" },
      { keys: "F12", does: "the line of your code that computes it" },
    ],
  },
];

@customElement("attention-keys")
export class KeysElement extends OverlayElement {
  static override styles = [
    ...OverlayElement.styles,
    css`
      dialog {
        width: min(92vw, 720px);
      }
      .content {
        columns: 300px;
        column-gap: 28px;
      }
      section {
        break-inside: avoid;
        margin-bottom: 10px;
      }
      h3 {
        margin: 0 0 4px;
        font-size: 11px;
        font-weight: 600;
      }
      dl {
        display: grid;
        grid-template-columns: 130px minmax(0, 1fr);
        gap: 3px 10px;
        margin: 0;
        font-size: 11px;
      }
      dt {
        font-weight: 600;
      }
      dd {
        margin: 0;
        color: var(--vscode-descriptionForeground);
      }
      p {
        margin: 0;
        padding: 0 10px 10px;
        color: var(--vscode-descriptionForeground);
        font-size: 11px;
      }
    `,
  ];

  protected override render(): TemplateResult {
    return this.dialog(
      "Keys",
      "",
      html`<div class="content" tabindex="0">
          ${groups.map(
            ({ title, rows }) =>
              html`<section>
                <h3>${title}</h3>
                <dl>
                  ${rows.map(
                    ({ keys, does }) =>
                      html`<dt>${keys}</dt>
                        <dd>${does}</dd>`,
                  )}
                </dl>
              </section>`,
          )}
        </div>
        <p>Keys of commands can be changed in VS Code's Keyboard Shortcuts: look for “Attention”.</p>`,
    );
  }
}
