/** *Visualize Attention*: opens a model beside the active source editor, in the one editor that there is. */
import * as vscode from "vscode";
import { viewType } from "./views";

/** The group in which the model is open already. */
function groupOf(uri: vscode.Uri): vscode.ViewColumn | undefined {
  const key = uri.toString();
  for (const group of vscode.window.tabGroups.all) {
    for (const { input } of group.tabs) {
      if (
        input instanceof vscode.TabInputCustom &&
        input.viewType === viewType &&
        input.uri.toString() === key
      )
        return group.viewColumn;
    }
  }
  return undefined;
}

/** Show the model: where it is open, else beside the source that is being edited, else in the active group. */
export async function showModel(uri: vscode.Uri, column?: vscode.ViewColumn): Promise<void> {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const beside = input instanceof vscode.TabInputText || input instanceof vscode.TabInputTextDiff;
  const viewColumn = groupOf(uri) ?? column ?? (beside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active);
  await vscode.commands.executeCommand("vscode.openWith", uri, viewType, { viewColumn });
}

/** The model of the active tab: one that this editor shows, or an `.onnx` file in another editor. */
export function activeModel(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputCustom && input.viewType === viewType) return input.uri;
  if (
    (input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText) &&
    input.uri.path.toLowerCase().endsWith(".onnx")
  )
    return input.uri;
  return undefined;
}
