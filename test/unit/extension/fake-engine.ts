/** An engine whose answers a test gives by hand, and a document on it. */
import type { ArrayList, ArrayListRequest, RememberedMapping } from "../../../src/shared/array-mapping";
import type { Capture, Phase } from "../../../src/shared/capture";
import type { DocumentState } from "../../../src/shared/document";
import { AttentionError } from "../../../src/shared/errors";
import type { InputChoice, RecentInput } from "../../../src/shared/input-choice";
import type { ModelSummary } from "../../../src/shared/model";
import type { Plan } from "../../../src/shared/plan";
import type { PageRequest } from "../../../src/shared/page";
import type { CapturedAhead } from "../../../src/shared/protocol";
import { AttentionDocument } from "../../../src/extension/document";
import type { DocumentHost, Engine, InputMemory } from "../../../src/extension/document-host";
import type { Log } from "../../../src/extension/log";
import { sampleCapture, sampleModel, samplePage } from "./samples";

export class TestLog implements Log {
  readonly lines: string[] = [];
  debug = (line: string) => void this.lines.push(`debug ${line}`);
  info = (line: string) => void this.lines.push(`info ${line}`);
  warn = (line: string) => void this.lines.push(`warn ${line}`);
  error = (line: string) => void this.lines.push(`error ${line}`);
}

interface Pending<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Opens and captures wait until the test answers them; pages are answered at once, as the real engine would. */
export class FakeEngine implements Engine {
  readonly opens: (Pending<ModelSummary> & { mode: string })[] = [];
  readonly captures: (Pending<Capture> & {
    provider: string;
    input: InputChoice | null;
    sites: readonly string[] | null;
    scores: boolean;
  })[] = [];
  readonly asked: number[] = [];
  disposed = false;
  cancels = 0;
  restarts = 0;
  /** Generation of the maps that it holds; 0 for none. */
  holds = 0;
  onProgress: (phases: readonly Phase[]) => void = () => undefined;
  onCrash: (error: AttentionError) => void = () => undefined;

  open = (_path: string, mode: "full" | "scan") =>
    new Promise<ModelSummary>((resolve, reject) => this.opens.push({ resolve, reject, mode }));
  capture = ({
    scores = false,
    ...asked
  }: {
    provider: string;
    input: InputChoice | null;
    sites: readonly string[] | null;
    scores?: boolean | undefined;
  }) => new Promise<Capture>((resolve, reject) => this.captures.push({ resolve, reject, ...asked, scores }));
  /** What a run would take: little. */
  planned: Plan = {
    ...{ input: "synthetic (seed 0)", freeBytes: 1e9, largest: null, unknown: 0 },
    choices: [{ sites: null, siteCount: 2, heads: 4, memoryBytes: 1000, mapBytes: 500, viewBytes: 10 }],
  };
  plan = () => Promise.resolve(this.planned);
  /** Steps that were asked for ahead; answered as a test says. */
  readonly ahead: (Pending<CapturedAhead> & { input: InputChoice | null })[] = [];
  captureAhead = ({ input }: { input: InputChoice | null }) =>
    new Promise<CapturedAhead>((resolve, reject) => this.ahead.push({ resolve, reject, input }));
  readPage = async (request: PageRequest) => {
    this.asked.push(request.generation);
    if (request.generation !== this.holds) throw new AttentionError("stale");
    return samplePage(request);
  };
  readRow = () => Promise.reject(new AttentionError("internal"));
  readGrid = () => Promise.reject(new AttentionError("internal"));
  readHead = () => Promise.reject(new AttentionError("internal"));
  readThumbnails = () => Promise.reject(new AttentionError("internal"));
  readFrame = () => Promise.reject(new AttentionError("internal"));
  tokenize = () => Promise.reject(new AttentionError("internal"));
  /** Arrays that a file is said to hold. */
  arrays: Omit<ArrayList, "problem"> = { name: "other.npz", kinds: [], arrays: [], left: 0, inputs: [] };
  /** Mappings that can be run; all of them where it is null. */
  runs: ((arrays: Readonly<Record<string, string>>) => boolean) | null = null;
  listArrays = ({ arrays = {} }: ArrayListRequest) =>
    Promise.resolve({ ...this.arrays, problem: this.runs?.(arrays) === false ? "It does not fit." : null });
  stops = 0;
  stop = () => {
    this.stops += 1;
    return Promise.resolve();
  };
  checkManifest = (model: string) =>
    Promise.resolve({ file: `${model}.attention.json`, exists: false, problems: [] });
  confirmGrid = () => Promise.reject(new AttentionError("internal"));
  /** What was asked to be written. */
  readonly written: unknown[] = [];
  writeData = (request: unknown) => this.#write(request);
  writeFigure = (request: unknown) => this.#write(request);
  writeReport = async (request: unknown) => ({ ...(await this.#write(request)), leftOut: this.leavesOut });
  /** What reports say they left out. */
  leavesOut: string[] = [];
  cancel = async () => {
    this.cancels += 1;
    this.#end();
  };
  restart = async () => {
    this.restarts += 1;
    this.#end();
  };
  dispose = () => {
    this.disposed = true;
    this.#end();
  };

  async #write(request: unknown): Promise<{ bytes: number }> {
    if (this.holds === 0) throw new AttentionError("stale");
    this.written.push(request);
    return { bytes: 1234 };
  }

  #end(): void {
    this.holds = 0;
    for (const call of [...this.opens, ...this.captures, ...this.ahead])
      call.reject(new AttentionError("cancelled"));
  }
}

/** Remembers in memory. */
export class TestInputs implements InputMemory {
  current: InputChoice | null = null;
  recent: RecentInput[] = [];
  mappings: RememberedMapping[] = [];

