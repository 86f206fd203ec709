/** A prompt, or a pair of them, with the tokens that it becomes while it is typed; and how far to go on writing. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AttentionError } from "../../shared/errors";
import { count, counted, tokenText, visibleText } from "../../shared/format";
import type { GenerateChoice, InputChoice, Tokenized } from "../../shared/input-choice";
import { warningIcon } from "../icons";
import type { Session } from "../session";
import { baseStyles, quietButtonStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { CHOSEN, formStyles } from "./form.styles";
import { inputOf, keptBeside, recordingOf } from "./runs";

/** Typing has come to rest, ms. */
const REST_MS = 120;
/** Tokens that are listed; the rest is counted. */
const MOST_LISTED = 200;

/** What the boxes of two texts are called. */
const boxes = {
  pair: { first: "First text", second: "Second text" },
  decoder: { first: "Text for the encoder", second: "What the decoder begins with" },
} as const;

function tokenList(tokens: Tokenized["tokens"], name: string): TemplateResult {
  const rest = tokens.length - MOST_LISTED;
  return html`<div class="tokens" role="group" aria-label=${name}>
    ${tokens
      .slice(0, MOST_LISTED)
      .map(
        ({ text, raw, id, special }) =>
          html`<span class="token ${special ? "special" : ""}" title="${raw}, id ${id}"
            >${visibleText(tokenText(text))}</span
          >`,
      )}
    ${rest > 0 ? html`<span class="dim">and ${count(rest)} more</span>` : nothing}
  </div>`;
}

@customElement("attention-prompt")
export class PromptElement extends LitElement {
  static override styles = [
    baseStyles,
    quietButtonStyles,
    formStyles,
    css`
      .tokens {
        max-height: 92px;
        overflow-y: auto;
        line-height: 20px;
      }
      .token {
        display: inline-block;
        margin: 0 2px 2px 0;
        padding: 0 4px;
        border: 1px solid var(--vscode-panel-border);
        border-radius: 3px;
        font-family: var(--vscode-editor-font-family, monospace);
        font-size: 11px;
        line-height: 16px;
        white-space: pre;
      }
      .box {
        margin: 6px 0 2px;
      }
      .notice {
        margin: 0;
        color: var(--vscode-editorWarning-foreground);
      }
      .token.special {
        color: var(--vscode-descriptionForeground);
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  /** Prompts of the batch. */
  @state() private texts: readonly string[] = [""];
  @state() private pairs: readonly string[] | null = null;
  @state() private shown = 0;
  @state() private tokenized: Tokenized | null = null;
  @state() private problem: string | null = null;
  @state() private generate = 0;
  /** null until somebody says: then the model's own configuration does. */
  @state() private sample: boolean | null = null;
  @state() private seed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    const prompt = recordingOf(this.session.store.state)?.prompt;
    if (prompt && prompt.text.length > 0) {
      this.texts = prompt.text;
      this.pairs = prompt.textPair;
    }
    const before = inputOf(this.session.store.state)?.choice?.generate;
    this.generate = before?.tokens ?? 0;
    this.sample = before?.sample ?? null;
    this.seed = before?.seed ?? 0;
    void this.#tokenize();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override render(): TemplateResult {
    const many = this.texts.length;
    const { generates = false, secondText } = recordingOf(this.session.store.state) ?? {};
    const two = secondText !== undefined || this.pairs !== null;
    const words = boxes[secondText ?? "pair"];
    return html`<h3>Text</h3>
      ${
        many > 1
          ? html`<div class="row" role="group" aria-label="Prompts of the batch">
              ${this.texts.map(
                (_, index) =>
                  html`<button
                    class="quiet"
                    aria-label="Prompt ${index}"
                    aria-pressed=${index === this.shown}
                    @click=${() => this.#show(index)}
                  >
                    ${index}
                  </button>`,
              )}
              <button class="quiet" @click=${this.#remove}>Remove this one</button>
            </div>`
          : nothing
      }
      ${two ? html`<p class="box dim" aria-hidden="true">${words.first}</p>` : nothing}
      <vscode-text-area
        rows="3"
        resize="vertical"
        aria-label=${two ? words.first : "Prompt"}
        .value=${this.texts[this.shown] ?? ""}
        @input=${(event: Event) => this.#typed(valueOf(event), null)}
        @keydown=${this.#keyed}
      ></vscode-text-area>
      ${
        two
          ? html`<p class="box dim" aria-hidden="true">${words.second}; may be left empty</p>
              <vscode-text-area
                rows="2"
                resize="vertical"
                aria-label=${words.second}
                .value=${this.pairs?.[this.shown] ?? ""}
                @input=${(event: Event) => this.#typed(null, valueOf(event))}
                @keydown=${this.#keyed}
              ></vscode-text-area>`
          : nothing
      }
      ${this.#tokens()}
      <div class="row">
        <vscode-button ?disabled=${!this.#whole()} @click=${this.#run}
          >${this.generate > 0 ? "Run and go on writing" : "Run"}</vscode-button
        >
        <button class="quiet" @click=${this.#another}>Another prompt</button>
        ${
          secondText !== undefined
            ? nothing
            : this.pairs === null
              ? html`<button class="quiet" @click=${() => (this.pairs = this.texts.map(() => ""))}>
                  Add a second text
                </button>`
              : html`<button class="quiet" @click=${() => this.#typed(null, null)}>One text only</button>`
        }
      </div>
      ${generates ? this.#writing() : nothing}`;
  }

  #tokens(): TemplateResult {
    if (this.problem !== null) return html`<p class="problem" role="alert">${this.problem}</p>`;
    const { tokens = [], second, from, notices = [] } = this.tokenized ?? {};
    return html`<p class="dim">
        ${counted(tokens.length, "token")}${from === undefined ? "" : `, by ${from}`}
      </p>
      <div role="status">
        ${notices.map((notice) => html`<p class="notice">${warningIcon()} ${notice}</p>`)}
      </div>
      ${tokenList(tokens, "Tokens")}
      ${
        second
          ? html`<p class="dim">
                ${counted(second.length, "token")} that the decoder begins with, after its first
              </p>
              ${tokenList(second, "Tokens of the decoder")}`
          : nothing
      }`;
  }

  #writing(): TemplateResult {
    const number = (event: Event): number => Math.max(0, Math.floor(Number(valueOf(event)) || 0));
    const drawn = this.sample ?? recordingOf(this.session.store.state)?.draws ?? false;
    return html`<div class="row">
      <vscode-text-field
        class="number"
        aria-label="Tokens to write after the prompt"
        .value=${String(this.generate)}
        @input=${(event: Event) => (this.generate = Math.min(number(event), 100_000))}
      ></vscode-text-field>
      <span>tokens written after it</span>
      <vscode-checkbox
        ?checked=${drawn}
        @change=${(event: Event) => (this.sample = (event.target as HTMLInputElement).checked)}
        >drawn by chance, seed</vscode-checkbox
      >
      <vscode-text-field
        class="number"
        aria-label="Seed"
        ?disabled=${!drawn}
        .value=${String(this.seed)}
        @input=${(event: Event) => (this.seed = number(event))}
      ></vscode-text-field>
    </div>`;
  }

  #show(index: number): void {
    this.shown = index;
    void this.#tokenize();
  }

  /** Both null: the second text is taken away. */
  #typed(text: string | null, pair: string | null): void {
    const at = this.shown;
    if (text === null && pair === null) this.pairs = null;
    if (text !== null) this.texts = this.texts.with(at, text);
    if (pair !== null) this.pairs = (this.pairs ?? this.texts.map(() => "")).with(at, pair);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tokenize(), REST_MS);
  }

  #another = (): void => {
    this.texts = [...this.texts, ""];
    if (this.pairs !== null) this.pairs = [...this.pairs, ""];
    this.#show(this.texts.length - 1);
  };

  #remove = (): void => {
    const at = this.shown;
    this.texts = this.texts.filter((_, index) => index !== at);
    this.pairs = this.pairs?.filter((_, index) => index !== at) ?? null;
    this.#show(Math.min(at, this.texts.length - 1));
  };

