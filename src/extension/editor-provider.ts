/** The read-only editor of `*.onnx`: a webview on an open model. VS Code restores it after a reload by itself. */
import * as vscode from "vscode";
import { AttentionError, oneLine } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import type { HostCommand } from "../shared/protocol";
import type { DecodedFrame, EncodedFrame } from "../shared/video-frame";
import type { AttentionDocument } from "./document";
import type { DocumentReference, DocumentRegistry } from "./document-registry";
import { DisposableBase } from "./disposable";
import type { FrameDecoder } from "./frame-decoders";
import type { InputFiles } from "./input-files";
import { confirmGrid } from "./manifest-create";
import { readViewDefaults } from "./settings";
import { type View, type ViewChoice, type Views, type ViewSelection, viewType } from "./views";
import { WebviewConnection } from "./webview-connection";
import { messageHtml, viewHtml } from "./webview-html";

export interface EditorServices {
  readonly extensionUri: vscode.Uri;
  readonly documents: DocumentRegistry;
  readonly views: Views;
  readonly log: vscode.LogOutputChannel;
  readonly inputFiles: InputFiles;
  /** Run a command of the extension on a view. */
  run(command: HostCommand, view: View): PromiseLike<unknown>;
}

/** A page that draws answers within a frame or two. */
const STATE_WAIT_MS = 1000;

/** What VS Code holds for an open model; without a reference where nothing can be opened. */
class EditorDocument implements vscode.CustomDocument {
  constructor(
    readonly uri: vscode.Uri,
    readonly reference: DocumentReference | undefined,
  ) {}

  dispose(): void {
    this.reference?.dispose();
  }
}

class EditorView extends DisposableBase implements View, FrameDecoder {
  readonly uri: vscode.Uri;
  readonly document: AttentionDocument;
  readonly #panel: vscode.WebviewPanel;
  readonly #connection: WebviewConnection;
  readonly #log: vscode.LogOutputChannel;
  #failureTold = false;
  #selection: ViewSelection | undefined;
  /** Takes the next copied text in place of the clipboard: the view's state was asked for. */
  #stateAsked: ((text: string | null) => void) | undefined;

  constructor(reference: DocumentReference, panel: vscode.WebviewPanel, services: EditorServices) {
    super();
    const { document } = reference;
    this.uri = reference.uri;
    this.document = document;
    this.#panel = panel;
    this.#log = services.log;
    this.#connection = this.register(
      new WebviewConnection(
        panel.webview,
        {
          requests: {
            connect: ({ restored }) => this.#connect(restored ?? true),
            readPage: (request) => document.readPage(request),
            readRow: (request) => document.readRow(request),
            readGrid: (request) => document.readGrid(request),
            readHead: (request) => document.readHead(request),
            readThumbnails: (request) => document.readThumbnails(request),
            readFrame: (request) => document.readFrame(request),
            tokenize: (request) => document.tokenize(request),
            listArrays: (request) => {
              this.#check(services, request.file === null ? null : { file: request.file });
              return document.listArrays(request);
            },
            stop: async () => (await document.stop(), null),
            chooseInput: ({ choice }) => {
              this.#check(services, choice);
              return this.#start(document.chooseInput(choice));
            },
            captureAll: ({ axis }) => this.#start(document.captureAll(axis)),
            browse: ({ kind }) => services.inputFiles.browse(kind, this.uri),
            readVideo: ({ file, start, bytes }) => services.inputFiles.readPart(file, start, bytes),
            keepFile: ({ name, bytes }) => services.inputFiles.keep(name, bytes),
            cancel: async () => (await document.cancel(), null),
            runPlanned: ({ choice }) => this.#start(document.runPlanned(choice)),
            retry: () => this.#start(document.load()),
            captureScores: async () => (await document.captureScores(), null),
            selectProvider: () => this.#start(vscode.commands.executeCommand("attentionLens.selectProvider")),
            manageTrust: () => this.#start(vscode.commands.executeCommand("workbench.trust.manage")),
            showLog: () => (services.log.show(), null),
            run: ({ command }) => this.#start(services.run(command, this)),
            confirmGrid: ({ axis }) => this.#start(confirmGrid(this, axis)),
            copyText: async ({ text }) => {
              if (this.#stateAsked) this.#stateAsked(text);
              else await vscode.env.clipboard.writeText(text);
              return null;
            },
          },
          selected: (selection) => {
            this.#selection = selection;
            services.views.selected(this);
          },
          failed: (message) => this.#failed(message),
        },
        services.log,
      ),
    );
    this.register(
      document.onDidChange((state) => {
        this.#connection.sendState(state);
        services.views.selected(this);
      }),
    );
    reference.setVisible(this, panel.visible);
    this.register({ dispose: () => reference.setVisible(this, false) });
    this.register(
      panel.onDidChangeViewState(() => {
        // A hidden webview is unloaded, and loads its page anew when it is shown.
        if (!panel.visible) this.#connection.pageGone();
        reference.setVisible(this, panel.visible);
        services.views.update();
      }),
    );
    this.register(services.views.add(this));
    this.register(reference.addDecoder(this));
    this.register(panel.onDidDispose(() => this.dispose()));
  }

