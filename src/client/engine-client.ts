/**
 * The client of one model's engine: the contract's requests as methods. A cancel is kill and respawn, because a run of
 * ONNX Runtime can be neither aborted nor interrupted (ARCHITECTURE.md); `EngineKeeper` does both.
 */
import type { ArrayList, ArrayListRequest } from "../shared/array-mapping";
import type { Plan } from "../shared/plan";
import type { CapturedAhead, CaptureRequest } from "../shared/protocol";
import type { Capture, Phase, ProviderName, ProviderStatus } from "../shared/capture";
import type { AttentionError } from "../shared/errors";
import type { Frame, FrameRequest, Tokenized } from "../shared/input-choice";
import type { ManifestDraft, ManifestReport } from "../shared/manifest-report";
import type { ModelSummary } from "../shared/model";
import type {
  Grid,
  GridRequest,
  HeadRequest,
  Page,
  PageRequest,
  Row,
  RowRequest,
  ThumbnailRequest,
  Thumbnails,
} from "../shared/page";
import type { HeadProfile } from "../shared/profile";
import type { EngineContract } from "../shared/protocol";
import type { Caller } from "../shared/rpc";
import type { WeightReport } from "../shared/weight-report";
import { EngineKeeper } from "./engine-keeper";
import type { EngineOptions } from "./engine-process";

type EngineParams<K extends keyof EngineContract> = Parameters<Caller<EngineContract>[K]>[0];

type EngineAnswer<K extends keyof EngineContract> = Awaited<ReturnType<Caller<EngineContract>[K]>>;

export class EngineClient {
  readonly #keeper: EngineKeeper;

  constructor(options: EngineOptions) {
    this.#keeper = new EngineKeeper(options);
  }

  /** Process id of the engine, undefined while none runs. */
  get pid(): number | undefined {
    return this.#keeper.pid;
  }

  /** Called for every step of opening and capturing. */
  set onProgress(told: (phases: readonly Phase[]) => void) {
    this.#keeper.onProgress = told;
  }

  /** Called once for a process that ended by itself, after the pending calls were rejected. */
  set onCrash(told: (error: AttentionError) => void) {
    this.#keeper.onCrash = told;
  }

  /** Read the graph and find its attention. `scan` never loads ONNX Runtime. */
  open(path: string, mode: "full" | "scan"): Promise<ModelSummary> {
    return this.#keeper.open({ path, mode }, (call) => call.open({ path, mode }));
  }

  /** Run the model. A process that was started again opens the model first, so one call is enough. */
  capture(request: CaptureRequest): Promise<Capture> {
    return this.#keeper.limited(async (call) => {
      const capture = await call.capture(request);
      this.#keeper.worked();
      return capture;
    });
  }

  /** What a capture would take; nothing is run. Null where it cannot be told so. */
  plan(request: CaptureRequest): Promise<Plan | null> {
    return this.#keeper.call((call) => call.plan(request));
  }

  /** Capture a step and keep it in the engine; what is shown stays. */
  captureAhead(request: CaptureRequest): Promise<CapturedAhead> {
    return this.#keeper.limited((call) => call.captureAhead(request));
  }

  readPage(request: PageRequest): Promise<Page> {
    return this.#keeper.call((call) => call.readPage(request));
  }
  readRow(request: RowRequest): Promise<Row> {
    return this.#keeper.call((call) => call.readRow(request));
  }
  readGrid(request: GridRequest): Promise<Grid> {
    return this.#keeper.call((call) => call.readGrid(request));
  }
  readHead(request: HeadRequest): Promise<HeadProfile> {
    return this.#keeper.call((call) => call.readHead(request));
  }
  explain(site: string): Promise<string> {
    return this.#keeper.call((call) => call.explain({ site }));
  }
  readFrame(request: FrameRequest): Promise<Frame> {
    return this.#keeper.call((call) => call.readFrame(request));
  }
  tokenize(request: EngineParams<"tokenize">): Promise<Tokenized> {
    return this.#keeper.call((call) => call.tokenize(request));
  }
  listArrays(request: ArrayListRequest): Promise<ArrayList> {
    return this.#keeper.call((call) => call.listArrays(request));
  }
  async stop(): Promise<void> {
    await this.#keeper.call((call) => call.stop({}));
  }
  readThumbnails(request: ThumbnailRequest): Promise<Thumbnails> {
    return this.#keeper.call((call) => call.readThumbnails(request));
  }
  providers(order: readonly ProviderName[] = []): Promise<ProviderStatus[]> {
    return this.#keeper.call((call) => call.providers({ order: [...order] }));
  }
  writeData(request: EngineParams<"writeData">): Promise<{ bytes: number }> {
    return this.#keeper.call((call) => call.writeData(request));
  }
  isWritten(request: EngineParams<"isWritten">): Promise<EngineAnswer<"isWritten">> {
    return this.#keeper.call((call) => call.isWritten(request));
  }
  checkManifest(model: string): Promise<ManifestReport> {
    return this.#keeper.call((call) => call.checkManifest({ model }));
  }
  weights(file: string): Promise<WeightReport> {
    return this.#keeper.call((call) => call.weights({ file }));
  }
  draftManifest(model: string): Promise<ManifestDraft> {
    return this.#keeper.call((call) => call.draftManifest({ model }));
  }
  confirmGrid(axis: number): Promise<ManifestDraft> {
    return this.#keeper.call((call) => call.confirmGrid({ axis }));
  }
  dataText(request: EngineParams<"dataText">): Promise<string> {
    return this.#keeper.call((call) => call.dataText(request));
  }
  writeFigure(request: EngineParams<"writeFigure">): Promise<{ bytes: number }> {
    return this.#keeper.call((call) => call.writeFigure(request));
  }
  writeReport(request: EngineParams<"writeReport">): Promise<{ bytes: number; leftOut: string[] }> {
    return this.#keeper.call((call) => call.writeReport(request));
  }

  /** Stop what runs: pending calls reject with `cancelled`, and the next call starts a new process. */
  cancel(): Promise<void> {
    return this.#keeper.cancel();
  }

  /** Start afresh, whatever happened before: clears the back-off after crashes. */
  restart(): Promise<void> {
    return this.#keeper.restart();
  }

  dispose(): void {
    this.#keeper.dispose();
  }
}
