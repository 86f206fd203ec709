/**
 * What the parts of a document share: the state that its views draw, the engine behind it, and the number of the load
 * that may write them.
 */
import path from "node:path";
import { Emitter } from "vscode-jsonrpc";
import { type Capture, type Phase, phaseLabels } from "../shared/capture";
import type { DocumentState } from "../shared/document";
import { AttentionError, oneLine } from "../shared/errors";
import type { InputChoice, InputState, RunProgress } from "../shared/input-choice";
import type { ModelSummary } from "../shared/model";
import { DisposableBase, DisposableSlot } from "./disposable";
import type { DocumentHost, Engine } from "./document-host";

/** How often views are told how far runs came, ms: the whole state is sent. */
const TOLD_EVERY_MS = 250;

/** The capture that the views read. */
export interface Shown {
  readonly model: ModelSummary;
  /** With the document's own generation. */
  readonly capture: Capture;
  readonly engineGeneration: number;
}

export class DocumentCore extends DisposableBase {
  readonly path: string;
  readonly name: string;
  readonly host: DocumentHost;
  readonly #changed = this.register(new Emitter<DocumentState>());
  readonly engine = this.register(new DisposableSlot<Engine>());
  /** The engine of a reload that is not done yet. */
  readonly incoming = this.register(new DisposableSlot<Engine>());
  #state: DocumentState;
  shown: Shown | undefined;
  #generation = 0;
  /** When a view was last told how far the runs came. */
  #told = 0;
  #loads = 0;
  /** Number of the load that the engine works on. */
  #loading: number | undefined;
  /** What to run on; null for the model's own input. */
  input: InputChoice | null;

  constructor(file: string, host: DocumentHost) {
    super();
    this.path = file;
    this.name = path.basename(file);
    this.host = host;
    this.input = host.inputs.current;
    this.#state = { status: "opening", name: this.name, phases: [], model: null };
  }

  get state(): DocumentState {
    return this.#state;
  }

  readonly onDidChange = this.#changed.event;

  /** Whether the engine works on a load. */
  get busy(): boolean {
    return this.#loading !== undefined;
  }

  /** The number of a new load; those before it write nothing any more. */
  supersede(): number {
    return ++this.#loads;
  }

  /** Whether a load may still write. */
  isCurrent(load: number): boolean {
    return load === this.#loads && !this.disposed;
  }

  /** The engine works on this load from now on. */
  occupy(load: number): void {
    this.#loading = load;
  }

  /** The load is done; another that took the engine meanwhile keeps it. */
  free(load: number): void {
    if (this.#loading === load) this.#loading = undefined;
  }

  /** Whatever the engine worked on is given up. */
  abandon(): void {
    this.supersede();
    this.#loading = undefined;
  }

  /** Keep a capture as what the views read, under a generation of the document. */
  show(model: ModelSummary, capture: Capture): Capture {
    const own = { ...capture, generation: ++this.#generation };
    this.shown = { model, capture: own, engineGeneration: capture.generation };
    return own;
  }

  set(state: DocumentState): void {
    if (this.disposed) return;
    this.#state = state;
    this.#changed.fire(state);
  }

  /** Say more of the input that is shown. */
  setInput(change: Partial<InputState>): void {
    if (this.#state.status === "ready")
      this.set({ ...this.#state, input: { ...this.#state.input, ...change } });
  }

  /** A load is done: its engine is the document's engine from now on. */
  finish(engine: Engine, state: DocumentState): void {
    if (this.incoming.value === engine) {
      this.engine.value = this.watched(this.incoming.release() ?? engine);
    }
    if (state.status !== "ready") this.shown = undefined;
    this.set(state);
  }

  watched(engine: Engine): Engine {
    engine.onProgress = (phases) => this.#progress(engine, phases);
    engine.onCrash = (error) => {
      this.host.log.error(`${this.name}: ${error.message}`);
      // A load in progress is rejected by the client and fails there. What takes no more from the engine (an error,
      // no attention, a scan) loses nothing.
      const lost = this.#state.status === "ready" && this.#loading === undefined;
      if (lost && this.engine.value === engine) this.fail(error);
    };
    return engine;
  }

  #progress(engine: Engine, phases: readonly Phase[]): void {
    if (this.engine.value !== engine) return;
    if (this.#state.status === "opening") this.set({ ...this.#state, phases: [...phases] });
    else this.#ran(phases.find(({ runs }) => runs)?.runs);
  }

  /** How far the runs of an input came that is on its way; not each of many short ones is told. */
  #ran(progress: RunProgress | undefined): void {
    const now = performance.now();
    if (!progress || this.#state.status !== "ready" || !this.#state.input.running) return;
    if (now - this.#told < TOLD_EVERY_MS) return;
    this.#told = now;
    this.setInput({ progress });
  }

  fail(thrown: unknown): void {
    const error = this.#where(AttentionError.wrap(thrown));
    const { model } = this.#state;
    if (error.code === "noAttention" && model) {
      this.shown = undefined;
      return this.set({ status: "empty", name: this.name, model });
    }
    if (error.code !== "cancelled") this.host.log.error(`${this.name}: ${oneLine(error.report())}`);
    if (error.code === "internal" && error.stack) this.host.log.debug(error.stack);
    this.shown = undefined;
    // An input that does not fit (any more) is not tried again: the model's own comes next.
    if (/^(input|fileNotFound|frame)/.test(error.code)) this.input = null;
    this.set({ status: "error", name: this.name, error: error.report(), model });
  }

  /** A cancelled run says in which phase it was stopped. */
  #where(error: AttentionError): AttentionError {
    if (error.code !== "cancelled" || error.detail || this.#state.status !== "opening") return error;
    const active = this.#state.phases.find((phase) => phase.state === "active");
    return active ? new AttentionError("cancelled", `Stopped at “${phaseLabels[active.name]}”.`) : error;
  }

  markStale(stale: string | null): void {
    if (this.#state.status !== "ready" || this.#state.stale === stale) return;
    this.set({ ...this.#state, stale });
  }

  override dispose(): void {
    this.abandon();
    super.dispose();
  }
}
