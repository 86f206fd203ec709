/** A host over an in-memory model: answers at once, or when a test lets it, and keeps what it was asked. */
import type { DocumentState } from "../../src/shared/document";
import type { ArrayChoice, ArrayListRequest } from "../../src/shared/array-mapping";
import { AttentionError } from "../../src/shared/errors";
import type { Frame, FrameRequest, InputChoice, Tokenized } from "../../src/shared/input-choice";
import { CaptureStore, type StoredSite } from "../../src/shared/maps/capture-store";
import type { CellKind, GridRequest, PageRequest, RowRequest, ThumbnailRequest } from "../../src/shared/page";
import { type HostCommand, hostCommandSchema, type ViewCommand } from "../../src/shared/protocol";
import type { Host, HostHandlers, Selected } from "../../src/webview/host";
import type { Choice } from "../../src/webview/view-commands";
import { type FakeModel, mapOf, scoreExtremes, withScores } from "./fake-capture";
import { pageOfMap, profileOfMap, rowOfMap, thumbnailsOfMaps } from "./fake-maps";

export class FakeHost implements Host {
  commands: readonly HostCommand[] = hostCommandSchema.options;
  capturesScores = true;
  /** Called before scores are captured; a test may hold it back or throw. */
  beforeScores: () => Promise<void> | void = () => undefined;
  readonly pages: PageRequest[] = [];
  readonly rows: RowRequest[] = [];
  readonly grids: GridRequest[] = [];
  readonly acts: string[] = [];
  readonly thumbnails: ThumbnailRequest[] = [];
  readonly selections: Selected[] = [];
  /** Texts that were put on the clipboard. */
  readonly copied: string[] = [];
  /** Inputs that were chosen. */
  readonly choices: (InputChoice | null)[] = [];
  /** What a file dialog answers. */
  browsed: string | null = null;
  /** Bytes of the video that was chosen, and of files that were kept. */
  video = new ArrayBuffer(0);
  readonly kept: ArrayBuffer[] = [];
  /** Answers a frame; a test gives its pictures. */
  frame: (request: FrameRequest) => Promise<Frame> = () => Promise.reject(new AttentionError("stale"));
  /** Answers the tokens of a text: its words. */
  tokens: (request: { text: string; textPair: string | null }) => Promise<Tokenized> = ({ text }) =>
    Promise.resolve({
      tokens: text
        .split(/\s+/)
        .filter(Boolean)
        .map((word, id) => ({ text: word, raw: word, id, special: false })),
      from: "tokenizer.json",
      notices: [],
    });
  /** Answers the arrays of a file. */
  arrays: (request: ArrayListRequest) => Promise<ArrayChoice> = () =>
    Promise.reject(new AttentionError("stale"));
  readonly listed: ArrayListRequest[] = [];
  /** Bytes of cells that were answered. */
  bytes = 0;
  readonly failures: string[] = [];
  saved: unknown = undefined;
  /** Called before a page is answered; a test may hold it back or throw. */
  beforePage: (request: PageRequest) => Promise<void> | void = () => undefined;
  /** Called before a row is answered. */
  beforeRow: () => Promise<void> | void = () => undefined;
  #handlers: HostHandlers | null = null;

  constructor(
    public document: DocumentState,
    public model: FakeModel = { axes: [], sites: [] },
  ) {}

