/** Steps and passes in the Toolbar: back, a slider, forth, and play. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { AxisOfRuns, RunAxis } from "../../shared/input-choice";
import { backIcon, forwardIcon, pauseIcon, playIcon } from "../icons";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, quietButtonStyles, sliderStyles } from "../styles";
import { styles } from "../styles-directive";
import { valueOf } from "../toolkit-values";
import "./capture-all-element";
import { capturedWords, trackOf } from "./captured-track";
import { capturedOn, labelAt, placeOn, placeWords, recordingOf, runsOf } from "./runs";

@customElement("attention-steps")
export class StepsElement extends LitElement {
  static override styles = [
    baseStyles,
    quietButtonStyles,
    sliderStyles,
    css`
      :host {
        display: inline-flex;
        gap: 10px;
        min-width: 0;
      }
      .runs {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        min-width: 0;
        white-space: nowrap;
      }
      .word {
        margin-right: 4px;
        color: var(--vscode-descriptionForeground);
      }
      input[type="range"] {
        width: 72px;
      }
      output {
        min-width: 34px;
        max-width: 120px;
        margin-left: 4px;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      /* Measured on the toolbar around it: two axes want the room of their words sooner. */
      @container (max-width: 1500px) {
        :host([two]) .word {
          display: none;
        }
      }
      @container (max-width: 1060px) {
        .word {
          display: none;
        }
        .runs input[type="range"] {
          width: 44px;
        }
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, wanted, playing }) => [document, wanted, playing],
    );
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const [steps, passes] = [runsOf(state, "step"), runsOf(state, "pass")];
    if (!steps && !passes) return nothing;
    this.toggleAttribute("two", steps !== null && passes !== null);
    return html`${steps ? this.#runs("step", steps) : nothing}${passes ? this.#runs("pass", passes) : nothing}`;
  }

  #runs(axis: RunAxis, runs: AxisOfRuns): TemplateResult {
    const { state } = this.session.store;
    const place = placeOn(state, axis);
    const words = placeWords(runs, place);
    const values = axis === "step" ? (recordingOf(state)?.values ?? []) : [];
    const captured = capturedOn(state, axis);
    const title = [
      words,
      capturedWords(runs, captured),
      ...values.map(({ name, value }) => `${name} ${value}`),
    ].join("\n");
    const keys = axis === "step" ? { back: " (,)", forth: " (.)" } : { back: "", forth: "" };
    return html`<span class="runs" role="group" aria-label=${runs.name}>
      <span class="word">${runs.name}</span>
      <button
        class="quiet"
        aria-label="Previous ${runs.name}"
        title="Previous ${runs.name}${keys.back}"
        ?disabled=${place === 0}
        @click=${() => this.session.goTo(axis, place - 1)}
      >
        ${backIcon()}
      </button>
      <input
        type="range"
        min="0"
        max=${runs.count - 1}
        step="1"
        aria-label=${runs.name}
        aria-valuetext=${words}
        style=${styles({ "--slider-track": trackOf(captured, runs.count) })}
        .value=${String(place)}
        @input=${(event: Event) => this.session.goTo(axis, Number(valueOf(event)))}
      />
      <button
        class="quiet"
        aria-label="Next ${runs.name}"
        title="Next ${runs.name}${keys.forth}"
        ?disabled=${place === runs.count - 1}
        @click=${() => this.session.goTo(axis, place + 1)}
      >
        ${forwardIcon()}
      </button>
      ${
        axis === "step"
          ? html`<button
              class="quiet"
              aria-label=${state.playing ? "Stop" : "Play the steps"}
              aria-pressed=${state.playing}
              title=${state.playing ? "Stop (Space)" : "Play (Space)"}
              @click=${() => this.session.does("play")}
            >
              ${state.playing ? pauseIcon() : playIcon()}
            </button>`
          : nothing
      }
      <attention-capture-all .session=${this.session} axis=${axis}></attention-capture-all>
      <output title=${title}>${place} / ${runs.count - 1}${labelOf(runs, place)}</output>
    </span>`;
  }
}

function labelOf(runs: AxisOfRuns, place: number): string {
  const label = labelAt(runs, place);
  return label === undefined ? "" : ` ${label}`;
}
