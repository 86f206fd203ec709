/** Asks which model of the workspace is meant. */
import path from "node:path";
import * as vscode from "vscode";
import { byNearness } from "./nearness";

const EXCLUDE = "**/{node_modules,.git,.venv,venv,site-packages,__pycache__}/**";
/** A workspace of models is asked about by name; beyond this many a person opens one from the Explorer. */
const MOST_MODELS = 500;

/** The model that the person picks; the only one without asking; undefined when there is none or none was picked. */
export async function chooseModel(): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles("**/*.onnx", EXCLUDE, MOST_MODELS);
  const [first, ...others] = found;
  if (first === undefined) {
    await vscode.window.showInformationMessage(
      "There is no .onnx model in this workspace. Export one, for example with " +
        'torch.onnx.export(model, inputs, "model.onnx"), then run Visualize Attention again.',
    );
    return undefined;
  }
  if (others.length === 0) return first;
  const source = vscode.window.activeTextEditor?.document.uri.fsPath;
  const items = byNearness(
    found.map((uri) => ({ uri, path: uri.fsPath })),
    source === undefined ? undefined : path.dirname(source),
  ).map(({ uri }) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const choice = await vscode.window.showQuickPick(items, {
    title: "Visualize Attention",
    placeHolder: "Which model?",
  });
  return choice?.uri;
}
