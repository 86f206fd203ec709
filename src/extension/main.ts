/** Entry of the extension: composes the parts; each part does its own work. */
import * as vscode from "vscode";
import { AttentionError, oneLine } from "../shared/errors";
import { registerCommands } from "./commands";
import { DocumentRegistry } from "./document-registry";
import { AttentionEditorProvider } from "./editor-provider";
import { type AttentionApi, extensionApi } from "./extension-api";
import { InputFiles } from "./input-files";
import { openFromEnvironment } from "./launch";
import { createLog } from "./log";
import { ManifestProblems } from "./manifest-problems";
import { SourceLink } from "./source-link";
import { StatusBar } from "./status-bar";
import { Views } from "./views";
import { WeightTexts } from "./weight-texts";

export function activate(context: vscode.ExtensionContext): AttentionApi {
  const log = createLog();
  context.subscriptions.push(log);
  const tell = (thrown: unknown) => {
    const error = AttentionError.wrap(thrown);
    log.error(error.stack ?? error.message);
    void vscode.window.showErrorMessage(`Attention Lens: ${oneLine(error.report())}`);
  };
  try {
    const enginePath = context.asAbsolutePath("dist/engine/main.cjs");
    const documents = new DocumentRegistry(enginePath, log, context.workspaceState);
    const views = new Views();
    const source = new SourceLink(views);
    const { extensionUri, globalStorageUri: storageUri } = context;
    context.subscriptions.push(
      documents,
      views,
      source,
      new StatusBar(views),
      new ManifestProblems(documents, log),
      new WeightTexts(documents),
      AttentionEditorProvider.register({
        extensionUri,
        documents,
        views,
        log,
        inputFiles: new InputFiles(vscode.Uri.joinPath(storageUri, "inputs").fsPath),
        run: (command, view) => vscode.commands.executeCommand(`attentionLens.${command}`, view),
      }),
      registerCommands({ documents, views, source, log, extensionUri, storageUri }),
    );
    openFromEnvironment().catch(tell);
    return extensionApi(documents);
  } catch (error) {
    tell(error);
    throw error;
  }
}