  /** Ctrl + Enter runs, as in other prompts. */
  #keyed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (this.#whole()) this.#run();
  };

  #whole(): boolean {
    return this.texts.every((text) => text !== "");
  }

  /** The text in the place of the one that is shown; pictures and the recording beside it stay. */
  #run = (): void => {
    const one = <T>(all: readonly T[]): T | T[] => (all.length === 1 ? (all[0] as T) : [...all]);
    const kept: InputChoice = keptBeside(this.session.store.state);
    delete kept.textPair;
    if (this.generate > 0) delete kept.step;
    const choice: InputChoice = {
      ...kept,
      text: one(this.texts),
      ...(this.pairs?.some((pair) => pair !== "") ? { textPair: one(this.pairs) } : {}),
      ...(this.generate > 0 ? { generate: { tokens: this.generate, ...this.#drawing() } } : {}),
    };
    this.dispatchEvent(new CustomEvent(CHOSEN, { detail: choice, bubbles: true, composed: true }));
  };

  #drawing(): Pick<GenerateChoice, "sample" | "seed"> {
    const drawn = this.sample ?? recordingOf(this.session.store.state)?.draws ?? false;
    return {
      ...(this.sample === null ? {} : { sample: this.sample }),
      ...(drawn ? { seed: this.seed } : {}),
    };
  }

  async #tokenize(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const text = this.texts[this.shown] ?? "";
      const pair = this.pairs?.[this.shown] ?? "";
      const tokenized = await this.session.host.calls.tokenize({ text, textPair: pair === "" ? null : pair });
      if (asked !== this.#asked) return;
      this.tokenized = tokenized;
      this.problem = null;
    } catch (thrown) {
      if (asked === this.#asked) this.problem = AttentionError.wrap(thrown).message;
    }
  }
}
