/** Inputs of one number in the Toolbar: for each a slider, and its number, which can be typed as well. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { AdjustableInput } from "../../shared/input-choice";
import { DocumentElement } from "../document-element";
import { closeIcon } from "../icons";
import { baseStyles, quietButtonStyles, sliderStyles } from "../styles";
import { TimerController } from "../timer-controller";
import { valueOf } from "../toolkit-values";
import { inputOf, recordingOf } from "./runs";

/** A slider has come to rest, ms: then the model is run. */
const REST_MS = 150;
/** Digits of a value that are shown. */
const DIGITS = 4;

@customElement("attention-adjust")
export class AdjustElement extends DocumentElement {
  static override styles = [
    baseStyles,
    quietButtonStyles,
    sliderStyles,
    css`
      :host {
        display: inline-flex;
        flex-wrap: wrap;
        gap: 4px 10px;
        min-width: 0;
      }
      .adjustable {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        min-width: 0;
        white-space: nowrap;
      }
      .word {
        max-width: 140px;
        overflow: hidden;
        color: var(--vscode-descriptionForeground);
        text-overflow: ellipsis;
      }
      input[type="range"] {
        width: 72px;
      }
      vscode-text-field {
        --input-height: 20;
        --input-min-width: 0;
        --design-unit: 2;
        --type-ramp-base-font-size: 12px;
        --type-ramp-base-line-height: 16px;
        width: 52px;
      }
    `,
  ];

  /** Where sliders are moved to and do not rest yet. */
  @state() private moved: Readonly<Record<string, number>> = {};
  readonly #rest = new TimerController(this);

  protected override render(): TemplateResult | typeof nothing {
    const inputs = recordingOf(this.session.store.state)?.adjustable ?? [];
    return inputs.length === 0 ? nothing : html`${inputs.map((input) => this.#adjustable(input))}`;
  }

  #adjustable(adjustable: AdjustableInput): TemplateResult {
    const { input, name, from, to, step, unit } = adjustable;
    const now = this.#valueOf(adjustable);
    const words = unit === "" ? shown(now) : `${shown(now)} ${unit}`;
    return html`<span
      class="adjustable"
      role="group"
      aria-label=${name}
      title="${name}: a change runs the model"
    >
      <span class="word" aria-hidden="true">${name}</span>
      <input
        type="range"
        min=${from}
        max=${to}
        step=${step}
        aria-label=${name}
        aria-valuetext=${words}
        .value=${String(now)}
        @input=${(event: Event) => this.#move(input, Number(valueOf(event)))}
      />
      <vscode-text-field
        aria-label="${name}, value${unit === "" ? "" : ` in ${unit}`}"
        .value=${shown(now)}
        @keydown=${(event: KeyboardEvent) => this.#keyed(event, adjustable)}
        @change=${(event: Event) => this.#typed(event, adjustable)}
      ></vscode-text-field>
      ${unit === "" ? nothing : html`<span class="unit">${unit}</span>`}
      ${
        this.#isSet(adjustable)
          ? html`<button
              class="quiet"
              aria-label="Back to the ${name} of the input"
              title="Back to the ${name} of the input"
              @click=${() => this.session.adjustBack([input, name])}
            >
              ${closeIcon()}
            </button>`
          : nothing
      }
    </span>`;
  }

  #isSet({ input, name }: AdjustableInput): boolean {
    const set = inputOf(this.session.store.state)?.choice?.set ?? {};
    return input in set || name in set;
  }

  /** Where the slider is, else what is on its way, else what is shown. */
  #valueOf({ input, value }: AdjustableInput): number {
    return this.moved[input] ?? this.session.store.state.wanted.set[input] ?? value;
  }

  #move(input: string, value: number): void {
    this.moved = { ...this.moved, [input]: value };
    this.#rest.start(REST_MS, () => this.#send());
  }

  #send(): void {
    const set = this.moved;
    this.moved = {};
    this.session.adjust(set);
  }

  /** Letters and Enter are the field's; Escape takes back what is typed. */
  #keyed(event: KeyboardEvent, adjustable: AdjustableInput): void {
    if (event.key === "Tab" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key === "Enter") this.#typed(event, adjustable);
    else if (event.key === "Escape") setField(event, shown(this.#valueOf(adjustable)));
  }

  /** Any number, beyond the ends of the slider too; what is none is taken back. */
  #typed(event: Event, adjustable: AdjustableInput): void {
    const text = valueOf(event).trim().replace("−", "-").replace(",", ".");
    const before = this.#valueOf(adjustable);
    const value = Number(text);
    if (text === "" || !Number.isFinite(value)) setField(event, shown(before));
    else if (text !== shown(before)) {
      this.#rest.stop();
      this.moved = { ...this.moved, [adjustable.input]: value };
      this.#send();
    }
  }
}

const shown = (value: number): string => String(Number(value.toPrecision(DIGITS)));

function setField({ target }: Event, text: string): void {
  if (target instanceof HTMLElement && "value" in target) target.value = text;
}
