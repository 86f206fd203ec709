/** An input that is made up: its seed, and the sizes that the model leaves open. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ModelSummary } from "../../shared/model";
import type { Session } from "../session";
import { baseStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { CHOSEN, formStyles } from "./form.styles";
import { inputOf } from "./runs";

/** Names of the sizes that the inputs leave open, each once; sums of others follow from these. */
export function openSizes({ inputs }: Pick<ModelSummary, "inputs">): string[] {
  const dims = inputs.flatMap((input) => input.dims ?? []);
  const names = [...new Set(dims.filter((dim) => typeof dim === "string"))];
  const isTerm = (name: string): boolean =>
    /[-+*/() ]/.test(name) &&
    names.some((other) => other !== name && name.split(/[-+*/() ]+/).includes(other));
  return names.filter((name) => !isTerm(name));
}

@customElement("attention-made-up")
export class MadeUpElement extends LitElement {
  static override styles = [baseStyles, formStyles];

  @property({ attribute: false }) session!: Session;
  @state() private seed = 0;
  @state() private dims: Readonly<Record<string, number>> = {};

  override connectedCallback(): void {
    super.connectedCallback();
    const choice = inputOf(this.session.store.state)?.choice;
    this.seed = choice?.synthetic?.seed ?? 0;
    this.dims = choice?.dims ?? {};
  }

  protected override render(): TemplateResult | typeof nothing {
    const { document } = this.session.store.state;
    if (document?.status !== "ready") return nothing;
    const number = (event: Event): number => Math.max(0, Math.floor(Number(valueOf(event)) || 0));
    return html`<h3>Made up</h3>
      <p class="dim">
        Random values from the seed, fitted to name, type and shape of each input. The view and every export
        call it synthetic.
      </p>
      <div class="row">
        <label
          >seed
          <vscode-text-field
            class="number"
            aria-label="Seed of what is made up"
            .value=${String(this.seed)}
            @input=${(event: Event) => (this.seed = number(event))}
          ></vscode-text-field
        ></label>
        ${openSizes(document.model).map(
          (name) =>
            html`<label
              >${name}
              <vscode-text-field
                class="number"
                aria-label="Size ${name}"
                placeholder=${document.capture.recording.assumedSizes?.[name] ?? "auto"}
                .value=${this.dims[name] === undefined ? "" : String(this.dims[name])}
                @input=${(event: Event) => this.#size(name, valueOf(event))}
              ></vscode-text-field
            ></label>`,
        )}
        <vscode-button appearance="secondary" @click=${this.#run}>Run</vscode-button>
      </div>`;
  }

  #size(name: string, text: string): void {
    const rest = Object.fromEntries(Object.entries(this.dims).filter(([other]) => other !== name));
    const size = Math.floor(Number(text));
    this.dims = text.trim() === "" || !(size >= 0) ? rest : { ...rest, [name]: size };
  }

  #run = (): void => {
    const dims = Object.keys(this.dims).length > 0 ? { dims: { ...this.dims } } : {};
    const choice = { synthetic: { seed: this.seed }, ...dims };
    this.dispatchEvent(new CustomEvent(CHOSEN, { detail: choice, bubbles: true, composed: true }));
  };
}
