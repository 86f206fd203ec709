/** Inputs of one number in the Toolbar: a slider for each, with its number beside it. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { AdjustableInput } from "../../shared/input-choice";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, sliderStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { inputOf, recordingOf } from "./runs";

/** A slider has come to rest, ms: then the model is run. */
const REST_MS = 150;

@customElement("attention-adjust")
export class AdjustElement extends LitElement {
  static override styles = [
    baseStyles,
    sliderStyles,
    css`
      :host {
        display: inline-flex;
        gap: 10px;
        min-width: 0;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        white-space: nowrap;
      }
      .word {
        color: var(--vscode-descriptionForeground);
      }
      input[type="range"] {
        width: 72px;
      }
      output {
        min-width: 34px;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  /** Values that were asked for and are not captured yet. */
  @state() private wanted: Readonly<Record<string, number>> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shown = "";

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document }) => [document],
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** What is captured, or cannot be, takes the place of what was asked for. */
  protected override willUpdate(): void {
    const input = inputOf(this.session.store.state);
    const shown = JSON.stringify([input?.choice, input?.running, input?.problem]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (!input?.running && this.#timer === undefined) this.wanted = {};
  }

  protected override render(): TemplateResult | typeof nothing {
    const inputs = recordingOf(this.session.store.state)?.adjustable ?? [];
    return inputs.length === 0 ? nothing : html`${inputs.map((input) => this.#slider(input))}`;
  }

  #slider({ input, name, from, to, step, unit, value }: AdjustableInput): TemplateResult {
    const now = this.wanted[input] ?? value;
    const words = `${Number(now.toPrecision(4))}${unit === "" ? "" : ` ${unit}`}`;
    return html`<label title="${name}: moving it runs the model on it">
      <span class="word">${name}</span>
      <input
        type="range"
        min=${from}
        max=${to}
        step=${step}
        aria-valuetext=${words}
        .value=${String(now)}
        @input=${(event: Event) => this.#move(input, Number(valueOf(event)))}
      />
      <output>${words}</output>
    </label>`;
  }

  #move(input: string, value: number): void {
    this.wanted = { ...this.wanted, [input]: value };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const choice = inputOf(this.session.store.state)?.choice;
      this.session.chooseInput({ ...choice, set: { ...choice?.set, ...this.wanted } });
    }, REST_MS);
  }
}
