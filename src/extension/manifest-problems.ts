/**
 * What is wrong with manifests, under *Problems*: of those that are open as text, and of those beside an open model.
 * Checked when a manifest is opened or saved and whenever a model is loaded: by the model's own engine where it is
 * open, else by one that ends with the check.
 */
import path from "node:path";
import * as vscode from "vscode";
import { AttentionError } from "../shared/errors";
import type { ManifestReport } from "../shared/manifest-report";
import { DisposableBase } from "./disposable";
import type { DocumentRegistry } from "./document-registry";

const MANIFEST = ".attention.json";
/** Saves in quick succession are checked once. */
const WAIT_MS = 150;

/** Where a model's manifest lies, beside it. */
export function manifestOf(model: string): string {
  const { dir, name } = path.parse(model);
  return path.join(dir, `${name}${MANIFEST}`);
}

function modelOf(manifest: string): string {
  return `${manifest.slice(0, -MANIFEST.length)}.onnx`;
}

function isManifest(uri: vscode.Uri): boolean {
  return uri.scheme === "file" && uri.path.endsWith(MANIFEST);
}

export class ManifestProblems extends DisposableBase {
  readonly #documents: DocumentRegistry;
  readonly #log: vscode.LogOutputChannel;
  readonly #shown = this.register(vscode.languages.createDiagnosticCollection("attentionLens"));
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** The last check of each manifest: an earlier one that ends late is not shown. */
  readonly #last = new Map<string, number>();

  constructor(documents: DocumentRegistry, log: vscode.LogOutputChannel) {
    super();
    this.#documents = documents;
    this.#log = log;
    const { workspace } = vscode;
    const whenManifest = ({ uri }: vscode.TextDocument) => isManifest(uri) && this.#soon(uri.fsPath);
    this.register(workspace.onDidOpenTextDocument(whenManifest));
    this.register(workspace.onDidSaveTextDocument(whenManifest));
    this.register(workspace.onDidCloseTextDocument(({ uri }) => isManifest(uri) && this.#soon(uri.fsPath)));
    this.register(documents.onDidLoad((model) => this.#soon(manifestOf(model))));
    this.register(documents.onDidClose((model) => this.#soon(manifestOf(model))));
    const watcher = this.register(workspace.createFileSystemWatcher(`**/*${MANIFEST}`));
    const changed = (uri: vscode.Uri) => this.#soon(uri.fsPath);
    this.register(watcher.onDidChange(changed));
    this.register(watcher.onDidCreate(changed));
    this.register(watcher.onDidDelete(changed));
    workspace.textDocuments.forEach(whenManifest);
  }

  override dispose(): void {
    this.#waiting.forEach((timer) => clearTimeout(timer));
    super.dispose();
  }

  #soon(manifest: string): void {
    clearTimeout(this.#waiting.get(manifest));
    const timer = setTimeout(() => {
      this.#waiting.delete(manifest);
      this.#check(manifest).catch((thrown: unknown) => {
        const error = AttentionError.wrap(thrown);
        // The engine was ended for another reason; the load that follows asks again.
        if (error.code !== "cancelled") this.#log.error(`${path.basename(manifest)}: ${error.message}`);
      });
    }, WAIT_MS);
    this.#waiting.set(manifest, timer);
  }

  /** Somebody looks at the manifest, or at its model. */
  #isOpen(manifest: string): boolean {
    const asText = vscode.workspace.textDocuments.some(({ uri }) => uri.fsPath === manifest);
    return asText || this.#documents.documents.some((document) => manifestOf(document.path) === manifest);
  }

  async #check(manifest: string): Promise<void> {
    if (this.disposed) return;
    const uri = vscode.Uri.file(manifest);
    if (!this.#isOpen(manifest)) return this.#shown.delete(uri);
    const check = (this.#last.get(manifest) ?? 0) + 1;
    this.#last.set(manifest, check);
    const report = await this.#report(manifest);
    if (this.disposed || this.#last.get(manifest) !== check) return;
    this.#shown.set(uri, report.problems.map(diagnostic));
  }

  async #report(manifest: string): Promise<ManifestReport> {
    const open = this.#documents.documents.find((document) => manifestOf(document.path) === manifest);
    const own = open?.checkManifest();
    if (own) return own;
    const engine = this.#documents.createEngine("manifest");
    try {
      return await engine.checkManifest(modelOf(manifest));
    } finally {
      engine.dispose();
    }
  }
}

function diagnostic(found: ManifestReport["problems"][number]): vscode.Diagnostic {
  const { line, column, endLine, endColumn, message, severity } = found;
  const range = new vscode.Range(new vscode.Position(line, column), new vscode.Position(endLine, endColumn));
  const made = new vscode.Diagnostic(
    range,
    message,
    severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  made.source = "Attention Lens";
  return made;
}
