/**
 * Opens a source file on the left and a model on the right when the environment asks for it: `npm start` shows an
 * example this way without a click.
 */
import path from "node:path";
import * as vscode from "vscode";
import { showModel } from "./panel";

/** The file that an environment variable names; relative to the first folder of the workspace. */
function named(variable: string): vscode.Uri | undefined {
  const value = process.env[variable];
  if (!value) return undefined;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return vscode.Uri.file(folder === undefined ? path.resolve(value) : path.resolve(folder, value));
}

export async function openFromEnvironment(): Promise<void> {
  const source = named("ATTENTION_LENS_SOURCE");
  const model = named("ATTENTION_LENS_OPEN");
  if (source) {
    await vscode.window.showTextDocument(source, { viewColumn: vscode.ViewColumn.One, preview: false });
  }
  if (model) await showModel(model, source ? vscode.ViewColumn.Two : vscode.ViewColumn.One);
}
