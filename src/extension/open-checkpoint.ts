/** *Visualize Attention* on a training checkpoint: opens the `.onnx` beside it, or explains how to export one. */
import path from "node:path";
import * as vscode from "vscode";
import { inspect, kinds, modelsBeside, stemOf } from "./checkpoint";
import { exportSnippet } from "./export-help";
import { showModel } from "./panel";

async function chooseOf(models: readonly string[], checkpoint: string): Promise<string | undefined> {
  if (models.length <= 1) return models[0];
  return vscode.window.showQuickPick(
    models.map((model) => path.basename(model)),
    { title: `Which model belongs to ${checkpoint}?`, placeHolder: "Models in the same folder" },
  );
}

export async function openCheckpoint(uri: vscode.Uri): Promise<void> {
  const file = uri.fsPath;
  const name = path.basename(file);
  const { kind, problem } = await inspect(file);
  // An ONNX model under another ending is opened as what it is.
  if (kind === "onnx") return showModel(uri);

  const models = await modelsBeside(file);
  if (models.length > 0) {
    const chosen = await chooseOf(models, name);
    if (chosen === undefined) return;
    vscode.window.setStatusBarMessage(
      `${name} holds weights alone: opened ${path.basename(chosen)} beside it`,
      8000,
    );
    return showModel(vscode.Uri.file(path.join(path.dirname(file), path.basename(chosen))));
  }

  const { is, framework } = kinds[kind];
  const said = `${name} is ${is}${problem === null ? "" : `: ${problem}`}.`;
  if (framework === null) {
    const fix =
      kind === "gitLfsPointer"
        ? "Run `git lfs pull` in the repository."
        : "Download or save the checkpoint again.";
    await vscode.window.showErrorMessage(`${said} ${fix}`);
    return;
  }
  const choice = await vscode.window.showInformationMessage(
    `${said} It holds weights and no graph to find attention in, and there is no .onnx beside it: export the ` +
      `model to ${stemOf(file)}.onnx in this folder.`,
    "Show How",
    "Choose a Model…",
    ...(kind === "safetensors" ? ["Show Weights"] : []),
  );
  if (choice === "Show How") {
    const content = exportSnippet(framework, stemOf(file), name);
    const snippet = await vscode.workspace.openTextDocument({ language: "python", content });
    await vscode.window.showTextDocument(snippet);
  } else if (choice === "Show Weights") {
    await vscode.commands.executeCommand("attentionLens.showWeights", uri);
  } else if (choice === "Choose a Model…") {
    const [chosen] =
      (await vscode.window.showOpenDialog({
        defaultUri: vscode.Uri.file(path.dirname(file)),
        filters: { "ONNX models": ["onnx"] },
        title: "Visualize Attention",
      })) ?? [];
    if (chosen) await showModel(chosen);
  }
}
