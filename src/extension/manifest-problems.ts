/**
 * What is wrong with manifests, under *Problems*: of those that are open as text, and of those beside an open model.
 * Checked when a manifest is opened or saved and whenever a model is loaded, in an engine that runs no model.
 */
import path from "node:path";
import * as vscode from "vscode";
import type { EngineClient } from "../client/engine-client";
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
  #engine: EngineClient | undefined;
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
    this.#engine?.dispose();
    super.dispose();
  }

  #soon(manifest: string): void {
    clearTimeout(this.#waiting.get(manifest));
    const timer = setTimeout(() => {
      this.#waiting.delete(manifest);
      this.#check(manifest).catch((error: unknown) =>
        this.#log.error(`${path.basename(manifest)}: ${AttentionError.wrap(error).message}`),
      );
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
    this.#engine ??= this.#documents.createEngine("manifest");
    const report = await this.#engine.checkManifest(modelOf(manifest));
    if (this.disposed || this.#last.get(manifest) !== check) return;
    this.#shown.set(uri, report.problems.map(diagnostic));
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
