/** Asks where to save a file, and says what was saved. */
import path from "node:path";
import * as vscode from "vscode";
import { bytes as byteWords } from "../shared/format";

export interface SaveQuestion {
  readonly title: string;
  /** "model-L1H2.png": what is offered, in the folder that was saved to last, else beside the model. */
  readonly name: string;
  readonly model: vscode.Uri;
  /** Names of file types and their endings. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

/** The folder that the person chose last, in this window. */
let lastFolder: string | undefined;

/** The chosen path, with the ending of the first file type where the person gave none; undefined when cancelled. */
export async function askWhere(question: SaveQuestion): Promise<string | undefined> {
  const folder = lastFolder ?? path.dirname(question.model.fsPath);
  const uri = await vscode.window.showSaveDialog({
    title: question.title,
    defaultUri: vscode.Uri.file(path.join(folder, question.name)),
    filters: Object.fromEntries(Object.entries(question.filters).map(([type, ends]) => [type, [...ends]])),
    saveLabel: "Export",
  });
  if (!uri) return undefined;
  lastFolder = path.dirname(uri.fsPath);
  const ending = Object.values(question.filters)[0]?.[0];
  return path.extname(uri.fsPath) === "" && ending ? `${uri.fsPath}.${ending}` : uri.fsPath;
}

/** Not awaited by the caller's act: the file is there, whether or not the message is answered. */
export function tellSaved(files: readonly string[], bytes: number, more = ""): void {
  const [first] = files;
  if (first === undefined) return;
  const names = files.map((file) => path.basename(file)).join(" and ");
  const words = `Saved ${names} (${byteWords(bytes)}).${more === "" ? "" : ` ${more}`}`;
  void vscode.window.showInformationMessage(words, "Open", "Copy Path").then(async (choice) => {
    if (choice === "Open") await open(first);
    else if (choice === "Copy Path") await vscode.env.clipboard.writeText(files.join("\n"));
  });
}

/** In the editor what it can show; a page, a document and arrays in the program that the system has for them. */
async function open(file: string): Promise<void> {
  const uri = vscode.Uri.file(file);
  const inside = /\.(png|svg|json|csv)$/i.test(file);
  if (inside) await vscode.commands.executeCommand("vscode.open", uri);
  else if (vscode.env.remoteName === undefined) await vscode.env.openExternal(uri);
  else await vscode.commands.executeCommand("revealInExplorer", uri);
}