  readonly calls: Host["calls"] = {
    connect: () => Promise.resolve(this.document),
    readPage: async (request) => {
      this.pages.push(request);
      await this.beforePage(request);
      return this.#counted(pageOfMap(this.#map(request, request.what), request));
    },
    readRow: async (request) => {
      this.rows.push(request);
      await this.beforeRow();
      return this.#counted(rowOfMap(this.#map(request, request.what), request));
    },
    readGrid: async (request) => {
      this.grids.push(request);
      await Promise.resolve();
      return this.#counted(this.#store().readGrid(request));
    },
    readHead: async (request) => {
      await Promise.resolve();
      const site = this.model.sites[Number(request.handle.split("/")[1])];
      const scores = site?.scores && {
        before: this.#map(request, "scoreBeforeMask"),
        after: this.#map(request, "scoreAfterMask"),
      };
      return {
        ...profileOfMap(this.#map(request), request),
        scores: scores
          ? { before: scoreExtremes([scores.before]), after: scoreExtremes([scores.after]) }
          : null,
      };
    },
    readThumbnails: async (request) => {
      this.thumbnails.push(request);
      await Promise.resolve();
      const maps = this.model.sites[Number(request.handle.split("/")[1])]?.maps[request.batch] ?? [];
      return this.#counted(thumbnailsOfMaps(maps, request));
    },
    readFrame: (request) => this.frame(request),
    tokenize: (request) => this.tokens(request),
    listArrays: (request) => {
      this.listed.push(request);
      return this.arrays(request);
    },
    stop: () => this.#act("stop"),
    chooseInput: ({ choice }) => {
      this.choices.push(choice);
      return Promise.resolve(null);
    },
    browse: ({ kind }) => {
      this.acts.push(`browse ${kind}`);
      return Promise.resolve(this.browsed);
    },
    readVideo: ({ start, bytes }) =>
      Promise.resolve({ size: this.video.byteLength, bytes: this.video.slice(start, start + bytes) }),
    keepFile: ({ name, bytes }) => {
      this.kept.push(bytes);
      this.acts.push(`keep ${name} ${bytes.byteLength}`);
      return Promise.resolve(`/kept/${name}`);
    },
    run: ({ command }) => this.#act(command),
    copyText: ({ text }) => {
      this.copied.push(text);
      return Promise.resolve(null);
    },
    captureAll: ({ axis }) => {
      this.acts.push(`captureAll ${axis}`);
      return Promise.resolve(null);
    },
    captureScores: async () => {
      this.acts.push("captureScores");
      await this.beforeScores();
      const { document } = this;
      if (document.status === "ready")
        this.send({ ...document, capture: withScores(this.model, document.capture) });
      return null;
    },
    cancel: () => this.#act("cancel"),
    runPlanned: ({ choice }) => this.#act(`runPlanned ${choice}`),
    retry: () => this.#act("retry"),
    selectProvider: () => this.#act("selectProvider"),
    manageTrust: () => this.#act("manageTrust"),
    showLog: () => this.#act("showLog"),
    confirmGrid: ({ axis }) => this.#act(`confirmGrid ${axis}`),
  };

  /** The maps as the engine keeps them. */
  #store(): CaptureStore {
    const { document } = this;
    const capture = document.status === "ready" ? document.capture : null;
    return new CaptureStore(
      capture?.generation ?? 0,
      this.model.sites.map(({ maps }, index): StoredSite => {
        const all = maps.flat();
        const { queries, keys } = all[0]!;
        return {
          ...{
            handle: `maps/${index}`,
            batch: maps.length,
            heads: maps[0]!.length,
            queries,
            keys,
            ownKey: null,
          },
          windows: capture?.sites[index]?.windows ?? null,
          cells: Float32Array.from(all.flatMap(({ cells }) => [...cells])),
          valid: Uint8Array.from(all.flatMap(({ cells }) => [...cells].map((p) => (p < 0 ? 0 : 1)))),
        };
      }),
    );
  }

  #act(name: string): Promise<null> {
    this.acts.push(name);
    return Promise.resolve(null);
  }

  #counted<T extends { cells: ArrayBuffer }>(answer: T): T {
    this.bytes += answer.cells.byteLength;
    return answer;
  }

  #map(
    request: { handle: string; batch: number; head: number | "mean" | number[] },
    what?: CellKind,
  ): ReturnType<typeof mapOf> {
    const site = Number(request.handle.split("/")[1]);
    if (!this.model.sites[site]) throw new AttentionError("siteUnknown", request.handle);
    return mapOf(this.model, site, request.batch, request.head, what);
  }

  listen(handlers: HostHandlers): void {
    this.#handlers = handlers;
  }

  /** What the extension host would send. */
  send(state: DocumentState): void {
    this.document = state;
    this.#handlers?.state(state);
  }

  command(command: ViewCommand): void {
    this.#handlers?.command(command);
  }

  apply(choice: Choice): void {
    this.#handlers?.apply(choice);
  }

  selected(selection: Selected): void {
    this.selections.push(selection);
  }

  failed(message: string): void {
    this.failures.push(message);
  }

  readState(): unknown {
    return this.saved;
  }

  writeState(state: unknown): void {
    this.saved = structuredClone(state);
  }
}
