/** All commands, in one table. What a command throws is logged and told once. */
import * as vscode from "vscode";
import { AttentionError, oneLine } from "../shared/errors";
import type { ViewCommand } from "../shared/protocol";
import { checkpointEndings } from "./checkpoint";
import { changeColourMap, changeMetric, goToHead } from "./choose-in-view";
import { chooseModel } from "./choose-model";
import type { DocumentRegistry } from "./document-registry";
import { copyCommandLine, exportData, exportFigure, exportReport } from "./export-commands";
import { createManifest } from "./manifest-create";
import { openCheckpoint } from "./open-checkpoint";
import { openExample } from "./open-example";
import { activeModel, showModel } from "./panel";
import { selectProvider } from "./select-provider";
import type { SourceLink } from "./source-link";
import { openViewState } from "./view-state";
import type { View, Views } from "./views";
import { showWeights } from "./weight-texts";

export interface CommandServices {
  readonly documents: DocumentRegistry;
  readonly views: Views;
  readonly source: SourceLink;
  readonly log: vscode.LogOutputChannel;
  /** Where the extension is installed, and where it may keep files. */
  readonly extensionUri: vscode.Uri;
  readonly storageUri: vscode.Uri;
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

/** An act on the view that the command was called with, else on the one that is current. */
function onView(act: (view: View, services: CommandServices) => Promise<void> | void): Command {
  return async (services, argument) => {
    const view = services.views.of(argument);
    if (view) await act(view, services);
    else await vscode.window.showInformationMessage("Open a model with Visualize Attention first.");
  };
}

/** An act that the view does itself. */
function inView(command: ViewCommand): Command {
  return onView((view) => view.sendCommand(command));
}

export const commands = {
  "attentionLens.visualize": (_services, argument) => visualize(argument),
  "attentionLens.openExample": ({ extensionUri, storageUri }) => openExample(extensionUri, storageUri),
  "attentionLens.goToSource": onView((view, { source }) => source.goToSource(view)),
  "attentionLens.nextHead": inView("nextHead"),
  "attentionLens.previousHead": inView("previousHead"),
  "attentionLens.nextLayer": inView("nextLayer"),
  "attentionLens.previousLayer": inView("previousLayer"),
  "attentionLens.goToHead": onView(goToHead),
  "attentionLens.back": inView("back"),
  "attentionLens.forward": inView("forward"),
  "attentionLens.toggleMean": inView("toggleMean"),
  "attentionLens.toggleAllHeads": inView("toggleAllHeads"),
  "attentionLens.changeMetric": onView(changeMetric),
  "attentionLens.nextMetric": inView("nextMetric"),
  "attentionLens.changeColourMap": onView(changeColourMap),
  "attentionLens.nextColourMap": inView("nextColourMap"),
  "attentionLens.nextScale": inView("nextScale"),
  "attentionLens.zoomIn": inView("zoomIn"),
  "attentionLens.zoomOut": inView("zoomOut"),
  "attentionLens.zoomToFit": inView("zoomToFit"),
  "attentionLens.nextPane": inView("nextPane"),
  "attentionLens.previousPane": inView("previousPane"),
  "attentionLens.showTable": inView("showTable"),
  "attentionLens.showKeys": inView("showKeys"),
  "attentionLens.find": inView("find"),
  "attentionLens.showInput": inView("showInput"),
  "attentionLens.nextStep": inView("nextStep"),
  "attentionLens.previousStep": inView("previousStep"),
  "attentionLens.play": inView("play"),
  "attentionLens.copyValue": inView("copyValue"),
  "attentionLens.copyViewState": inView("copyViewState"),
  "attentionLens.openViewState": onView(openViewState),
  "attentionLens.copyCommandLine": onView(copyCommandLine),
  "attentionLens.exportFigure": onView(exportFigure),
  "attentionLens.exportData": onView(exportData),
  "attentionLens.exportReport": onView(exportReport),
  "attentionLens.createManifest": ({ documents, views }, argument) =>
    createManifest(documents, views.active ?? (argument === undefined ? undefined : views.of(argument))),
  "attentionLens.showWeights": ({ documents, views }, argument) =>
    showWeights(documents, argument, views.current?.uri),
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
