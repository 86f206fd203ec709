/**
 * One frame out of a video, chosen by looking: the browser plays it. What it does not play, it or ffmpeg may decode all
 * the same by the frame's number: the engine knows containers that a player does not.
 *
 * @fires frame - a picture was taken: its name and bytes
 * @fires number - a frame of the file is to be decoded by its number
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AttentionError, describe } from "../../shared/errors";
import { baseStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { type BrowserVideo, openVideo } from "./browser-video";
import { formStyles } from "./form.styles";

/** Seconds that a press of an arrow key moves: less than a frame of most videos. */
const STEP = 1 / 60;

@customElement("attention-video")
export class VideoElement extends LitElement {
  static override styles = [
    baseStyles,
    formStyles,
    css`
      video {
        max-width: 100%;
        max-height: 220px;
        margin-top: 6px;
      }
      input[type="range"] {
        flex: 1;
        min-width: 120px;
      }
    `,
  ];

  /** The video's bytes, and the name that messages call it. */
  @property({ attribute: false }) bytes!: Blob;
  @property() name = "";
  /** Whether the file lies where the model runs, so that the engine can be asked for a frame. */
  @property({ type: Boolean }) onDisk = false;
  @state() private video: BrowserVideo | null = null;
  @state() private seconds = 0;
  @state() private problem: AttentionError | null = null;
  @state() private frame = 0;
  /** Grows with every wish, so that of several only the last is shown. */
  #asked = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#close();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("bytes")) void this.#open();
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.problem) return this.#undecodable(this.problem);
    if (!this.video) return html`<p class="dim">Reading ${this.name}…</p>`;
    const { seconds, width, height, element } = this.video;
    return html`${element}
      <div class="row">
        <input
          type="range"
          min="0"
          max=${seconds}
          step=${STEP}
          aria-label="Time in the video"
          aria-valuetext="${this.seconds.toFixed(2)} of ${seconds.toFixed(2)} seconds"
          .value=${String(this.seconds)}
          @input=${(event: Event) => void this.#seek(Number((event.target as HTMLInputElement).value))}
        />
        <output>${this.seconds.toFixed(2)} / ${seconds.toFixed(2)} s · ${width} × ${height} px</output>
        <vscode-button appearance="secondary" @click=${() => void this.#take()}
          >Take this frame</vscode-button
        >
      </div>`;
  }

  #undecodable(problem: AttentionError): TemplateResult {
    const { detail, fix } = describe(problem.report());
    return html`<p class="problem" role="alert">${detail} ${fix}</p>
      ${
        this.onDisk
          ? html`<div class="row">
              <vscode-text-field
                class="number"
                aria-label="Number of the frame, from 0"
                .value=${String(this.frame)}
                @input=${(event: Event) => (this.frame = Math.max(0, Math.floor(Number(valueOf(event)) || 0)))}
              ></vscode-text-field>
              <vscode-button appearance="secondary" @click=${this.#number}
                >Decode this frame by its number and run</vscode-button
              >
            </div>`
          : nothing
      }`;
  }

  async #open(): Promise<void> {
    this.#close();
    const asked = ++this.#asked;
    try {
      const video = await openVideo(this.bytes, this.name);
      if (asked !== this.#asked) return video.close();
      this.seconds = 0;
      this.video = video;
    } catch (thrown) {
      if (asked === this.#asked) this.problem = AttentionError.wrap(thrown, "frameUnreadable");
    }
  }

  #close(): void {
    this.#asked += 1;
    this.video?.close();
    this.video = null;
    this.problem = null;
  }

  async #seek(seconds: number): Promise<void> {
    this.seconds = seconds;
    await this.#guarded((video) => video.seek(seconds));
  }

  async #take(): Promise<void> {
    const { seconds } = this;
    await this.#guarded(async (video) => {
      await video.seek(seconds);
      const detail = { name: `${this.name} at ${seconds.toFixed(2)} s.png`, bytes: await video.picture() };
      this.dispatchEvent(new CustomEvent("frame", { detail }));
    });
  }

  async #guarded(act: (video: BrowserVideo) => Promise<void>): Promise<void> {
    const { video } = this;
    if (!video) return;
    try {
      await act(video);
    } catch (thrown) {
      if (video === this.video) this.problem = AttentionError.wrap(thrown, "frameUnreadable");
    }
  }

  #number = (): void => {
    this.dispatchEvent(new CustomEvent("number", { detail: this.frame }));
  };
}
