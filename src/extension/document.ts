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
import type { ArrayChoice, ArrayListRequest } from "../shared/array-mapping";
import { AttentionError, oneLine } from "../shared/errors";
import type { DocumentState } from "../shared/document";
import type { Frame, FrameRequest, InputChoice, RunAxis, Tokenized } from "../shared/input-choice";
import type { ManifestReport } from "../shared/manifest-report";
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
import { DisposableBase } from "./disposable";
import { DocumentAll } from "./document-all";
import { DocumentCaptures } from "./document-captures";
import { DocumentMappings } from "./document-mappings";
import { DocumentCore } from "./document-core";
import type { DocumentHost, Engine } from "./document-host";

export class AttentionDocument extends DisposableBase {
  readonly path: string;
  readonly name: string;
  readonly #core: DocumentCore;
  readonly #mappings: DocumentMappings;
  readonly #captures: DocumentCaptures;
  readonly #all: DocumentAll;

  constructor(file: string, host: DocumentHost) {
    super();
    this.#core = this.register(new DocumentCore(file, host));
    this.#mappings = new DocumentMappings(host.inputs);
    this.#captures = new DocumentCaptures(this.#core, this.#mappings);
    this.#all = new DocumentAll(this.#core, this.#captures.requestOn);
    ({ path: this.path, name: this.name } = this.#core);
  }

  get state(): DocumentState {
    return this.#core.state;
  }

  get onDidChange(): DocumentCore["onDidChange"] {
    return this.#core.onDidChange;
  }

  /** Open and capture from the beginning; whatever ran before is stopped. Failures become the state. */
  load(): Promise<void> {
    return this.#captures.load();
  }

  /** Run a large model as one of the plan's choices says. */
  runPlanned(choice: number): Promise<void> {
    return this.#captures.runPlanned(choice);
  }

  /** Stop what runs, or do not begin what was planned. The state says so and offers to try again. */
  async cancel(): Promise<void> {
    if (this.#core.state.status === "plan") {
      this.#core.fail(new AttentionError("cancelled", "Nothing was run."));
      return;
    }
    if (!this.#core.busy) return;
    this.#core.host.log.info(`${this.name}: cancelled`);
    await this.#core.engine.value?.cancel();
  }

  /** Start the engine afresh, the back-off after crashes included, and load again. */
  async restart(): Promise<void> {
    this.#captures.forgetPlan();
    this.#core.supersede();
    await this.#core.engine.value?.restart();
    await this.load();
  }

  /** Load with another kind of engine: after trust was granted, or its settings changed. */
  async replaceEngine(): Promise<void> {
    this.#core.abandon();
    this.#core.engine.value = undefined;
    await this.load();
  }

  /** The file differs from what is shown, or is gone; it is not read before it is stable. */
  fileChanged(missing: boolean): void {
    const happened = missing ? "was deleted or is being replaced" : "changed on disk, reloading";
    this.#core.markStale(`${this.name} ${happened}. The last capture is shown.`);
  }

  /** The file is again what was loaded. */
  fileRestored(): void {
    this.#core.markStale(null);
  }

  /** The file is stable: load it, and keep what is shown until the new capture is there. */
  async fileSettled(): Promise<void> {
    if (this.#core.state.status !== "ready") return this.load();
    const load = this.#core.supersede();
    const next = this.#core.host.createEngine();
    this.#core.incoming.value = next;
    try {
      await this.#captures.open(next, load);
    } catch (error) {
      if (!this.#core.isCurrent(load)) return;
      const report = AttentionError.wrap(error).report();
      this.#core.host.log.error(`${this.name}: reload failed: ${oneLine(report)}`);
      this.#core.incoming.value = undefined;
      this.#core.markStale(
        `${this.name} changed on disk and cannot be shown: ${oneLine(report)} The last capture is shown.`,
      );
    }
  }

  /** Capture again with the scores; what is shown stays until they are there, and if they cannot be had. */
  captureScores(): Promise<void> {
    return this.#captures.scores();
  }

  /**
   * Capture on another input; null for the model's own. What is shown stays until the capture is there, and when it
   * fails. One is captured at a time: of those that are chosen meanwhile, the last.
   */
  chooseInput(choice: InputChoice | null): Promise<void> {
    return this.#captures.choose(choice);
  }

  /** Capture all steps or passes of the input that is shown, beside what a person asks for. */
  captureAll(axis: RunAxis): Promise<void> {
    return this.#all.start(axis);
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
    const engine = this.#core.engine.value;
    if (!engine || this.#core.state.status !== "ready") throw new AttentionError("stale");
    return engine.tokenize(request);
  }

  /** Arrays of a recording, and how such a recording was mapped before. */
  async listArrays(request: ArrayListRequest): Promise<ArrayChoice> {
    const engine = this.#core.engine.value;
    if (!engine || this.#core.state.status !== "ready") throw new AttentionError("stale");
    return this.#mappings.list(engine, request);
  }

  /** What is wrong with the manifest; undefined while no engine is there to be asked. */
  checkManifest(): Promise<ManifestReport> | undefined {
    return this.#core.engine.value?.checkManifest(this.path);
  }

  /** End a generation, a loop, or the capture of all steps after the run that it is at; what was made is kept. */
  async stop(): Promise<void> {
    this.#all.stop();
    await this.#core.engine.value?.stop();
  }

  /** Write files of what is shown; an engine that gave its memory back captures again first. */
  async write<T>(act: (engine: Engine) => Promise<T>): Promise<T> {
    const write = (): Promise<T> => {
      const engine = this.#core.engine.value;
      if (!this.#core.shown || !engine)
        throw new AttentionError("stale", `${this.name} shows no capture now.`);
      return act(engine);
    };
    try {
      return await write();
    } catch (error) {
      if (AttentionError.wrap(error).code !== "stale" || !this.#core.shown) throw error;
      await this.#captures.again();
      return write();
    }
  }

  /** Ask the engine in its own generation, answer in the document's. */
  async #read<R extends { generation: number }, T extends { generation: number }>(
    request: R,
    ask: (engine: Engine, own: R) => Promise<T>,
  ): Promise<T> {
    const shown = this.#core.shown;
    const engine = this.#core.engine.value;
    if (!shown || !engine || request.generation !== shown.capture.generation) {
      throw new AttentionError("stale");
    }
    try {
      const answer = await ask(engine, { ...request, generation: shown.engineGeneration });
      return { ...answer, generation: request.generation };
    } catch (thrown) {
      const error = AttentionError.wrap(thrown);
      if (this.#core.shown !== shown) throw new AttentionError("stale");
      if (error.code === "stale") void this.#captures.again();
      throw error;
    }
  }
}
