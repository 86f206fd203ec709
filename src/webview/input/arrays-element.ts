/**
 * Recorded arrays: a file that is chosen or dropped. Where it does not give every input by name, or on request, a table
 * says which array each input is given; what is suggested there is marked, and nothing runs before it is asked for.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ArrayChoice } from "../../shared/array-mapping";
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import { suggestArrays } from "../../shared/suggest-arrays";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { baseStyles, tableStyles } from "../styles";
import { setValue } from "../toolkit-values";
import { arrayTable, arrayTableStyles, type Given, openInputs, type Rows } from "./array-table";
import { CHOSEN, formStyles } from "./form.styles";
import { inputOf } from "./runs";

@customElement("attention-arrays")
export class ArraysElement extends LitElement {
  static override styles = [
    baseStyles,
    tableStyles,
    formStyles,
    arrayTableStyles,
    css`
      .drop {
        border: 1px dashed transparent;
        border-radius: 3px;
      }
      .drop.over {
        border-color: var(--vscode-focusBorder);
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @state() private list: ArrayChoice | null = null;
  @state() private chosen: Rows["chosen"] = new Map();
  @state() private problem: string | null = null;
  @state() private over = false;
  /** What the mapping is of: a file, or the recording that is shown. */
  #of: InputChoice = {};
  /** Grows with every question, so that only the last is answered. */
  #asked = 0;

  protected override render(): TemplateResult {
    const { state } = this.session.store;
    const from = captureOf(state)?.input.from;
    return html`<div
      class="drop ${this.over ? "over" : ""}"
      @dragover=${this.#dragged}
      @dragleave=${() => (this.over = false)}
      @drop=${this.#dropped}
    >
      <h3>Arrays</h3>
      <p class="dim">
        npz, npy, safetensors, JSON or CSV, chosen or dropped here; or <code>meta/info.json</code> of a
        LeRobot data set.
      </p>
      <div class="row">
        <vscode-button appearance="secondary" @click=${() => void this.#browse()}
          >Choose a file…</vscode-button
        >
        ${
          from === "file" || from === "manifest"
            ? html`<vscode-button
                appearance="secondary"
                title="Say which array of the recording that is shown each input is given"
                @click=${() => void this.#mapShown()}
                >Map arrays…</vscode-button
              >`
            : nothing
        }
        ${
          inputOf(state)?.choice
            ? html`<vscode-button appearance="secondary" @click=${() => this.#choose(null)}
                >Back to the model's own input</vscode-button
              >`
            : nothing
        }
      </div>
      ${this.list ? this.#table(this.list) : nothing}
      <div role="status">
        ${this.problem === null ? nothing : html`<p class="problem">${this.problem}</p>`}
      </div>
    </div>`;
  }

  #table(list: ArrayChoice): TemplateResult {
    const missing = openInputs(list, this.chosen).length;
    const rows: Rows = {
      list,
      chosen: this.chosen,
      choose: (input, array) => this.#give(input, array),
    };
    return html`<p>
        <b>${list.name}</b>
        ${
          list.remembered
            ? html`is given as was chosen for ${list.remembered.from}.`
            : html`has ${list.arrays.length + list.left} arrays. Say which one each input is given; it is
              remembered for files with arrays of the same names.`
        }
      </p>
      ${arrayTable(rows)}
      <div class="row">
        <vscode-button ?disabled=${missing > 0 || this.problem !== null} @click=${this.#run}
          >Run</vscode-button
        >
        ${missing > 0 ? html`<span class="dim">${missing} still to choose</span>` : nothing}
      </div>`;
  }

  /** The toolkit's dropdowns keep their own value. */
  protected override updated(): void {
    for (const { name } of this.list?.inputs ?? [])
      setValue(this.renderRoot, `[data-input="${CSS.escape(name)}"]`, this.chosen.get(name)?.array ?? "");
  }

  async #browse(): Promise<void> {
    await this.#take(() => this.session.host.calls.browse({ kind: "arrays" }));
  }

  #dragged = (event: DragEvent): void => {
    event.preventDefault();
    this.over = true;
  };

  #dropped = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    const [file] = event.dataTransfer?.files ?? [];
    if (file)
      void this.#take(async () =>
        this.session.host.calls.keepFile({ name: file.name, bytes: await file.arrayBuffer() }),
      );
  };

  /** Runs a file whose arrays are called as the inputs are, or were mapped before; else asks. */
  async #take(path: () => Promise<string | null>): Promise<void> {
    await this.#guarded(async (isLast) => {
      const file = await path();
      if (file === null) return;
      const list = await this.session.host.calls.listArrays({ file });
      if (!isLast()) return;
      if (list.remembered) this.#choose({ file, arrays: { ...list.remembered.arrays } });
      else if (list.problem === null) this.#choose({ file });
      else this.#show(list, { file });
    });
  }

  /** The recording that is shown, with its mapping. */
  async #mapShown(): Promise<void> {
    await this.#guarded(async (isLast) => {
      const shown = inputOf(this.session.store.state)?.choice ?? {};
      const list = await this.session.host.calls.listArrays({
        file: shown.file ?? null,
        ...(shown.arrays ? { arrays: shown.arrays } : {}),
      });
      if (isLast()) this.#show(list, shown);
    });
  }

  /** The table, with what is given by name or was mapped before; for the rest what is suggested. */
  #show(list: ArrayChoice, of: InputChoice): void {
    const mapped = of.arrays ?? list.remembered?.arrays ?? {};
    const suggested = suggestArrays(list);
    const names = new Set(list.arrays.map(({ name }) => name));
    this.#of = of;
    this.list = list;
    this.chosen = new Map(
      list.inputs.flatMap(({ name, own }): (readonly [string, { array: string; by: Given }])[] => {
        const before = mapped[name];
        if (before !== undefined && names.has(before))
          return [[name, { array: before, by: of.arrays ? "hand" : "remembered" }]];
        if (own !== null) return [[name, { array: own, by: "own" }]];
        const proposal = suggested.get(name);
        return proposal ? [[name, proposal]] : [];
      }),
    );
    void this.#check();
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector(".arrays + .row")?.scrollIntoView({ block: "nearest" }),
    );
  }

  #give(input: string, array: string): void {
    if (array === (this.chosen.get(input)?.array ?? "")) return;
    const chosen = new Map(this.chosen);
    const own = this.list?.inputs.find(({ name }) => name === input)?.own;
    if (array === "") chosen.delete(input);
    else chosen.set(input, { array, by: array === own ? "own" : "hand" });
    this.chosen = chosen;
    void this.#check();
  }

  /** Whether the arrays go together, as far as types and shapes tell. */
  async #check(): Promise<void> {
    const { list } = this;
    if (!list || openInputs(list, this.chosen).length > 0) {
      this.#asked += 1;
      this.problem = null;
      return;
    }
    await this.#guarded(async (isLast) => {
      const { problem } = await this.session.host.calls.listArrays({
        file: this.#of.file ?? null,
        arrays: this.#mapping(),
      });
      if (isLast()) this.problem = problem;
    });
  }

  /** Inputs whose array is called otherwise. */
  #mapping(): Record<string, string> {
    const own = new Map(this.list?.inputs.map(({ name, own: called }) => [name, called]));
    return Object.fromEntries(
      [...this.chosen].flatMap(([input, { array }]) => (own.get(input) === array ? [] : [[input, array]])),
    );
  }

  async #guarded(act: (isLast: () => boolean) => Promise<void>): Promise<void> {
    const asked = ++this.#asked;
    const isLast = (): boolean => asked === this.#asked;
    try {
      this.problem = null;
      await act(isLast);
    } catch (thrown) {
      if (isLast()) this.problem = AttentionError.wrap(thrown).message;
    }
  }

  #run = (): void => this.#choose({ ...this.#of, arrays: this.#mapping() });

  #choose(choice: InputChoice | null): void {
    this.dispatchEvent(new CustomEvent(CHOSEN, { detail: choice, bubbles: true, composed: true }));
  }
}