  get active(): boolean {
    return !this.disposed && this.#panel.active;
  }
  get visible(): boolean {
    return !this.disposed && this.#panel.visible;
  }

  get column(): vscode.ViewColumn | undefined {
    return this.disposed ? undefined : this.#panel.viewColumn;
  }
  get selection(): ViewSelection | undefined {
    return this.#selection;
  }

  decodeFrame(encoded: EncodedFrame): Promise<DecodedFrame> {
    return this.#connection.decodeFrame(encoded);
  }

  sendCommand(command: Parameters<View["sendCommand"]>[0]): void {
    this.#connection.sendCommand(command);
  }

  apply(choice: ViewChoice): void {
    this.#connection.sendChoice(choice);
  }

  async readState(): Promise<string | null> {
    if (!this.#connection.connected || this.#stateAsked) return null;
    const answer = new Promise<string | null>((resolve) => (this.#stateAsked = resolve));
    const late = setTimeout(() => this.#stateAsked?.(null), STATE_WAIT_MS);
    this.sendCommand("copyViewState");
    try {
      return await answer;
    } finally {
      clearTimeout(late);
      this.#stateAsked = undefined;
    }
  }

  /** Throws `inputRefused` for files that nobody chose here. */
  #check({ inputFiles }: EditorServices, choice: InputChoice | null): void {
    const { state } = this.document;
    const { recent = [], choice: shown = null } = state.status === "ready" ? state.input : {};
    inputFiles.check(choice, [...recent.map((one) => one.choice), ...(shown ? [shown] : [])]);
  }

  /** A page without a state of its own starts from the settings, told after the reply to its question. */
  #connect(restored: boolean): AttentionDocument["state"] {
    if (!restored) setImmediate(() => !this.disposed && this.apply(this.#firstChoice()));
    return this.document.state;
  }

  /** The settings, and before them what the manifest of a captured model says. */
  #firstChoice(): ViewChoice {
    const { state } = this.document;
    const { metric, colourMap } = (state.status === "ready" ? state.capture.start : undefined) ?? {};
    return { ...readViewDefaults(), ...(metric ? { metric } : {}), ...(colourMap ? { colourMap } : {}) };
  }

  /** Let an act run that tells its own outcome; what it rejects with goes to the log. */
  #start(act: PromiseLike<unknown>): null {
    Promise.resolve(act).catch((error: unknown) =>
      this.#log.error(oneLine(AttentionError.wrap(error).report())),
    );
    return null;
  }

  #failed(message: string): void {
    this.#log.error(`view: ${message}`);
    if (this.#failureTold) return;
    this.#failureTold = true;
    const told = vscode.window.showErrorMessage(
      `The view of ${this.document.name} met an error of its own: ${message.slice(0, 200)}`,
      "Show Log",
    );
    void told.then((choice) => choice && this.#log.show());
  }
}

export class AttentionEditorProvider implements vscode.CustomReadonlyEditorProvider<EditorDocument> {
  readonly #services: EditorServices;

  constructor(services: EditorServices) {
    this.#services = services;
  }

  static register(services: EditorServices): vscode.Disposable {
    return vscode.window.registerCustomEditorProvider(viewType, new AttentionEditorProvider(services), {
      supportsMultipleEditorsPerDocument: true,
      webviewOptions: { retainContextWhenHidden: false },
    });
  }

  /** Never fails: whatever is wrong with the file is a state that the view draws. */
  openCustomDocument(uri: vscode.Uri): EditorDocument {
    return new EditorDocument(uri, uri.scheme === "file" ? this.#services.documents.acquire(uri) : undefined);
  }

  resolveCustomEditor(document: EditorDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    const bundle = vscode.Uri.joinPath(this.#services.extensionUri, "dist", "webview");
    if (!document.reference) {
      webview.options = { enableScripts: false, localResourceRoots: [] };
      webview.html = messageHtml(
        "This model is not a file on this machine",
        `Attention Lens runs models where their files are. ${document.uri.scheme}: has no such files; ` +
          "open the folder on disk, over SSH, in WSL or in a container.",
      );
      return;
    }
    webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [bundle] };
    // Listen before the page can speak.
    new EditorView(document.reference, panel, this.#services);
    webview.html = viewHtml({
      cspSource: webview.cspSource,
      script: webview.asWebviewUri(vscode.Uri.joinPath(bundle, "main.js")).toString(),
      title: document.reference.document.name,
    });
  }
}
