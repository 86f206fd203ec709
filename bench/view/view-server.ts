/**
 * The product's view without VS Code around it: the engine, the extension's own connection and page, the built
 * webview, and between them a server on 127.0.0.1 that carries messages as VS Code does and counts their bytes.
 */
import { createReadStream, existsSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { EngineClient } from "../../src/client/engine-client";
import { WebviewConnection } from "../../src/extension/webview-connection";
import { viewHtml } from "../../src/extension/webview-html";
import type { Capture } from "../../src/shared/capture";
import type { DocumentState } from "../../src/shared/document";
import { noInputChosen } from "../../src/shared/input-choice";
import type { PageRequest, Thumbnails } from "../../src/shared/page";
import { themes } from "../../test/webview/themes";
import { pack, packedBytes, toBlock } from "./wire";

/** What a variant does on purpose to the view's requests. */
export interface Alter {
  readonly page?: (request: PageRequest) => PageRequest;
  readonly thumbnails?: (read: () => Promise<Thumbnails>) => Promise<Thumbnails>;
}

interface Link {
  readonly connection: WebviewConnection;
  receive: (message: unknown) => void;
  down: ServerResponse | null;
  readonly waiting: Uint8Array[];
  /** Bytes that went to the page, by what was asked. */
  readonly bytes: Map<string, number>;
  readonly asked: Map<unknown, string>;
  failure: string | null;
}

const root = process.cwd();
const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".css": "text/css" };
const quiet = { debug: () => undefined, info: () => undefined, warn: console.warn, error: console.error };

export class ViewServer {
  readonly #server: Server;
  readonly #client: EngineClient;
  readonly #links = new Map<string, Link>();
  readonly #alter: Alter;
  #document: DocumentState | null = null;
  #views = 0;

