/**
 * The open models, by URI. All editors of a model share one document and so one engine process; the last one that
 * closes ends it. Documents hear from here what happens around them: trust, settings, files.
 */
import path from "node:path";
import * as vscode from "vscode";
import { EngineClient } from "../client/engine-client";
import { AttentionError, oneLine } from "../shared/errors";
import { AttentionDocument } from "./document";
import type { DocumentHost } from "./document-host";
import { DisposableBase, type Disposable } from "./disposable";
import { plainText } from "./log";
import { FileWatch, filesOf } from "./file-watch";
import { type FrameDecoder, FrameDecoders } from "./frame-decoders";
import { ModelInputs } from "./input-memory";
import { onSettingsChange, readSettings } from "./settings";

/** How often the files of a visible model are looked at, for file systems that tell of no changes. */
const POLL_MS = 2000;

/** One holder's share of an open model. */
export interface DocumentReference extends Disposable {
  readonly uri: vscode.Uri;
  readonly document: AttentionDocument;
  /** Somebody sees the model: its files are looked at more often. */
  setVisible(holder: object, visible: boolean): void;
  /** Frames of videos can be decoded by a view of it, until that is disposed of. */
  addDecoder(decoder: FrameDecoder): Disposable;
}

class OpenModel extends DisposableBase {
  readonly uri: vscode.Uri;
  readonly document: AttentionDocument;
  readonly inputs: ModelInputs;
  readonly decoders: FrameDecoders;
  references = 0;
  readonly #watch: FileWatch;
  readonly #visibleTo = new Set<object>();

  constructor(uri: vscode.Uri, host: DocumentHost, inputs: ModelInputs, decoders: FrameDecoders) {
    super();
    this.uri = uri;
    this.inputs = inputs;
    this.decoders = decoders;
    this.document = this.register(new AttentionDocument(uri.fsPath, host));
    const report = (error: unknown) =>
      host.log.error(`${this.document.name}: ${AttentionError.wrap(error).message}`);
    const files = filesOf(uri.fsPath);
    this.#watch = this.register(
      new FileWatch({
        files,
        onChanged: (missing) => this.document.fileChanged(missing),
        onRestored: () => this.document.fileRestored(),
        onSettled: () => void this.document.fileSettled().catch(report),
        onError: report,
      }),
    );
    // All of the folder and then by name: a file's own name may hold the characters of a glob pattern.
    const folder = vscode.Uri.file(path.dirname(uri.fsPath));
    const watcher = this.register(
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, "*")),
    );
    const check = (changed: vscode.Uri) => {
      if (this.#watch.concerns(changed.fsPath)) this.#watch.check();
    };
    this.register(watcher.onDidChange(check));
    this.register(watcher.onDidCreate(check));
    this.register(watcher.onDidDelete(check));
    void this.#open().catch(report);
  }

  setVisible(holder: object, visible: boolean): void {
    if (visible) this.#visibleTo.add(holder);
    else this.#visibleTo.delete(holder);
    this.#watch.poll(this.#visibleTo.size > 0 ? POLL_MS : 0);
    if (visible) this.#watch.check();
  }

  get visible(): boolean {
    return this.#visibleTo.size > 0;
  }

  async #open(): Promise<void> {
    await this.#watch.accept();
    await this.document.load();
  }
}

export class DocumentRegistry extends DisposableBase {
  readonly #models = new Map<string, OpenModel>();
  readonly #enginePath: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #memento: vscode.Memento;
  readonly #loaded = this.register(new vscode.EventEmitter<string>());
  readonly #closed = this.register(new vscode.EventEmitter<string>());

  /** A model, by its path, was loaded or could not be. */
  readonly onDidLoad = this.#loaded.event;
  /** The last view of a model was closed. */
  readonly onDidClose = this.#closed.event;

