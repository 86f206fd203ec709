/** The programmatic way in: `open(model).capture(inputs)` (`docs/api.md`). Every failure is an `AttentionError`. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { EngineClient } from "../client/engine-client";
import { writeNpz } from "../inputs/arrays";
import type * as shared from "../shared/capture";
import { AttentionError } from "../shared/errors";
import { axisOfEntry } from "../shared/sample-axis";
import { figureFormats, type FigureSpec, startingSpec } from "../shared/figure/figure-spec";
import type { ModelSummary } from "../shared/model";
import type {
  CapturedSite,
  CaptureOptions,
  FigureOptions,
  HeadMap,
  InputArrays,
  ModelDescription,
  OpenOptions,
  Provider,
} from "./types";

export type {
  CapturedSite,
  CaptureOptions,
  FigureOptions,
  HeadFigures,
  HeadMap,
  InputArray,
  InputArrays,
  ModelDescription,
  OpenOptions,
  Provider,
  Site,
} from "./types";

/** Rows and columns that the engine hands out in one page at most. */
const PAGE = 8192;
const REPORT_LIMIT_BYTES = 50e6;

/** An ONNX model, with a process of its own that runs it. */
export interface Model {
  /** Read the graph, without its weights, and find its attention. */
  inspect(): Promise<ModelDescription>;
  /**
   * Run the model once and keep every attention map.
   * @param inputs path of an npz, or arrays by the names of the model's inputs; without it the manifest's recorded
   *   input, else a synthetic one
   */
  capture(inputs?: string | InputArrays, options?: CaptureOptions): Promise<Capture>;
  /** End the process. Captures of this model give no more maps; what they have told stays. */
  close(): void;
}

/** One run of a model on one input. The next capture of the same model takes the maps' place. */
export interface Capture {
  readonly sites: readonly CapturedSite[];
  /** The provider that ran. */
  readonly provider: Provider;
  /** What was cut, assumed or refused, in words. */
  readonly notices: readonly string[];
  /** One head's map, or the mean over all heads or over the named ones. */
  map(site: CapturedSite, head: number | "mean" | readonly number[], sample?: number): Promise<HeadMap>;
  /** What the tokens of a sample are called: those of several prompts differ. */
  labels(
    site: CapturedSite,
    sample?: number,
  ): { readonly queries: readonly string[]; readonly keys: readonly string[] };
  /** Draw a figure into a `.png`, `.svg` or `.pdf` file. */
  writeFigure(file: string, options?: FigureOptions): Promise<void>;
  /** Every map as `site_000` …, as `attention-lens capture --out` writes it. */
  writeNpz(file: string): Promise<void>;
  /** Sites and figures, as `attention-lens capture --json` writes them. */
  writeJson(file: string): Promise<void>;
  /** Figures of all heads, a row for each. */
  writeCsv(file: string): Promise<void>;
  /** One offline page with the views. */
  writeReport(file: string): Promise<void>;
}

/** Open a model. Nothing is read before the first call of its methods. */
export function open(file: string, options: OpenOptions = {}): Model {
  return new OpenModel(path.resolve(file), options);
}

class OpenModel implements Model {
  readonly #file: string;
  readonly #client: EngineClient;
  #summary: Promise<ModelSummary> | undefined;

  constructor(file: string, options: OpenOptions) {
    this.#file = file;
    this.#client = new EngineClient({
      entry: fileURLToPath(new URL("../engine/main.cjs", import.meta.url)),
      trusted: true,
      threads: options.threads,
      nodePath: options.nodePath,
      log: options.log ?? (() => undefined),
    });
  }

  async inspect(): Promise<ModelDescription> {
    return this.#open();
  }

  async capture(inputs?: string | InputArrays, options: CaptureOptions = {}): Promise<Capture> {
    await this.#open();
    const request = {
      provider: options.provider ?? "auto",
      providerOrder: [] as Provider[],
      sites: options.sites ? [...options.sites] : null,
    };
    if (inputs === undefined || typeof inputs === "string") {
      const input = inputs === undefined ? null : { file: path.resolve(inputs) };
      return new CaptureOfModel(this.#client, await this.#client.capture({ ...request, input }), this.#file);
    }
    const folder = await mkdtemp(path.join(os.tmpdir(), "attention-lens-"));
    try {
      const file = path.join(folder, "inputs.npz");
      await writeFile(file, writeNpz(new Map(Object.entries(inputs))));
      return new CaptureOfModel(
        this.#client,
        await this.#client.capture({ ...request, input: { file } }),
        this.#file,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  close(): void {
    this.#client.dispose();
  }

  #open(): Promise<ModelSummary> {
    this.#summary ??= this.#client.open(this.#file, "full").catch((error: unknown) => {
      this.#summary = undefined;
      throw error;
    });
    return this.#summary;
  }
}

