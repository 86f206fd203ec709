/** All commands, in one table. What a command throws is logged and told once. */
import * as vscode from "vscode";
import { AttentionError, oneLine } from "../shared/errors";
import type { ViewCommand } from "../shared/protocol";
import { checkpointEndings } from "./checkpoint";
import { chooseModel } from "./choose-model";
import type { DocumentRegistry } from "./document-registry";
import { openCheckpoint } from "./open-checkpoint";
import { activeModel, showModel } from "./panel";
import { selectProvider } from "./select-provider";
import type { Views } from "./views";

export interface CommandServices {
  readonly documents: DocumentRegistry;
  readonly views: Views;
  readonly log: vscode.LogOutputChannel;
}

type Command = (services: CommandServices, argument: unknown) => Promise<void> | void;

async function visualize(argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : (activeModel() ?? (await chooseModel()));
  if (!uri) return;
  if (uri.scheme !== "file") {
    throw new AttentionError("fileUnreadable", `${uri.scheme}: is not a file system of this machine`, {
      where: uri.path,
      fix: "Attention Lens runs models where their files are: open the folder on disk, over SSH, in WSL or in a container.",
    });
  }
  const name = uri.path.toLowerCase();
  if (checkpointEndings.some((ending) => name.endsWith(ending))) return openCheckpoint(uri);
  return showModel(uri);
}

async function restartEngine({ documents, views }: CommandServices): Promise<void> {
  const current = views.current?.document;
  const which = current ? [current] : documents.documents;
  if (which.length === 0) {
    await vscode.window.showInformationMessage("No engine runs: open a model first.");
    return;
  }
  await Promise.all(which.map((document) => document.restart()));
}

/** An act of the view that is current. */
function inView(command: ViewCommand): Command {
  return async ({ views }) => {
    const view = views.current;
    if (view) view.sendCommand(command);
    else await vscode.window.showInformationMessage("Open a model with Visualize Attention first.");
  };
}

export const commands = {
  "attentionLens.visualize": (_services, argument) => visualize(argument),
  "attentionLens.nextHead": inView("nextHead"),
  "attentionLens.previousHead": inView("previousHead"),
  "attentionLens.nextLayer": inView("nextLayer"),
  "attentionLens.previousLayer": inView("previousLayer"),
  "attentionLens.toggleMean": inView("toggleMean"),
  "attentionLens.selectProvider": ({ documents }) => selectProvider(documents),
  "attentionLens.restartEngine": restartEngine,
  "attentionLens.showLog": ({ log }) => log.show(),
} as const satisfies Record<string, Command>;
export type CommandName = keyof typeof commands;

async function run(command: Command, services: CommandServices, argument: unknown): Promise<void> {
  try {
    await command(services, argument);
  } catch (thrown) {
    const error = AttentionError.wrap(thrown);
    if (error.code === "cancelled") return;
    const words = oneLine(error.report());
    services.log.error(words);
    if (error.code === "internal" && error.cause instanceof Error)
      services.log.debug(error.cause.stack ?? "");
    // Not awaited: the command is over, whether or not the message is answered.
    void vscode.window.showErrorMessage(words, "Show Log").then((choice) => choice && services.log.show());
  }
}

export function registerCommands(services: CommandServices): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(name, (argument?: unknown) => run(command, services, argument)),
    ),
  );
}
