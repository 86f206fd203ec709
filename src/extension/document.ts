/**
 * One open model: the recipe of what is shown (file, provider), the state that every view of it draws, and the
 * engine behind it. Knows nothing of VS Code, so that its rules can be tested in Node.
 *
 * Rules that shape it:
 * - A load that was superseded (another provider, a retry, a close) never writes the state: every load has a number.
 * - While something is shown, a change on disk is loaded in a second engine that replaces the first when it is
 *   done, so the last good view keeps answering.
 * - Generations are counted here, over all engines of the document: an engine that is started again counts from
 *   its own beginning, and a page of an earlier capture must never pass for one of the present capture.
 */
import path from "node:path";
import { Emitter } from "vscode-jsonrpc";
import type { EngineClient } from "../client/engine-client";
import { type Capture, type Phase, phaseLabels } from "../shared/capture";
import type { DocumentState } from "../shared/document";
import { AttentionError, oneLine } from "../shared/errors";
import {
  type Frame,
  type FrameRequest,
  type InputChoice,
  type InputState,
  type RecentInput,
  type Tokenized,
} from "../shared/input-choice";
import type { ManifestReport } from "../shared/manifest-report";
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
import type { CaptureRequest } from "../shared/protocol";
import { DisposableBase, DisposableSlot } from "./disposable";
import type { Log } from "./log";

export type Engine = Pick<
  EngineClient,
  | "open"
  | "capture"
  | "readPage"
  | "readRow"
  | "readGrid"
  | "readHead"
  | "readThumbnails"
  | "readFrame"
  | "tokenize"
  | "stop"
  | "checkManifest"
  | "writeData"
  | "writeFigure"
  | "writeReport"
  | "confirmGrid"
  | "cancel"
  | "restart"
  | "dispose"
  | "onProgress"
  | "onCrash"
>;

/** What a document needs of its surroundings; read anew at every load. */
export interface DocumentHost {
  readonly trusted: boolean;
  /** Provider and order from the settings. */
  readonly recipe: Pick<CaptureRequest, "provider" | "providerOrder">;
  createEngine(): Engine;
  readonly log: Log;
  /** The inputs of this model that were chosen before. */
  readonly inputs: InputMemory;
}

/** Remembers what was chosen for one model. */
export interface InputMemory {
  /** What was shown last, where it is to be shown again. */
  readonly current: InputChoice | null;
  /** The latest first. */
  readonly recent: readonly RecentInput[];
  /** @param label what the capture calls it */
  remember(choice: InputChoice | null, label: string): void;
}

interface Shown {
  readonly model: ModelSummary;
  /** With the document's own generation. */
  readonly capture: Capture;
  readonly engineGeneration: number;
}

export class AttentionDocument extends DisposableBase {
  readonly path: string;
  readonly name: string;
  readonly #host: DocumentHost;
  readonly #changed = this.register(new Emitter<DocumentState>());
  readonly #engine = this.register(new DisposableSlot<Engine>());
  /** The engine of a reload that is not done yet. */
  readonly #incoming = this.register(new DisposableSlot<Engine>());
  #state: DocumentState;
  #shown: Shown | undefined;
  #generation = 0;
  #loads = 0;
  /** Number of the load that the engine works on. */
  #loading: number | undefined;
  #capturingAgain = false;
  /** Scores were asked for: captures from then on have them. */
  #withScores = false;
  #scoresComing: Promise<void> | undefined;
  /** What to run on; null for the model's own input. */
  #input: InputChoice | null;
  /** The input that was chosen while another was being captured. */
  #nextInput: { readonly choice: InputChoice | null } | undefined;
  #choosing: Promise<void> | undefined;

  constructor(file: string, host: DocumentHost) {
    super();
    this.path = file;
    this.name = path.basename(file);
    this.#host = host;
    this.#input = host.inputs.current;
    this.#state = { status: "opening", name: this.name, phases: [], model: null };
  }

  get state(): DocumentState {
    return this.#state;
  }

  readonly onDidChange = this.#changed.event;