class CaptureOfModel implements Capture {
  readonly sites: readonly CapturedSite[];
  readonly provider: Provider;
  readonly notices: readonly string[];
  readonly #client: EngineClient;
  readonly #capture: shared.Capture;
  readonly #model: string;

  constructor(client: EngineClient, capture: shared.Capture, model: string) {
    this.#client = client;
    this.#capture = capture;
    this.#model = model;
    this.provider = capture.provider.used;
    this.notices = capture.notices;
    this.sites = capture.sites.map((site) => ({
      ...site,
      queryLabels: capture.axes[site.queryAxis]?.labels ?? [],
      keyLabels: capture.axes[site.keyAxis]?.labels ?? [],
    }));
  }

  labels(site: CapturedSite, sample = 0): { queries: readonly string[]; keys: readonly string[] } {
    const { queryAxis, keyAxis, batch } = this.#captured(site.id);
    const own = (index: number) => {
      const axis = this.#capture.axes[index];
      return axis ? axisOfEntry(axis, sample, batch).labels : [];
    };
    return { queries: own(queryAxis), keys: own(keyAxis) };
  }

  async map(site: CapturedSite, head: number | "mean" | readonly number[], sample = 0): Promise<HeadMap> {
    const { handle, queries, keys } = this.#captured(site.id);
    const cells = new Float32Array(queries * keys);
    const { generation } = this.#capture;
    const choice = typeof head === "object" ? [...head] : head;
    for (let queryStart = 0; queryStart < queries; queryStart += PAGE) {
      for (let keyStart = 0; keyStart < keys; keyStart += PAGE) {
        const page = await this.#client.readPage({
          handle,
          generation,
          batch: sample,
          head: choice,
          queryStart,
          queryEnd: Math.min(queries, queryStart + PAGE),
          keyStart,
          keyEnd: Math.min(keys, keyStart + PAGE),
          maxRows: PAGE,
          maxColumns: PAGE,
          pooling: "max",
        });
        const part = new Float32Array(page.cells);
        for (let row = 0; row < page.rows; row++)
          cells.set(
            part.subarray(row * page.columns, (row + 1) * page.columns),
            (queryStart + row) * keys + keyStart,
          );
      }
    }
    return { queries, keys, cells };
  }

  async writeFigure(file: string, options: FigureOptions = {}): Promise<void> {
    const format = figureFormats.find((known) => file.toLowerCase().endsWith(`.${known}`));
    if (!format)
      throw new AttentionError("writeFailed", `It ends in none of ${figureFormats.join(", ")}.`, {
        where: file,
      });
    const { sites, heads = "all", ...rest } = options;
    const spec: FigureSpec = {
      ...startingSpec(this.#capture.start),
      ...rest,
      sites: sites ? sites.map((id) => this.#capture.sites.indexOf(this.#captured(id))) : null,
      heads: heads === "all" ? heads : [...heads],
    };
    await this.#client.writeFigure({ spec, format, file: path.resolve(file), command: this.#made() });
  }

  async writeNpz(file: string): Promise<void> {
    await this.#client.writeData({ format: "npz", file: path.resolve(file), command: this.#made() });
  }

  async writeJson(file: string): Promise<void> {
    await this.#client.writeData({ format: "json", file: path.resolve(file), command: this.#made() });
  }

  async writeCsv(file: string): Promise<void> {
    await this.#client.writeData({ format: "csv", file: path.resolve(file), command: this.#made() });
  }

  async writeReport(file: string): Promise<void> {
    await this.#client.writeReport({
      file: path.resolve(file),
      command: this.#made(),
      limitBytes: REPORT_LIMIT_BYTES,
      viewState: null,
    });
  }

  #captured(id: string): shared.CapturedSite {
    const site = this.#capture.sites.find((known) => known.id === id);
    if (!site) throw new AttentionError("siteUnknown", `${id} is no site of this capture.`);
    return site;
  }

  /** Stands for the command line in files' provenance. */
  #made(): string {
    return `open(${JSON.stringify(path.basename(this.#model))}).capture(…), by a program`;
  }
}

/** An error with a `code` and a `detail`, as every method of this package throws it. */
export interface Failure extends Error {
  readonly code: string;
  readonly detail: string;
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof AttentionError;
}
