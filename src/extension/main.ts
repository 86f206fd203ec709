/** Entry of the extension: composes the parts; each part does its own work. */
import * as vscode from "vscode";
import { AttentionError, oneLine } from "../shared/errors";
import { registerCommands } from "./commands";
import { DocumentRegistry } from "./document-registry";
import { AttentionEditorProvider } from "./editor-provider";
import { openFromEnvironment } from "./launch";
import { createLog } from "./log";
import { StatusBar } from "./status-bar";
import { Views } from "./views";

export function activate(context: vscode.ExtensionContext): void {
  const log = createLog();
  context.subscriptions.push(log);
  const tell = (thrown: unknown) => {
    const error = AttentionError.wrap(thrown);
    log.error(error.stack ?? error.message);
    void vscode.window.showErrorMessage(`Attention Lens: ${oneLine(error.report())}`);
  };
  try {
    const enginePath = context.asAbsolutePath("dist/engine/main.cjs");
    const documents = new DocumentRegistry(enginePath, log);
    const views = new Views();
    context.subscriptions.push(
      documents,
      views,
      new StatusBar(views),
      AttentionEditorProvider.register({ extensionUri: context.extensionUri, documents, views, log }),
      registerCommands({ documents, views, log }),
    );
    openFromEnvironment().catch(tell);
  } catch (error) {
    tell(error);
    throw error;
  }
}
