/** *Select Provider*: what each provider can do here, what it needs, and the choice among them. */
import * as vscode from "vscode";
import { providerLabels, type ProviderStatus } from "../shared/capture";
import type { ProviderChoice } from "../shared/document";
import { AttentionError } from "../shared/errors";
import type { DocumentRegistry } from "./document-registry";
import { readSettings, writeProvider } from "./settings";

interface ProviderItem extends vscode.QuickPickItem {
  readonly choice: ProviderChoice;
}

function items(statuses: readonly ProviderStatus[], now: ProviderChoice): ProviderItem[] {
  const mark = (choice: ProviderChoice) => (choice === now ? "$(check) " : "");
  return [
    {
      choice: "auto",
      label: `${mark("auto")}Automatic`,
      description: "the first that passes a tiny run, CPU last",
    },
    ...statuses.map(({ name, available, detail, advice }) => ({
      choice: name,
      label: `${mark(name)}${providerLabels[name]}`,
      description: available ? detail : `not available: ${detail}`,
      ...(advice === null ? {} : { detail: advice }),
    })),
  ];
}

/** Asks, and writes the setting; open models run again on the new provider by the setting's change. */
export async function selectProvider(documents: DocumentRegistry): Promise<void> {
  if (!vscode.workspace.isTrusted) throw new AttentionError("untrusted");
  // In an engine of its own: a provider that crashes in its tiny run must not take a model's engine with it.
  const engine = documents.createEngine("providers");
  const { provider: now, providerOrder } = readSettings();
  try {
    const tried: Promise<ProviderItem[]> = engine
      .providers(providerOrder)
      .then((statuses) => items(statuses, now));
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
