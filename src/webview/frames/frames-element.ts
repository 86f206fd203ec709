/** The Frames pane: what the cameras saw at the step that is shown, or the image that was given. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { placeWords, recordingOf, runsOf } from "../input/runs";
import { captureOf } from "../selectors";
import type { Session } from "../session";
import { StoreController } from "../store";
import { baseStyles, paneStyles } from "../styles";
import { FrameReader } from "./frame-reader";

@customElement("attention-frames")
export class FramesElement extends LitElement {
  static override styles = [
    baseStyles,
    paneStyles,
    css`
      :host {
        display: block;
        height: 100%;
        min-width: 0;
        min-height: 0;
      }
      .frames {
        display: flex;
        flex: 1;
        gap: 8px;
        min-height: 0;
        padding: 0 8px 8px;
        overflow: auto hidden;
      }
      figure {
        display: grid;
        flex: none;
        grid-template-rows: minmax(0, 1fr) auto;
        gap: 2px;
        height: 100%;
        min-height: 0;
        margin: 0;
      }
      /* A height that is known before the layout, so that the pane is as wide as its pictures: header, name and padding take 51. */
      img {
        width: auto;
        height: calc(var(--tokens) - 51px);
        min-height: 0;
      }
      img.small {
        image-rendering: pixelated;
      }
      .problem {
        width: 34ch;
        max-width: 100%;
      }
      .problem span {
        overflow: auto;
      }
      figcaption {
        flex: none;
        color: var(--vscode-descriptionForeground);
        font-size: 10px;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  #reader: FrameReader | undefined;

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ document, selection }) => [document, selection.batch],
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#reader?.clear();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const capture = captureOf(state);
    const recording = recordingOf(state);
    if (!capture || !recording || recording.cameras.length === 0) return nothing;
    this.#reader ??= new FrameReader(this.session.host, () => this.requestUpdate());
    this.#reader.want(capture.generation, state.selection.batch, recording.cameras);
    const steps = runsOf(state, "step");
    const where = steps ? placeWords(steps, steps.index) : "";
    return html`<section class="pane" aria-label="Frames">
      <div class="header">
        <h2>Frames</h2>
        <span class="detail">${where}</span>
      </div>
      <div class="frames">${recording.cameras.map((camera) => this.#frame(camera, where))}</div>
    </section>`;
  }

  #frame(camera: string, where: string): TemplateResult {
    const shown = this.#reader?.frameOf(camera);
    const problem = this.#reader?.problemOf(camera);
    if (problem)
      return html`<figure class="problem">
        <span class="dim">${problem}</span>
        <figcaption>${camera}</figcaption>
      </figure>`;
    if (!shown) return html`<figure><figcaption>${camera}</figcaption></figure>`;
    const { recordedWidth: width, recordedHeight: height } = shown.frame;
    return html`<figure>
      <img
        class=${Math.max(width, height) < 160 ? "small" : ""}
        src=${shown.url}
        width=${width}
        height=${height}
        alt="What ${camera} shows${where === "" ? "" : `, ${where}`}"
      />
      <figcaption>${camera} · ${width} × ${height}</figcaption>
    </figure>`;
  }
}