  /** @param memento where the inputs of the models are remembered */
  constructor(enginePath: string, log: vscode.LogOutputChannel, memento: vscode.Memento) {
    super();
    this.#enginePath = enginePath;
    this.#log = log;
    this.#memento = memento;
    this.register(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#all((d) => d.replaceEngine())));
    this.register(
      onSettingsChange(({ engine }) => this.#all((d) => (engine ? d.replaceEngine() : d.load()))),
    );
    this.register({ dispose: () => this.#models.forEach((model) => model.dispose()) });
  }

  get documents(): AttentionDocument[] {
    return [...this.#models.values()].map((model) => model.document);
  }

  /** Open the model, or share it with those who have it open already. */
  acquire(uri: vscode.Uri): DocumentReference {
    const key = uri.toString();
    const model = this.#models.get(key) ?? this.#add(key, uri);
    model.references += 1;
    let held = true;
    return {
      uri,
      document: model.document,
      setVisible: (holder, visible) => model.setVisible(holder, visible),
      addDecoder: (decoder) => model.decoders.add(decoder),
      dispose: () => {
        if (!held) return;
        held = false;
        model.references -= 1;
        if (model.references > 0) return;
        this.#models.delete(key);
        model.inputs.forgetCurrent();
        model.dispose();
        this.#closed.fire(model.document.path);
      },
    };
  }

  /** An engine of its own. @param decoders views that decode frames of videos for it */
  createEngine(name: string, decoders?: FrameDecoders): EngineClient {
    const { threads, nodePath, memoryLimitMB, inputLimitFactor } = readSettings();
    return new EngineClient({
      entry: this.#enginePath,
      trusted: vscode.workspace.isTrusted,
      ...(threads > 0 ? { threads } : {}),
      ...(nodePath ? { nodePath } : {}),
      inputLimitFactor,
      ...(decoders ? { decodeFrame: (encoded) => decoders.decodeFrame(encoded) } : {}),
      ...(memoryLimitMB > 0 ? { memoryLimitBytes: memoryLimitMB * 1e6 } : {}),
      log: (line) => {
        const text = plainText(line);
        if (text !== "") this.#log.info(`[${name}] ${text}`);
      },
    });
  }

  #add(key: string, uri: vscode.Uri): OpenModel {
    const name = path.basename(uri.fsPath);
    const decoders = new FrameDecoders();
    const createEngine = () => this.createEngine(name, decoders);
    const inputs = new ModelInputs(this.#memento, uri.fsPath);
    const host: DocumentHost = {
      log: this.#log,
      createEngine,
      inputs,
      get trusted() {
        return vscode.workspace.isTrusted;
      },
      get askAboveBytes() {
        return readSettings().askAboveMB * 1e6;
      },
      get recipe() {
        const { provider, providerOrder } = readSettings();
        return { provider, providerOrder };
      },
    };
    const model = new OpenModel(uri, host, inputs, decoders);
    this.#models.set(key, model);
    this.#tellWhenHidden(model);
    let shown: unknown;
    model.document.onDidChange((state) => {
      // Notes about a stale file change the state and load nothing.
      if (state.status === "opening" || state.model === shown) return;
      shown = state.model;
      this.#loaded.fire(model.document.path);
    });
    return model;
  }

  /** A failure is told once: by the view where one is visible, else by a notification. */
  #tellWhenHidden(model: OpenModel): void {
    let told: unknown;
    model.document.onDidChange((state) => {
      if (state.status !== "error") told = undefined;
      else if (state.error.code !== "cancelled" && told === undefined && !model.visible) {
        told = state.error;
        void vscode.window.showErrorMessage(`${state.name}: ${oneLine(state.error)}`);
      }
    });
  }

  #all(act: (document: AttentionDocument) => Promise<void>): void {
    for (const document of this.documents) {
      act(document).catch((error: unknown) =>
        this.#log.error(`${document.name}: ${AttentionError.wrap(error).message}`),
      );
    }
  }
}
