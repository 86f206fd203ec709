/** *Show Weights by Module*: a text that cannot be edited, which folds by modules, read from a header or a graph alone. */
import path from "node:path";
import * as vscode from "vscode";
import { weightText } from "../shared/weight-report";
import { chooseModel } from "./choose-model";
import type { DocumentRegistry } from "./document-registry";
import { activeModel } from "./panel";

const SCHEME = "attention-weights";
/** Behind the file's name, so that the tab is told from the model's. */
const ENDING = " weights";

const fileOf = (uri: vscode.Uri) =>
  vscode.Uri.file(uri.path.slice(0, -ENDING.length)).with({ query: "", fragment: "" }).fsPath;

export class WeightTexts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #documents: DocumentRegistry;
  readonly #registered: vscode.Disposable;

  constructor(documents: DocumentRegistry) {
    this.#documents = documents;
    this.#registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const file = fileOf(uri);
    const engine = this.#documents.createEngine(path.basename(file));
    try {
      return weightText(await engine.weights(file));
    } finally {
      engine.dispose();
    }
  }

  dispose(): void {
    this.#registered.dispose();
  }
}

/** @param documents asked first, so that what is wrong with the file is told as an error and not as an empty text */
export async function showWeights(
  documents: DocumentRegistry,
  argument: unknown,
  shown: vscode.Uri | undefined,
): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : (shown ?? activeModel() ?? (await chooseModel()));
  if (!uri) return;
  const engine = documents.createEngine(path.basename(uri.fsPath));
  try {
    await engine.weights(uri.fsPath);
  } finally {
    engine.dispose();
  }
  const text = uri.with({ scheme: SCHEME, path: `${uri.path}${ENDING}`, authority: "" });
  const document = await vscode.workspace.openTextDocument(text);
  await vscode.window.showTextDocument(document, { preview: true });
}
