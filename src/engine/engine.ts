/** What the engine answers: one model, its last capture, and the pages of it. */
import type { Capture, Phase } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { CaptureRequest, EngineContract } from "../shared/protocol";
import type { Handlers } from "../shared/rpc";
import { captureDocument, captureNpz } from "./capture-files";
import { captureModel } from "./capture";
import type { CaptureStore } from "./capture-store";
import { writeWhole } from "./files";
import { type OpenModel, openModel } from "./open-model";
import { Phases } from "./phases";
import { providerTable } from "./providers";
import { reportPage, reportPicture } from "./report";

export class Engine {
  readonly #progress: (phases: Phase[]) => void;
  #opened: OpenModel | undefined;
  #opening: readonly Phase[] = [];
  #captured: { capture: Capture; store: CaptureStore } | undefined;
  /** Grows across processes too, so that a page of an earlier engine is never taken for one of this. */
  #generation = Date.now();

  constructor(progress: (phases: Phase[]) => void) {
    this.#progress = progress;
  }

  readonly handlers: Handlers<EngineContract> = {
    open: ({ path }) => this.#open(path).summary,
    capture: (request) => this.#capture(request),
    readPage: (request) => this.#last().store.readPage(request),
    readRow: (request) => this.#last().store.readRow(request),
    readHead: (request) => this.#last().store.readHead(request),
    providers: ({ order }) => providerTable(order),
    writeCapture: ({ npz, json }) => {
      const { capture, store } = this.#last();
      let bytes = 0;
      if (npz !== null) bytes += writeWhole(npz, captureNpz(capture, store));
      if (json !== null) bytes += writeWhole(json, this.#document());
      return { bytes };
    },
    captureJson: () => this.#document(),
    writeReport: async ({ html, png }) => {
      const { capture, store } = this.#last();
      const { summary } = this.#model();
      let bytes = 0;
      if (html !== null) bytes += writeWhole(html, await reportPage(summary, capture, store));
      if (png !== null) bytes += writeWhole(png, await reportPicture(summary, capture, store));
      return { bytes };
    },
  };

  #open(path: string): OpenModel {
    this.#opened?.file.close();
    this.#opened = undefined;
    const phases = new Phases(this.#progress);
    this.#opened = openModel(path, phases);
    this.#opening = phases.all;
    return this.#opened;
  }

  async #capture(request: CaptureRequest): Promise<Capture> {
    const before = this.#model();
    const opened = before.file.changed() ? this.#open(before.file.path) : before;
    this.#captured = undefined;
    const captured = await captureModel(
      opened,
      request,
      ++this.#generation,
      new Phases(this.#progress, this.#opening),
    );
    this.#captured = captured;
    return captured.capture;
  }

  #model(): OpenModel {
    if (!this.#opened) throw new AttentionError("stale", "No model is open.");
    return this.#opened;
  }

  #last(): { capture: Capture; store: CaptureStore } {
    if (!this.#captured) throw new AttentionError("stale");
    return this.#captured;
  }

  #document(): string {
    return `${JSON.stringify(captureDocument(this.#model().summary, this.#last().capture), null, 2)}\n`;
  }
}