  /** Open and capture from the beginning; whatever ran before is stopped. Failures become the state. */
  async load(): Promise<void> {
    const load = ++this.#loads;
    this.#incoming.value = undefined;
    this.#shown = undefined;
    this.#set({ status: "opening", name: this.name, phases: [], model: null });
    if (this.#loading !== undefined) await this.#engine.value?.cancel();
    if (load !== this.#loads || this.disposed) return;
    this.#loading = load;
    const engine = this.#engine.value ?? this.#watched(this.#host.createEngine());
    this.#engine.value = engine;
    try {
      await this.#openAndCapture(engine, load);
    } catch (error) {
      if (load === this.#loads) this.#fail(error);
    } finally {
      if (this.#loading === load) this.#loading = undefined;
    }
  }

  /** Stop what runs. The state says so and offers to try again. */
  async cancel(): Promise<void> {
    if (this.#loading === undefined) return;
    this.#host.log.info(`${this.name}: cancelled`);
    await this.#engine.value?.cancel();
  }

  /** Start the engine afresh, the back-off after crashes included, and load again. */
  async restart(): Promise<void> {
    ++this.#loads;
    await this.#engine.value?.restart();
    await this.load();
  }

  /** Load with another kind of engine: after trust was granted, or its settings changed. */
  async replaceEngine(): Promise<void> {
    ++this.#loads;
    this.#loading = undefined;
    this.#engine.value = undefined;
    await this.load();
  }

  /** The file differs from what is shown, or is gone; it is not read before it is stable. */
  fileChanged(missing: boolean): void {
    const happened = missing ? "was deleted or is being replaced" : "changed on disk, reloading";
    this.#markStale(`${this.name} ${happened}. The last capture is shown.`);
  }

  /** The file is again what was loaded. */
  fileRestored(): void {
    this.#markStale(null);
  }

  /** The file is stable: load it, and keep what is shown until the new capture is there. */
  async fileSettled(): Promise<void> {
    if (this.#state.status !== "ready") return this.load();
    const load = ++this.#loads;
    const next = this.#host.createEngine();
    this.#incoming.value = next;
    try {
      await this.#openAndCapture(next, load);
    } catch (error) {
      if (load !== this.#loads) return;
      const report = AttentionError.wrap(error).report();
      this.#host.log.error(`${this.name}: reload failed: ${oneLine(report)}`);
      this.#incoming.value = undefined;
      this.#markStale(
        `${this.name} changed on disk and cannot be shown: ${oneLine(report)} The last capture is shown.`,
      );
    }
  }

  /** Capture again with the scores; what is shown stays until they are there, and if they cannot be had. */
  captureScores(): Promise<void> {
    this.#scoresComing ??= this.#captureScores().finally(() => (this.#scoresComing = undefined));
    return this.#scoresComing;
  }

  /**
   * Capture on another input; null for the model's own. What is shown stays until the capture is there, and when it
   * fails. One is captured at a time: of those that are chosen meanwhile, the last.
   */
  chooseInput(choice: InputChoice | null): Promise<void> {
    this.#nextInput = { choice };
    this.#choosing ??= this.#chooseInTurn().finally(() => (this.#choosing = undefined));
    return this.#choosing;
  }

  readPage(request: PageRequest): Promise<Page> {
    return this.#read(request, (engine, own) => engine.readPage(own));
  }
  readRow(request: RowRequest): Promise<Row> {
    return this.#read(request, (engine, own) => engine.readRow(own));
  }
  readGrid(request: GridRequest): Promise<Grid> {
    return this.#read(request, (engine, own) => engine.readGrid(own));
  }
  readHead(request: HeadRequest): Promise<HeadProfile> {
    return this.#read(request, (engine, own) => engine.readHead(own));
  }
  readThumbnails(request: ThumbnailRequest): Promise<Thumbnails> {
    return this.#read(request, (engine, own) => engine.readThumbnails(own));
  }

  readFrame(request: FrameRequest): Promise<Frame> {
    return this.#read(request, (engine, own) => engine.readFrame(own));
  }

  /** Tokens of a text by the model's tokenizer. */
  async tokenize(request: { text: string; textPair: string | null }): Promise<Tokenized> {
    const engine = this.#engine.value;
    if (!engine || this.#state.status !== "ready") throw new AttentionError("stale");
    return engine.tokenize(request);
  }

  /** What is wrong with the manifest; undefined while no engine is there to be asked. */
  checkManifest(): Promise<ManifestReport> | undefined {
    return this.#engine.value?.checkManifest(this.path);
  }

  /** End a generation; what was made is kept. */
  async stop(): Promise<void> {
    await this.#engine.value?.stop();
  }

  /** Write files of what is shown; an engine that gave its memory back captures again first. */
  async write<T>(act: (engine: Engine) => Promise<T>): Promise<T> {
    const write = (): Promise<T> => {
      const engine = this.#engine.value;
      if (!this.#shown || !engine) throw new AttentionError("stale", `${this.name} shows no capture now.`);
      return act(engine);
    };
    try {
      return await write();
    } catch (error) {
      if (AttentionError.wrap(error).code !== "stale" || !this.#shown) throw error;
      await this.#captureAgain();
      return write();
    }
  }

  override dispose(): void {
    ++this.#loads;
    this.#loading = undefined;
    super.dispose();
  }

  async #openAndCapture(engine: Engine, load: number): Promise<void> {
    const { trusted } = this.#host;
    const model = await engine.open(this.path, trusted ? "full" : "scan");
    if (load !== this.#loads) return;
    if (model.sites.length === 0) return this.#finish(engine, { status: "empty", name: this.name, model });
    if (!trusted) return this.#finish(engine, { status: "restricted", name: this.name, model });
    if (this.#state.status === "opening") this.#set({ ...this.#state, model });
    await this.#capture(engine, model, load, this.#input);
  }

  async #capture(
    engine: Engine,
    model: ModelSummary,
    load: number,
    choice: InputChoice | null,
  ): Promise<void> {
    const { log, recipe, inputs } = this.#host;
    const scores = this.#withScores ? { scores: true } : {};
    const capture = await engine.capture({
      ...recipe,
      input: choice,
      fallback: true,
      sites: null,
      ...scores,
    });
    if (load !== this.#loads) return;
    this.#input = choice;
    inputs.remember(choice, capture.input.label);
    log.info(`${this.name}: ${capture.sites.length} sites captured on ${capture.provider.used}`);
    for (const { name, reason } of capture.provider.refused) log.warn(`${name} was not used: ${reason}`);
    const generation = ++this.#generation;
    this.#shown = { model, capture: { ...capture, generation }, engineGeneration: capture.generation };
    this.#finish(engine, {
      status: "ready",
      name: this.name,
      model,
      capture: this.#shown.capture,
      input: {
        choice,
        running: this.#nextInput !== undefined,
        problem: null,
        recent: [...this.#host.inputs.recent],
      },
      stale: null,
    });
  }

  async #captureScores(): Promise<void> {
    if (this.#withScores && this.#shown?.capture.sites.some((site) => site.scores !== null)) return;
    const engine = this.#engine.value;
    if (!this.#shown || !engine || this.#loading !== undefined)
      throw new AttentionError("stale", `${this.name} is being captured now.`);
    const load = ++this.#loads;
    this.#loading = load;
    this.#withScores = true;
    try {
      await this.#capture(engine, this.#shown.model, load, this.#input);
    } catch (error) {
      this.#withScores = false;
      throw error;
    } finally {
      if (this.#loading === load) this.#loading = undefined;
    }
  }

  async #chooseInTurn(): Promise<void> {
    for (let next = this.#nextInput; next && !this.disposed; next = this.#nextInput) {
      this.#nextInput = undefined;
      await this.#captureOn(next.choice);
    }
  }

  async #captureOn(choice: InputChoice | null): Promise<void> {
    const engine = this.#engine.value;
    const shown = this.#shown;
    if (!shown || !engine || this.#loading !== undefined) {
      // Nothing is shown that could stay: open it on this input from the beginning.
      this.#input = choice;
      return this.load();
    }
    const load = ++this.#loads;
    this.#loading = load;
    this.#setInput({ running: true, problem: null });
    try {
      await this.#capture(engine, shown.model, load, choice);
    } catch (thrown) {
      if (load !== this.#loads) return;
      const error = AttentionError.wrap(thrown);
      if (error.code !== "cancelled") this.#host.log.error(`${this.name}: ${oneLine(error.report())}`);
      this.#setInput({ running: false, problem: error.code === "cancelled" ? null : error.report() });
    } finally {
      if (this.#loading === load) this.#loading = undefined;
    }
  }

  #setInput(change: Partial<InputState>): void {
    if (this.#state.status === "ready")
      this.#set({ ...this.#state, input: { ...this.#state.input, ...change } });
  }

  /** A load is done: its engine is the document's engine from now on. */
  #finish(engine: Engine, state: DocumentState): void {
    if (this.#incoming.value === engine) {
      this.#engine.value = this.#watched(this.#incoming.release() ?? engine);
    }
    if (state.status !== "ready") this.#shown = undefined;
    this.#set(state);
  }

  #watched(engine: Engine): Engine {
    engine.onProgress = (phases) => this.#progress(engine, phases);
    engine.onCrash = (error) => {
      this.#host.log.error(`${this.name}: ${error.message}`);
      // A load in progress is rejected by the client and fails there. What takes no more from the engine (an error,
      // no attention, a scan) loses nothing.
      const lost = this.#state.status === "ready" && this.#loading === undefined;
      if (lost && this.#engine.value === engine) this.#fail(error);
    };
    return engine;
  }

  #progress(engine: Engine, phases: readonly Phase[]): void {
    if (this.#engine.value !== engine || this.#state.status !== "opening") return;
    this.#set({ ...this.#state, phases: [...phases] });
  }

  #fail(thrown: unknown): void {
    const error = this.#where(AttentionError.wrap(thrown));
    const { model } = this.#state;
    if (error.code === "noAttention" && model) {
      this.#shown = undefined;
      return this.#set({ status: "empty", name: this.name, model });
    }
    if (error.code !== "cancelled") this.#host.log.error(`${this.name}: ${oneLine(error.report())}`);
    if (error.code === "internal" && error.stack) this.#host.log.debug(error.stack);
    this.#shown = undefined;
    // An input that does not fit (any more) is not tried again: the model's own comes next.
    if (/^(input|fileNotFound|frame)/.test(error.code)) this.#input = null;
    this.#set({ status: "error", name: this.name, error: error.report(), model });
  }

  /** A cancelled run says in which phase it was stopped. */
  #where(error: AttentionError): AttentionError {
    if (error.code !== "cancelled" || error.detail || this.#state.status !== "opening") return error;
    const active = this.#state.phases.find((phase) => phase.state === "active");
    return active ? new AttentionError("cancelled", `Stopped at “${phaseLabels[active.name]}”.`) : error;
  }

  #markStale(stale: string | null): void {
    if (this.#state.status !== "ready" || this.#state.stale === stale) return;
    this.#set({ ...this.#state, stale });
  }

  /** Ask the engine in its own generation, answer in the document's. */
  async #read<R extends { generation: number }, T extends { generation: number }>(
    request: R,
    ask: (engine: Engine, own: R) => Promise<T>,
  ): Promise<T> {
    const shown = this.#shown;
    const engine = this.#engine.value;
    if (!shown || !engine || request.generation !== shown.capture.generation) {
      throw new AttentionError("stale");
    }
    try {
      const answer = await ask(engine, { ...request, generation: shown.engineGeneration });
      return { ...answer, generation: request.generation };
    } catch (thrown) {
      const error = AttentionError.wrap(thrown);
      if (this.#shown !== shown) throw new AttentionError("stale");
      if (error.code === "stale") void this.#captureAgain();
      throw error;
    }
  }

  /** The engine gave its memory back after a while without use: run the recipe again, once for all who ask. */
  async #captureAgain(): Promise<void> {
    if (this.#capturingAgain || this.#loading !== undefined) return;
    const engine = this.#engine.value;
    if (!engine) return;
    const load = ++this.#loads;
    this.#loading = load;
    this.#capturingAgain = true;
    this.#markStale("The engine had given its memory back after a while without use. Capturing again.");
    try {
      await this.#openAndCapture(engine, load);
    } catch (error) {
      if (load === this.#loads) this.#fail(error);
    } finally {
      this.#capturingAgain = false;
      if (this.#loading === load) this.#loading = undefined;
    }
  }

  #set(state: DocumentState): void {
    if (this.disposed) return;
    this.#state = state;
    this.#changed.fire(state);
  }
}
