/** *Open Example*: a small trained model with its source, copied to where it can be changed, opened side by side. */
import { cp, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { showModel } from "./panel";

/** Folder of the package that holds the example. */
export const exampleFolder = "examples/decision-transformer";
const SOURCE = "model.py";
const MODEL = "model.onnx";
const MANIFEST = "model.attention.json";

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Into the first folder of the workspace; without one, into the extension's own storage. */
async function targetOf(storage: vscode.Uri): Promise<string> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder?.uri.scheme !== "file") return path.join(storage.fsPath, "attention-example");
  const here = path.join(folder.uri.fsPath, "attention-example");
  if (await isThere(here)) return here;
  const choice = await vscode.window.showInformationMessage(
    `Copy the example (1.9 MB) to attention-example in ${path.basename(folder.uri.fsPath)}?`,
    { modal: true, detail: "A decision transformer for MiniGrid with its source and a recorded episode." },
    "Copy to Workspace",
    "Copy Elsewhere",
  );
  if (choice === "Copy to Workspace") return here;
  return choice === "Copy Elsewhere" ? path.join(storage.fsPath, "attention-example") : "";
}

/** The schema's address in the repository leads nowhere from a copy; the extension brings its own. */
async function withoutSchema(manifest: string): Promise<void> {
  const text = await readFile(manifest, "utf8");
  await writeFile(manifest, text.replace(/^\s*"\$schema":.*\n/m, ""));
}

/** Copies what is missing; a file that the person has changed stays. */
export async function openExample(extension: vscode.Uri, storage: vscode.Uri): Promise<void> {
  const target = await targetOf(storage);
  if (target === "") return;
  const fresh = !(await isThere(path.join(target, MANIFEST)));
  await mkdir(target, { recursive: true });
  await cp(path.join(extension.fsPath, exampleFolder), target, { recursive: true, force: false });
  if (fresh) await withoutSchema(path.join(target, MANIFEST));
  await vscode.window.showTextDocument(vscode.Uri.file(path.join(target, SOURCE)), {
    viewColumn: vscode.ViewColumn.One,
    preview: false,
  });
  await showModel(vscode.Uri.file(path.join(target, MODEL)), vscode.ViewColumn.Two);
}