  remember(choice: InputChoice | null, label: string): void {
    this.current = choice;
    if (choice !== null) this.recent = [{ choice, label }, ...this.recent];
  }

  rememberMapping(mapping: RememberedMapping): void {
    this.mappings = [mapping, ...this.mappings];
  }
}

export const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

export class DocumentBench {
  readonly engines: FakeEngine[] = [];
  readonly states: DocumentState[] = [];
  readonly log = new TestLog();
  readonly inputs = new TestInputs();
  trusted = true;
  provider: "auto" | "cpu" | "cuda" = "auto";
  askAboveBytes = 0;
  readonly document: AttentionDocument;

  /** @param current the input that was shown when the window was last open */
  constructor(current: InputChoice | null = null) {
    this.inputs.current = current;
    // Read at every load, so a test changes trust and settings by changing the bench.
    const bench = {
      trusted: () => this.trusted,
      provider: () => this.provider,
      above: () => this.askAboveBytes,
    };
    const host: DocumentHost = {
      log: this.log,
      inputs: this.inputs,
      get askAboveBytes() {
        return bench.above();
      },
      get trusted() {
        return bench.trusted();
      },
      get recipe() {
        return { provider: bench.provider(), providerOrder: [] };
      },
      createEngine: () => {
        const engine = new FakeEngine();
        this.engines.push(engine);
        return engine;
      },
    };
    this.document = new AttentionDocument("/models/actor.onnx", host);
    this.document.onDidChange((state) => this.states.push(state));
  }

  /** The engine started last. */
  get engine(): FakeEngine {
    return this.engines.at(-1)!;
  }

  get state(): DocumentState {
    return this.document.state;
  }

  /** Answer what the engine was asked last: the opening, then the capture. */
  async answerOpen(sites = 2): Promise<void> {
    await settle();
    this.engine.opens.at(-1)!.resolve(sampleModel(this.document.path, sites));
    await settle();
  }
  async answerCapture(generation = 1): Promise<void> {
    this.engine.captures.at(-1)!.resolve(sampleCapture(generation));
    this.engine.holds = generation;
    await settle();
  }

  /** Load until the model is shown. */
  async show(): Promise<void> {
    void this.document.load();
    await this.answerOpen();
    await this.answerCapture();
  }

  page(generation: number): PageRequest {
    return {
      handle: "g1.site_000",
      generation,
      batch: 0,
      head: 0,
      queryStart: 0,
      queryEnd: 6,
      keyStart: 0,
      keyEnd: 6,
      maxRows: 6,
      maxColumns: 6,
      pooling: "max",
    };
  }
}
