/** Images for the inputs that take one: chosen, dropped or pasted, or a frame of a video. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import type { Session } from "../session";
import { baseStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { CHOSEN, formStyles } from "./form.styles";
import { readVideo } from "./read-video";
import { inputOf, recordingOf } from "./runs";
import "./video-element";

@customElement("attention-images")
export class ImagesElement extends LitElement {
  static override styles = [
    baseStyles,
    formStyles,
    css`
      .drop {
        padding: 8px;
        border: 1px dashed var(--vscode-panel-border);
        border-radius: 3px;
        outline-offset: 1px;
      }
      .drop.over {
        border-color: var(--vscode-focusBorder);
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @state() private images: Readonly<Record<string, string>> = {};
  /** The video that a frame is taken of, and the input that it is for. */
  @state() private video: { input: string; bytes: Blob; name: string; file: string | null } | null = null;
  /** Tokens to write about them, where the model can. */
  @state() private tokens = 0;
  @state() private over: string | null = null;
  @state() private problem: string | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    const choice = inputOf(this.session.store.state)?.choice;
    this.images = choice?.images ?? {};
    this.tokens = choice?.generate?.tokens ?? 0;
  }

  protected override render(): TemplateResult {
    const inputs = recordingOf(this.session.store.state)?.imageInputs ?? [];
    const given = inputs.filter((name) => this.images[name] !== undefined).length;
    return html`<h3>${inputs.length === 1 ? "Image" : "Images"}</h3>
      ${inputs.map((name) => this.#image(name))}
      ${this.problem === null ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      <div class="row">
        <vscode-button ?disabled=${given < inputs.length} @click=${this.#run}>Run</vscode-button>
        ${given < inputs.length ? html`<span class="dim">${inputs.length - given} still to choose</span>` : nothing}
      </div>
      ${recordingOf(this.session.store.state)?.generates === true ? this.#writing() : nothing}`;
  }

  #writing(): TemplateResult {
    const number = (event: Event): number => Math.max(0, Math.floor(Number(valueOf(event)) || 0));
    return html`<div class="row">
      <vscode-text-field
        class="number"
        aria-label="Tokens to write about it"
        .value=${String(this.tokens)}
        @input=${(event: Event) => (this.tokens = Math.min(number(event), 100_000))}
      ></vscode-text-field>
      <span>tokens written about it</span>
    </div>`;
  }

  #image(name: string): TemplateResult {
    const file = this.images[name];
    return html`<div
      class="drop ${this.over === name ? "over" : ""}"
      tabindex="0"
      role="group"
      aria-label="Image for ${name}: drop one here, or paste it"
      @dragover=${(event: DragEvent) => this.#dragged(event, name)}
      @dragleave=${() => (this.over = null)}
      @drop=${(event: DragEvent) => this.#dropped(event, name)}
      @paste=${(event: ClipboardEvent) => this.#taken(event.clipboardData, name)}
    >
      <div class="row">
        <span>${name}</span>
        <span class="name dim"
          >${file === undefined ? "drop an image here, or paste it" : file.split(/[\\/]/).at(-1)}</span
        >
        <vscode-button appearance="secondary" @click=${() => void this.#browse(name)}>Choose…</vscode-button>
        <vscode-button appearance="secondary" @click=${() => void this.#browseVideo(name)}
          >Of a video…</vscode-button
        >
      </div>
      ${this.video?.input === name ? this.#frames(this.video) : nothing}
    </div>`;
  }

  #frames({ input, bytes, name, file }: NonNullable<typeof this.video>): TemplateResult {
    return html`<attention-video
      .bytes=${bytes}
      .name=${name}
      ?onDisk=${file !== null}
      @frame=${({ detail }: CustomEvent<{ name: string; bytes: ArrayBuffer }>) =>
        void this.#get(input, () => this.session.host.calls.keepFile(detail))}
      @number=${({ detail }: CustomEvent<number>) =>
        this.#choose({ ...this.#others(input), video: { file: file ?? "", frame: detail, input } })}
    ></attention-video>`;
  }

  /** The pictures of the other inputs, where there are any. */
  #others(input: string): InputChoice {
    const images = Object.fromEntries(Object.entries(this.images).filter(([name]) => name !== input));
    return Object.keys(images).length > 0 ? { images } : {};
  }

  #dragged(event: DragEvent, name: string): void {
    event.preventDefault();
    this.over = name;
  }

  #dropped(event: DragEvent, name: string): void {
    event.preventDefault();
    this.over = null;
    this.#taken(event.dataTransfer, name);
  }

  #taken(data: DataTransfer | null, name: string): void {
    const file = [...(data?.files ?? [])].find(({ type }) => /^(image|video)\//.test(type));
    if (file?.type.startsWith("video/")) {
      this.video = { input: name, bytes: file, name: file.name, file: null };
      this.problem = null;
    } else if (file) void this.#keep(file, name);
    else this.problem = "That was no image, and no video.";
  }

  async #keep(file: File, name: string): Promise<void> {
    await this.#get(name, async () =>
      this.session.host.calls.keepFile({ name: file.name || "pasted.png", bytes: await file.arrayBuffer() }),
    );
  }

  async #browse(name: string): Promise<void> {
    await this.#get(name, () => this.session.host.calls.browse({ kind: "image" }));
  }

  async #browseVideo(input: string): Promise<void> {
    const { calls } = this.session.host;
    try {
      const file = await calls.browse({ kind: "video" });
      if (file === null) return;
      const name = file.split(/[\\/]/).at(-1) ?? file;
      this.video = { input, bytes: await readVideo(calls, file), name, file };
      this.problem = null;
    } catch (thrown) {
      this.problem = AttentionError.wrap(thrown).message;
    }
  }

  async #get(name: string, path: () => Promise<string | null>): Promise<void> {
    try {
      const file = await path();
      if (file !== null) this.images = { ...this.images, [name]: file };
      this.problem = null;
    } catch (thrown) {
      this.problem = AttentionError.wrap(thrown).message;
    }
  }

  #run = (): void => this.#choose({ images: { ...this.images } });

  #choose(choice: InputChoice): void {
    const detail: InputChoice = this.tokens > 0 ? { ...choice, generate: { tokens: this.tokens } } : choice;
    this.dispatchEvent(new CustomEvent(CHOSEN, { detail, bubbles: true, composed: true }));
  }
}
