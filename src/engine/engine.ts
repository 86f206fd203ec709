/** What the engine answers: one model, its last capture, and the pages of it. */

import type { Capture, Phase } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import type { CaptureRequest, EngineContract } from "../shared/protocol";
import type { Provenance } from "../shared/provenance";
import type { Handlers } from "../shared/rpc";
import { arrayList } from "./inputs/array-list";
import { captureCsv, captureDocument, captureNpz } from "./exports/capture-files";
import type { CaptureResult } from "./describe-run";
import { checkManifestOf } from "./manifest/check-manifest";
import { manifestWithGrid } from "./manifest/confirm-grid";
import { draftManifestOf } from "./manifest/draft-manifest";
import { figureFile, figureSource } from "./exports/figure";
import { writeWhole } from "./files";
import { readFrame } from "./inputs/frames";
import { closeModel } from "./model/model-parts";
import { explain, type OpenModel, openModel } from "./model/open-model";
import { Phases } from "./phases";
import { planRun } from "./run/plan-run";
import { inputHash, provenanceOf } from "./exports/provenance";
import { providerTable } from "./run/providers";
import { isWritten, recipeOf } from "./exports/recipe";
import { reportPage } from "./exports/report";
import type { SequenceHost } from "./sequences/sequence-host";
import { StepRuns } from "./sequences/step-runs";
import { tokenized } from "./inputs/text-input";
import { startingAt } from "./view-start";
import { weightReport } from "./model/weight-report";

/** Nobody watches a capture that is made ahead. */
const silent = (): void => undefined;

/** The last capture, and what it was made on. */
interface Captured extends CaptureResult {
  readonly choice: InputChoice | null;
  readonly request: CaptureRequest;
  readonly inputSha256: string | null;
}

export class Engine {
  readonly #progress: (phases: Phase[]) => void;
  #opened: OpenModel | undefined;
  #opening: readonly Phase[] = [];
  #captured: Captured | undefined;
  readonly #steps = new StepRuns();
  #turn: Promise<unknown> = Promise.resolve();
  #stop = false;
  /** Grows across processes too, so that a page of an earlier engine is never taken for one of this. */
  #generation = Date.now();

  constructor(progress: (phases: Phase[]) => void) {
    this.#progress = progress;
  }

  readonly handlers: Handlers<EngineContract> = {
    open: ({ path }) => this.#open(path).summary,
    plan: (request) => planRun(this.#model(), request),
    capture: (request) => this.#inTurn(() => this.#capture(request)),
    captureAhead: (request) =>
      this.#inTurn(() => {
        this.#stop = false;
        return this.#steps.ahead(this.#current(), request, this.#host(silent));
      }),
    readPage: (request) => this.#last().store.readPage(request),
    readRow: (request) => this.#last().store.readRow(request),
    readGrid: (request) => this.#last().store.readGrid(request),
    readHead: (request) => this.#last().store.readHead(request),
    readThumbnails: (request) => this.#last().store.readThumbnails(request),
    readFrame: (request) => {
      const { capture, choice, input } = this.#last();
      if (request.generation !== capture.generation) throw new AttentionError("stale");
      return readFrame(this.#model(), choice, input, request);
    },
    tokenize: ({ text, textPair }) => tokenized(this.#model(), text, textPair),
    listArrays: (request) => arrayList(this.#model(), request),
    stop: () => {
      this.#stop = true;
      return null;
    },
    weights: ({ file }) => weightReport(file),
    checkManifest: ({ model }) => checkManifestOf(model, this.#opened, this.#captured?.capture),
    draftManifest: ({ model }) => draftManifestOf(model),
    confirmGrid: ({ axis }) => manifestWithGrid(this.#model().file.path, this.#last().capture, axis),
    explain: ({ site }) => explain(this.#model(), site),
    providers: ({ order }) => providerTable(order),
    writeData: ({ format, file, command }) => {
      const { capture, store } = this.#last();
      const provenance = { ...this.#provenance(command), recipe: this.#recipe() };
      const content =
        format === "npz" ? captureNpz(capture, store, provenance) : this.#text(format, provenance);
      return { bytes: writeWhole(file, content) };
    },
    isWritten: ({ request, file }) =>
      this.#inTurn(() => isWritten(this.#current(), request, file, this.#host(silent).phases)),
    dataText: ({ format, command }) => this.#text(format, this.#provenance(command)),
    writeFigure: async ({ spec, format, file, command }) => {
      const { capture, store } = this.#last();
      const source = figureSource(this.#model().summary, capture, store);
      return { bytes: writeWhole(file, await figureFile(source, spec, format, this.#provenance(command))) };
    },
    writeReport: async ({ file, command, limitBytes, viewState, query }) => {
      const { capture, store, choice, input } = this.#last();
      const defaults = this.#model().manifest?.manifest.defaults;
      const { page, leftOut } = await reportPage({
        model: this.#model().summary,
        capture: query === undefined ? capture : startingAt(capture, store, query, defaults),
        sites: [...store.sites()],
        provenance: this.#provenance(command),
        limitBytes,
        viewState,
        readFrame: (request) => readFrame(this.#model(), choice, input, request),
      });
      return { bytes: writeWhole(file, page), leftOut };
    },
  };

  #open(path: string): OpenModel {
    if (this.#opened) closeModel(this.#opened);
    this.#steps.clear();
    this.#opened = undefined;
    const phases = new Phases(this.#progress);
    this.#opened = openModel(path, phases);
    this.#opening = phases.all;
    return this.#opened;
  }

  async #capture(request: CaptureRequest): Promise<Capture> {
    const opened = this.#current();
    // What was captured before is kept until then, and when this fails: it is still shown.
    this.#stop = false;
    const captured = await this.#steps.capture(opened, request, this.#host(this.#progress));
    this.#captured = {
      ...captured,
      choice: request.input,
      request,
      inputSha256: inputHash(captured.input.files),
    };
    return captured.capture;
  }

  /** The open model, read again where its file changed. */
  #current(): OpenModel {
    const before = this.#model();
    return before.file.changed() ? this.#open(before.file.path) : before;
  }

  /** One after the other: runs share the session, and what is shown is that of the last. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What runs need. @param progress is told the phases */
  #host(progress: (phases: Phase[]) => void): SequenceHost {
    return {
      phases: new Phases(progress, this.#opening),
      nextGeneration: () => ++this.#generation,
      stopped: () => this.#stop,
    };
  }

  #model(): OpenModel {
    if (!this.#opened) throw new AttentionError("stale", "No model is open.");
    return this.#opened;
  }

  #provenance(command: string): Provenance {
    const { capture, inputSha256, input } = this.#last();
    return provenanceOf(this.#model(), capture, inputSha256, command, input.parts);
  }

  #recipe(): string {
    const { request, inputSha256 } = this.#last();
    return recipeOf(this.#model(), request, inputSha256);
  }

  #last(): Captured {
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
