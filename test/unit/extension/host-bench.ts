/** The host on a `vscode` written by hand, with engines that answer by hand: open editors, run commands. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { vi } from "vitest";
import type * as vscode from "vscode";
import type { Capture } from "../../../src/shared/capture";
import { FakeEngine, TestLog } from "./fake-engine";
import { EventEmitter, seen, Uri } from "./fake-vscode";
import { sampleCapture, sampleModel } from "./samples";

type StartedEngine = FakeEngine & {
  options: { trusted: boolean; threads?: number; nodePath?: string; memoryLimitBytes?: number };
};
const engines: StartedEngine[] = [];

vi.mock("vscode", () => import("./fake-vscode"));
vi.mock("../../../src/client/engine-client", () => ({
  EngineClient: class extends FakeEngine {
    providers = async () => [{ name: "cpu", available: true, detail: "1 ms", advice: null }];
    constructor(readonly options: { trusted: boolean }) {
      super();
      engines.push(this);
    }
  },
}));

const { DocumentRegistry } = await import("../../../src/extension/document-registry");
const { InputFiles } = await import("../../../src/extension/input-files");
const { AttentionEditorProvider } = await import("../../../src/extension/editor-provider");
const { registerCommands } = await import("../../../src/extension/commands");
const { SourceLink } = await import("../../../src/extension/source-link");
const { StatusBar } = await import("../../../src/extension/status-bar");
const { Views } = await import("../../../src/extension/views");

export class TestChannel extends TestLog {
  shows = 0;
  show = () => void this.shows++;
}

export const wait = (ms = 30) => new Promise((resolve) => setTimeout(resolve, ms));

/** Wait until something has come about, or for a while where it never does: a busy machine is slow to open files. */
export async function until(done: () => boolean, atMostMs = 1000): Promise<void> {
  const end = Date.now() + atMostMs;
  while (!done() && Date.now() < end) await wait(5);
}

interface Sent {
  method?: string;
  id?: number;
  params?: unknown;
  result?: unknown;
}

export class Panel {
  readonly viewState = new EventEmitter<void>();
  readonly gone = new EventEmitter<void>();
  readonly received = new EventEmitter<unknown>();
  readonly sent: Sent[] = [];
  visible = true;
  active = true;
  viewColumn = 2;
  readonly webview = {
    cspSource: "https://*.vscode-cdn.net",
    options: {} as { enableScripts?: boolean; localResourceRoots?: Uri[] },
    html: "",
    asWebviewUri: (uri: Uri) => `https://file${uri.path}`,
    postMessage: async (message: object) => this.sent.push(message) > 0,
    onDidReceiveMessage: this.received.event,
  };
  onDidChangeViewState = this.viewState.event;
  onDidDispose = this.gone.event;

  show(visible: boolean, active = visible): void {
    Object.assign(this, { visible, active });
    this.viewState.fire();
  }

  /** Send as the page would. */
  async send(method: string, params: object, id?: number): Promise<void> {
    this.received.fire({ jsonrpc: "2.0", method, params, ...(id === undefined ? {} : { id }) });
    await wait();
  }
  connect = (params: object = {}) => this.send("connect", params, 0);
  select = (selection: object) =>
    this.send("selected", { site: 0, head: 0, batch: 0, query: null, key: null, ...selection });

  /** Parameters of what was sent under a name. */
  told(method: string): unknown[] {
    return this.sent.filter((message) => message.method === method).map(({ params }) => params);
  }
}

/** Remembers in memory. */
class TestMemento {
  readonly #values = new Map<string, unknown>();
  keys = () => [...this.#values.keys()];
  get = <T>(key: string): T | undefined => this.#values.get(key) as T | undefined;
  update = async (key: string, value: unknown) => void this.#values.set(key, value);
}

export class HostBench {
  readonly folder = mkdtempSync(path.join(tmpdir(), "host "));
  readonly log = new TestChannel();
  readonly engines = engines;
  readonly documents;
  readonly views = new Views();
  readonly provider;
  readonly #held: { dispose(): unknown }[];

  /** A folder with two models; nothing is open. */
  constructor() {
    seen.reset();
    engines.length = 0;
    for (const name of ["a.onnx", "b.onnx"]) this.write(name, "model");
    const log = this.log as unknown as vscode.LogOutputChannel;
    const extensionUri = Uri.file("/extension") as unknown as vscode.Uri;
    const storageUri = this.file("storage");
    const { views } = this;
    this.documents = new DocumentRegistry("/extension/dist/engine/main.cjs", log, new TestMemento());
    const { documents } = this;
    const source = new SourceLink(views);
    this.provider = new AttentionEditorProvider({
      extensionUri,
      documents,
      views,
      log,
      inputFiles: new InputFiles(path.join(this.folder, "kept")),
      run: async (command, view) => this.run(command, view),
    });
    this.#held = [
      documents,
      views,
      source,
      new StatusBar(views),
      registerCommands({ documents, views, source, log, extensionUri, storageUri }),
    ];
  }

  dispose(): void {
    for (const one of this.#held) one.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }

  path = (name: string) => path.join(this.folder, name);
  file = (name: string) => Uri.file(this.path(name)) as unknown as vscode.Uri;
  write = (name: string, content: string | Uint8Array) => writeFileSync(this.path(name), content);
  engine = (index = -1) => engines.at(index)!;
  run = (name: string, argument?: unknown) => seen.registered.get(`attentionLens.${name}`)!(argument);

  /** Open an editor as VS Code would: one document per URI, then a panel. */
  async open(name: string) {
    const document = this.provider.openCustomDocument(this.file(name));
    const panel = new Panel();
    const before = engines.length;
    this.provider.resolveCustomEditor(document, panel as unknown as vscode.WebviewPanel);
    await until(() => engines.length > before || this.documents.documents.length > engines.length, 15);
    await until(() => engines.length >= this.documents.documents.length);
    await wait();
    const close = () => {
      panel.gone.fire();
      document.dispose();
    };
    return { panel, document, close };
  }

  /** The engine finds two sites and captures them. */
  async answer(engine = this.engine(), capture: Capture = sampleCapture(1)): Promise<void> {
    await until(() => engine.opens.length > 0);
    const captures = engine.captures.length;
    engine.opens.at(-1)!.resolve(sampleModel(this.path("a.onnx")));
    await until(() => engine.captures.length > captures, engine.options.trusted ? 1000 : 15);
    engine.captures.at(-1)?.resolve(capture);
    engine.holds = 1;
    await wait();
  }

  /** A model that is captured and whose page has connected. */
  async show(capture?: Capture) {
    const opened = await this.open("a.onnx");
    await opened.panel.connect({ restored: true });
    await this.answer(this.engine(), capture);
    return opened;
  }
}
