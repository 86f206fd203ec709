/** *Create Manifest*, and a grid that was assumed and is confirmed: texts that the engine writes and a person sees. */
import path from "node:path";
import * as vscode from "vscode";
import { AttentionError } from "../shared/errors";
import type { ManifestDraft } from "../shared/manifest-report";
import { chooseModel } from "./choose-model";
import type { DocumentRegistry } from "./document-registry";
import { activeModel } from "./panel";
import type { View } from "./views";

/** Writes a start beside the model and opens it beside the view. One that is there is opened, and replaced only when asked to. */
export async function createManifest(documents: DocumentRegistry, view: View | undefined): Promise<void> {
  const model = view?.uri ?? activeModel() ?? (await chooseModel());
  if (!model) return;
  const engine = documents.createEngine(path.basename(model.fsPath));
  let draft: ManifestDraft;
  try {
    draft = await engine.draftManifest(model.fsPath);
  } finally {
    engine.dispose();
  }
  const uri = vscode.Uri.file(draft.file);
  if (draft.exists && !(await mayReplace(uri))) return show(uri);
  await write(uri, draft.text);
  await show(uri);
}

async function mayReplace(uri: vscode.Uri): Promise<boolean> {
  const replace = "Replace It";
  const name = path.basename(uri.fsPath);
  const answer = await vscode.window.showWarningMessage(
    `${name} is there already.`,
    { modal: true, detail: "Open it, or replace it by a new one from what graph and data show." },
    "Open It",
    replace,
  );
  if (answer === undefined) throw new AttentionError("cancelled");
  return answer === replace;
}

/** Writes the assumed grid of an axis to the manifest, from where it is drawn as confirmed. */
export async function confirmGrid(view: View, axis: number): Promise<void> {
  const draft = await view.document.write((engine) => engine.confirmGrid(axis));
  const uri = vscode.Uri.file(draft.file);
  const open = vscode.workspace.textDocuments.find((document) => document.uri.fsPath === uri.fsPath);
  if (open?.isDirty === true) {
    throw new AttentionError("writeFailed", `${path.basename(draft.file)} has changes that are not saved.`, {
      where: draft.file,
      fix: "Save it, and confirm the grid again.",
    });
  }
  await write(uri, draft.text);
}

/** Written at once: an edit of an open text would wait for somebody to save it. */
async function write(uri: vscode.Uri, text: string): Promise<void> {
  try {
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  } catch (error) {
    throw new AttentionError("writeFailed", error instanceof Error ? error.message : String(error), {
      where: uri.fsPath,
      cause: error,
    });
  }
}

async function show(uri: vscode.Uri): Promise<void> {
  await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside, preview: false });
}