  private constructor(engine: string, alter: Alter) {
    this.#client = new EngineClient({ entry: engine, trusted: true, log: () => undefined });
    this.#alter = alter;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(engine: string, alter: Alter = {}): Promise<ViewServer> {
    const started = new ViewServer(engine, alter);
    await new Promise<void>((resolve) => started.#server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  get engine(): EngineClient {
    return this.#client;
  }

  /** Open and capture a model on CPU. */
  async capture(file: string): Promise<Capture> {
    const model = await this.#client.open(file, "full");
    const capture = await this.#client.capture({
      ...{ provider: "cpu", providerOrder: [], input: null, sites: null },
    });
    this.#document = { status: "ready", name: model.name, model, capture, input: noInputChosen, stale: null };
    return capture;
  }

  /** Address of a view of its own. */
  newView(): { id: string; url: string } {
    const id = String(this.#views++);
    return { id, url: `${this.#address}/view/${id}` };
  }

  /** Bytes that this view was sent, by request. */
  bytesOf(id: string): ReadonlyMap<string, number> {
    const link = this.#links.get(id);
    if (link?.failure) throw new Error(`The view failed: ${link.failure}`);
    return link?.bytes ?? new Map<string, number>();
  }

  async stop(): Promise<void> {
    for (const link of this.#links.values()) {
      link.connection.dispose();
      link.down?.end();
    }
    this.#client.dispose();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #address(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [, kind = "", id = "", ...rest] = (request.url ?? "").split("/");
    if (kind === "view") this.#html(response, outerPage(id));
    else if (kind === "inner") this.#html(response, this.#innerPage());
    else if (kind === "page") this.#file(response, path.join(__dirname, "page", id));
    else if (kind === "webview") this.#file(response, path.join(root, "dist/webview", id, ...rest));
    else if (kind === "down") this.#connect(id, response);
    else if (kind === "up") this.#receive(id, request, response);
    else response.writeHead(404).end();
  }

  #html(response: ServerResponse, text: string): void {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(text);
  }

  #file(response: ServerResponse, file: string): void {
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[path.extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  }

  /** The extension's page, with what VS Code adds to it: its interface, and the theme. */
  #innerPage(): string {
    const nonce = "bench";
    const page = viewHtml(
      { cspSource: this.#address, script: `${this.#address}/webview/main.js`, title: "bench" },
      nonce,
    );
    const { kind, colours } = themes.dark;
    return page
      .replace('<script type="module"', `<script nonce="${nonce}">${editorScript(colours)}</script>$&`)
      .replace("<body>", `<body class="${kind}" data-vscode-theme-kind="${kind}">`);
  }

  #connect(id: string, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    response.flushHeaders();
    const link = this.#link(id);
    link.down = response;
    for (const block of link.waiting.splice(0)) response.write(block);
  }

  #receive(id: string, request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const messages = JSON.parse(Buffer.concat(parts).toString("utf8")) as {
        id?: unknown;
        method?: string;
      }[];
      const link = this.#link(id);
      for (const message of messages) {
        if (message.id !== undefined && message.method) link.asked.set(message.id, message.method);
        link.receive(message);
      }
      response.end();
    });
  }

  #link(id: string): Link {
    const known = this.#links.get(id);
    if (known) return known;
    const waiting: Uint8Array[] = [];
    const bytes = new Map<string, number>();
    const asked = new Map<unknown, string>();
    const port = {
      postMessage: (message: unknown) => {
        const packed = pack(message);
        const { id: reply, method } = message as { id?: unknown; method?: string };
        const name = method ?? asked.get(reply) ?? "other";
        bytes.set(name, (bytes.get(name) ?? 0) + packedBytes(packed));
        if (link.down) link.down.write(toBlock(packed));
        else waiting.push(toBlock(packed));
        return Promise.resolve(true);
      },
      onDidReceiveMessage: (listener: (message: unknown) => void) => {
        receive = listener;
        return { dispose: () => undefined };
      },
    };
    let receive: (message: unknown) => void = () => undefined;
    const connection = new WebviewConnection(
      port,
      {
        requests: this.#requests(),
        selected: () => undefined,
        failed: (message) => (link.failure = message),
      },
      quiet,
    );
    const link: Link = { connection, receive, down: null, waiting, bytes, asked, failure: null };
    this.#links.set(id, link);
    return link;
  }

  #requests(): ConstructorParameters<typeof WebviewConnection>[1]["requests"] {
    const nothing = () => null;
    const { page = (request) => request, thumbnails = (read) => read() } = this.#alter;
    return {
      connect: () => {
        if (!this.#document) throw new Error("Nothing is captured.");
        return this.#document;
      },
      readPage: (request) => this.#client.readPage(page(request)),
      readRow: (request) => this.#client.readRow(request),
      readGrid: (request) => this.#client.readGrid(request),
      readHead: (request) => this.#client.readHead(request),
      readThumbnails: (request) => thumbnails(() => this.#client.readThumbnails(request)),
      readFrame: (request) => this.#client.readFrame(request),
      tokenize: (request) => this.#client.tokenize(request),
      listArrays: async (request) => ({ ...(await this.#client.listArrays(request)), remembered: null }),
      keepFile: () => Promise.reject(new Error("Nothing is kept here.")),
      readVideo: () => Promise.reject(new Error("No video is read here.")),
      ...{ stop: nothing, chooseInput: nothing, browse: nothing },
      ...{
        cancel: nothing,
        runPlanned: nothing,
        retry: nothing,
        selectProvider: nothing,
        manageTrust: nothing,
      },
      ...{ showLog: nothing, run: nothing, copyText: nothing, captureScores: nothing, confirmGrid: nothing },
      ...{ captureAll: nothing },
    };
  }
}

/** As in VS Code, the page lies in a frame, and the frame around it passes messages on. */
function outerPage(id: string): string {
  return `<!DOCTYPE html><html><body style="margin:0">
<iframe src="/inner/${id}" style="position:fixed;inset:0;width:100%;height:100%;border:0"></iframe>
<script src="/page/view-frame.js"></script></body></html>`;
}

function editorScript(colours: Readonly<Record<string, string>>): string {
  return `{
  let state;
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => parent.postMessage(message, location.origin),
    getState: () => state,
    setState: (next) => { state = next; },
  });
  for (const [name, colour] of Object.entries(${JSON.stringify(colours)}))
    document.documentElement.style.setProperty("--vscode-" + name, colour);
}`;
}
