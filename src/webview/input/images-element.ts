/** Images for the inputs that take one: chosen, dropped or pasted, or a frame of a video. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { baseStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { CHOSEN, formStyles } from "./form.styles";
import { readVideo } from "./read-video";
import { inputOf, keptBeside, recordingOf } from "./runs";
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
    window.addEventListener("paste", this.#pasted);
  }

  /** A picture that is pasted anywhere in the dialog goes to the first input that has none, else to the first. */
  #pasted = (event: ClipboardEvent): void => {
    if (event.defaultPrevented || !imageOrVideo(event.clipboardData)) return;
    const inputs = recordingOf(this.session.store.state)?.imageInputs ?? [];
    const name = inputs.find((each) => this.images[each] === undefined) ?? inputs[0];
    if (name !== undefined) this.#taken(event.clipboardData, name);
  };

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("paste", this.#pasted);
  }

  protected override render(): TemplateResult {
    const {
      imageInputs: inputs = [],
      episodes = [],
      samples = null,
    } = recordingOf(this.session.store.state) ?? {};
    const given = inputs.filter((name) => this.images[name] !== undefined).length;
    // What is recorded stays in the others.
    const from = captureOf(this.session.store.state)?.input.from;
    const recorded = from === "manifest" || from === "file" || episodes.length > 0 || samples !== null;
    const ready = recorded ? given > 0 : given === inputs.length;
    return html`<h3>${inputs.length === 1 ? "Image" : "Images"}</h3>
      ${inputs.map((name) => this.#image(name))}
      ${this.problem === null ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      <div class="row">
        <vscode-button ?disabled=${!ready} @click=${this.#run}>Run</vscode-button>
        ${
          given < inputs.length
            ? html`<span class="dim"
                >${recorded ? "The others stay as they are recorded." : `${inputs.length - given} still to choose`}</span
              >`
            : nothing
        }
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
      @paste=${(event: ClipboardEvent) => {
        event.preventDefault();
        this.#taken(event.clipboardData, name);
      }}
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
    const file = imageOrVideo(data);
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

  /** Pictures in the place of those that are shown; the text and the recording beside them stay. */
  #choose(choice: InputChoice): void {
    const { video, images, ...kept } = keptBeside(this.session.store.state);
    void images;
    const other = video && choice.video === undefined && choice.images?.[video.input ?? ""] === undefined;
    const beside = other ? { ...kept, video } : kept;
    const detail: InputChoice = {
      ...beside,
      ...choice,
      ...(this.tokens > 0 ? { generate: { tokens: this.tokens } } : {}),
    };
    this.dispatchEvent(new CustomEvent(CHOSEN, { detail, bubbles: true, composed: true }));
  }
}

function imageOrVideo(data: DataTransfer | null): File | undefined {
  return [...(data?.files ?? [])].find(({ type }) => /^(image|video)\//.test(type));
}
