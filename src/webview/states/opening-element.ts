/** While a model opens: six phases with bytes and ms, and Cancel. Nothing before 150 ms, only the bar before 1 s. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { styles } from "../styles-directive";
import { type Phase, phaseLabels } from "../../shared/capture";
import type { DocumentState } from "../../shared/document";
import { count, plural } from "../../shared/format";
import { doneIcon } from "../icons";
import type { Session } from "../session";
import { baseStyles } from "../styles";
import { stateStyles } from "./state.styles";

type Opening = Extract<DocumentState, { status: "opening" }>;

/** When the bar and when the whole screen appears, ms after opening began. */
const BAR_AFTER_MS = 150;
const SCREEN_AFTER_MS = 1000;
/** Phases are spoken at most this often, ms. */
const SPOKEN_EVERY_MS = 1000;

const doing: Record<Phase["name"], string> = {
  read: "Reading the graph",
  find: "Finding attention",
  instrument: "Adding outputs",
  load: "Loading weights",
  run: "Running",
  reduce: "Reducing maps to figures",
};

/** `41 ms`, `4.9 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

@customElement("attention-opening")
export class OpeningElement extends LitElement {
  static override styles = [
    baseStyles,
    stateStyles,
    css`
      .progress {
        flex: none;
        height: 2px;
        margin-top: -1px;
        background: color-mix(in srgb, var(--vscode-foreground) 14%, transparent);
      }
      .progress div {
        height: 100%;
        background: var(--vscode-progressBar-background);
      }
      .phases {
        display: grid;
        grid-template-columns: 16px max-content minmax(0, 1fr) max-content;
        gap: 6px 14px;
        align-items: center;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .phases li {
        display: contents;
      }
      .phases .name {
        margin-left: -6px;
      }
      .phases .detail,
      .phases .ms {
        color: var(--vscode-descriptionForeground);
        overflow-wrap: anywhere;
      }
      .phases .ms {
        text-align: right;
      }
      .active .name {
        font-weight: 600;
      }
      .pending .name {
        color: var(--vscode-descriptionForeground);
      }
      .done .mark {
        color: var(--vscode-charts-green);
      }
      .ring {
        width: 8px;
        height: 8px;
        margin-left: 3px;
        border: 1px solid var(--vscode-descriptionForeground);
        border-radius: 50%;
      }
      vscode-progress-ring {
        width: 14px;
        height: 14px;
      }
      .still {
        display: none;
      }
      @media (prefers-reduced-motion: reduce) {
        vscode-progress-ring {
          display: none;
        }
        .still {
          display: inline;
        }
      }
      @container (max-width: 420px) {
        .phases {
          grid-template-columns: 16px max-content minmax(0, 1fr);
        }
        .phases .ms {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) document!: Opening;
  @state() private shows: "nothing" | "bar" | "all" = "nothing";
  @state() private spoken = "";

  #timers: ReturnType<typeof setTimeout>[] = [];
  #speaking: ReturnType<typeof setTimeout> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timers = [
      setTimeout(() => (this.shows = "bar"), BAR_AFTER_MS),
      setTimeout(() => (this.shows = "all"), SCREEN_AFTER_MS),
    ];
    window.addEventListener("keydown", this.#keyed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const timer of this.#timers) clearTimeout(timer);
    if (this.#speaking) clearTimeout(this.#speaking);
    window.removeEventListener("keydown", this.#keyed);
  }

  protected override render(): TemplateResult {
    const { phases, name, model } = this.document;
    const done = phases.filter((phase) => phase.state === "done").length;
    const active = phases.find((phase) => phase.state === "active");
    const runs = phases.find((phase) => phase.runs)?.runs;
    const title = active ? doing[active.name] : "Opening";
    const all = this.shows === "all";
    const sites = model
      ? `${count(model.sites.length)} attention ${model.sites.length === 1 ? "site" : "sites"}`
      : "";
    return html`
      ${
        all
          ? html`<div class="top">
              <h1>${model?.title ?? name}</h1>
              <span class="detail">${sites}</span>
            </div>`
          : nothing
      }
      ${
        this.shows === "nothing"
          ? nothing
          : html`<div
              class="progress"
              role="progressbar"
              aria-label="Opening ${name}"
              aria-valuemin="0"
              aria-valuemax=${phases.length}
              aria-valuenow=${done}
            >
              <div style=${styles({ width: `${(100 * done) / Math.max(1, phases.length)}%` })}></div>
            </div>`
      }
      ${
        all
          ? html`<div class="content">
              <h2>${title}</h2>
              <ol class="phases">
                ${phases.map((phase) => this.#phase(phase))}
              </ol>
              <div class="buttons">
                ${
                  runs
                    ? html`<vscode-button appearance="secondary" @click=${() => this.session.act("stop")}
                        >Stop, keep the ${plural(runs.name)}</vscode-button
                      >`
                    : nothing
                }
                <vscode-button appearance="secondary" @click=${() => this.session.act("cancel")}
                  >Cancel</vscode-button
                >
                <span class="dim"
                  >Esc. Stops this model's engine; the file and other tabs are not touched.</span
                >
              </div>
            </div>`
          : nothing
      }
      <span class="visually-hidden" role="status">${this.spoken}</span>
    `;
  }

  #phase(phase: Phase): TemplateResult {
    const marks = {
      done: html`<span class="mark">${doneIcon()}</span>`,
      active: html`<span class="mark"
        ><vscode-progress-ring aria-hidden="true"></vscode-progress-ring><span class="still">…</span></span
      >`,
      pending: html`<span class="mark"><div class="ring"></div></span>`,
    };
    const words = { done: "done", active: "under way", pending: "to do" };
    return html`<li class=${phase.state} data-phase=${phase.name}>
      ${marks[phase.state]}
      <span class="name"
        >${phaseLabels[phase.name]}<span class="visually-hidden">, ${words[phase.state]}</span></span
      >
      <span class="detail">${phase.detail}</span>
      <span class="ms">${phase.ms === null ? "" : duration(phase.ms)}</span>
    </li>`;
  }

  protected override updated(): void {
    if (this.#speaking) return;
    const active = this.document.phases.find((phase) => phase.state === "active");
    const words = active ? doing[active.name] : "";
    if (words === this.spoken) return;
    this.#speaking = setTimeout(() => {
      this.#speaking = null;
      const now = this.document.phases.find((phase) => phase.state === "active");
      this.spoken = now ? doing[now.name] : "";
    }, SPOKEN_EVERY_MS);
  }

  #keyed = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    this.session.act("cancel");
  };
}
