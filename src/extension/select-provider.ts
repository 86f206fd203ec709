/** *Select Provider*: what each provider can do here, what it needs, and the choice among them. */
import * as vscode from "vscode";
import { AttentionError } from "../shared/errors";
import type { DocumentRegistry } from "./document-registry";
import { type ProviderItem, providerItems } from "./provider-items";
import { readSettings, writeProvider } from "./settings";

/** Asks, and writes the setting; open models run again on the new provider by the setting's change. */
export async function selectProvider(documents: DocumentRegistry): Promise<void> {
  if (!vscode.workspace.isTrusted) throw new AttentionError("untrusted");
  // In an engine of its own: a provider that crashes in its tiny run must not take a model's engine with it.
  const engine = documents.createEngine("providers");
  const { provider: now, providerOrder } = readSettings();
  try {
    const tried: Promise<ProviderItem[]> = engine
      .providers(providerOrder)
      .then((statuses) => providerItems(statuses, now, process.platform));
    const choice = await vscode.window.showQuickPick(tried, {
      title: "Provider that runs the models",
      placeHolder: "Each was tried with a tiny run",
      matchOnDetail: true,
    });
    if (choice && choice.choice !== now) await writeProvider(choice.choice);
  } finally {
    engine.dispose();
  }
}
