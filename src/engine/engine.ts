/** What the engine answers: one model, its last capture, and the pages of it. */
import type { Capture, Phase } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { CaptureRequest, EngineContract } from "../shared/protocol";
import type { Provenance } from "../shared/provenance";
import type { Handlers } from "../shared/rpc";
import { captureCsv, captureDocument, captureNpz } from "./capture-files";
import { captureModel } from "./capture";
import { checkManifestOf } from "./check-manifest";
import type { CaptureStore } from "../shared/maps/capture-store";
import { manifestWithGrid } from "./confirm-grid";
import { draftManifestOf } from "./draft-manifest";
import { figureFile, figureSource } from "./figure";
import { writeWhole } from "./files";
import { explain, type OpenModel, openModel } from "./open-model";
import { Phases } from "./phases";
import { inputHash, provenanceOf } from "./provenance";
import { providerTable } from "./providers";
import { reportPage } from "./report";

export class Engine {
  readonly #progress: (phases: Phase[]) => void;
  #opened: OpenModel | undefined;
  #opening: readonly Phase[] = [];
  #captured: { capture: Capture; store: CaptureStore; inputSha256: string | null } | undefined;
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
    readThumbnails: (request) => this.#last().store.readThumbnails(request),
    readFrame: ({ camera }) => {
      throw new AttentionError("inputMissing", `There are no frames of a camera ${camera}.`);
    },
    tokenize: () => {
      throw new AttentionError("inputMissing", "There is no tokenizer.json beside the model.");
    },
    stop: () => null,
    checkManifest: ({ model }) => checkManifestOf(model, this.#opened, this.#captured?.capture),
    draftManifest: ({ model }) => draftManifestOf(model),
    confirmGrid: ({ axis }) => manifestWithGrid(this.#model().file.path, this.#last().capture, axis),
    explain: ({ site }) => explain(this.#model(), site),
    providers: ({ order }) => providerTable(order),
    writeData: ({ format, file, command }) => {
      const { capture, store } = this.#last();
      const provenance = this.#provenance(command);
      const content =
        format === "npz" ? captureNpz(capture, store, provenance) : this.#text(format, provenance);
      return { bytes: writeWhole(file, content) };
    },
    dataText: ({ format, command }) => this.#text(format, this.#provenance(command)),
    writeFigure: async ({ spec, format, file, command }) => {
      const { capture, store } = this.#last();
      const source = figureSource(this.#model().summary, capture, store);
      return { bytes: writeWhole(file, await figureFile(source, spec, format, this.#provenance(command))) };
    },
    writeReport: ({ file, command, limitBytes, viewState }) => {
      const { capture, store } = this.#last();
      const { page, leftOut } = reportPage({
        model: this.#model().summary,
        capture,
        sites: [...store.sites()],
        provenance: this.#provenance(command),
        limitBytes,
        viewState,
      });
      return { bytes: writeWhole(file, page), leftOut };
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
    // What was captured before is kept until then, and when this fails: it is still shown.
    const captured = await captureModel(
      opened,
      request,
      ++this.#generation,
      new Phases(this.#progress, this.#opening),
    );
    this.#captured = {
      ...captured,
      inputSha256: inputHash(opened, captured.capture, request.input?.file ?? null),
    };
    return captured.capture;
  }

  #model(): OpenModel {
    if (!this.#opened) throw new AttentionError("stale", "No model is open.");
    return this.#opened;
  }

  #provenance(command: string): Provenance {
    const { capture, inputSha256 } = this.#last();
    return provenanceOf(this.#model(), capture, inputSha256, command);
  }

  #last(): { capture: Capture; store: CaptureStore; inputSha256: string | null } {
    if (!this.#captured) throw new AttentionError("stale");
    return this.#captured;
  }

  #text(format: "json" | "csv", provenance: Provenance): string {
    const { capture } = this.#last();
    return format === "csv"
      ? captureCsv(capture, provenance)
      : `${JSON.stringify(captureDocument(this.#model().summary, capture, provenance), null, 2)}\n`;
  }
}
