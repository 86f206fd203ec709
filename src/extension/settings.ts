/** The one place that reads the settings `attentionLens.*`; their descriptions are in package.json. */
import * as vscode from "vscode";
import * as z from "zod";
import { providerNameSchema } from "../shared/capture";
import { colourMapNames } from "../shared/colour-maps";
import { providerChoiceSchema, type ProviderChoice } from "../shared/document";
import { metricNameSchema } from "../shared/figures";

const section = "attentionLens";

const settingsSchema = z.object({
  provider: providerChoiceSchema.catch("auto"),
  providerOrder: z.array(providerNameSchema).catch([]),
  threads: z.number().int().min(0).max(1024).catch(0),
  nodePath: z.string().catch(""),
  memoryLimitMB: z.number().min(0).catch(0),
  askAboveMB: z.number().min(0).catch(2000),
  inputLimitFactor: z.number().positive().catch(1),
});
/**
 * `threads` 0: one less than the machine has cores. `nodePath` empty: the Node of the extension host.
 * `memoryLimitMB` (10⁶ bytes) 0: what the machine has free. `askAboveMB` 0: never.
 */
export type Settings = z.infer<typeof settingsSchema>;

/** The settings now; a value that does not fit its description counts as not set. */
export function readSettings(): Settings {
  const values = vscode.workspace.getConfiguration(section);
  return settingsSchema.parse({
    provider: values.get("provider"),
    providerOrder: values.get("providerOrder"),
    threads: values.get("engine.threads"),
    nodePath: values.get("engine.nodePath"),
    memoryLimitMB: values.get("engine.memoryLimit"),
    askAboveMB: values.get("run.askAbove"),
    inputLimitFactor: values.get("inputs.limitFactor"),
  });
}

const viewDefaultsSchema = z.object({
  metric: metricNameSchema.catch("normalisedEntropy"),
  colourMap: z.enum(colourMapNames).catch("magma"),
});
/** What a view starts with that has nothing saved. */
export type ViewDefaults = z.infer<typeof viewDefaultsSchema>;

export function readViewDefaults(): ViewDefaults {
  const values = vscode.workspace.getConfiguration(section);
  return viewDefaultsSchema.parse({
    metric: values.get("view.metric"),
    colourMap: values.get("view.colourMap"),
  });
}

/** Keep the provider where it is set already: in the workspace, else for the user. */
export async function writeProvider(provider: ProviderChoice): Promise<void> {
  const values = vscode.workspace.getConfiguration(section);
  const target =
    values.inspect("provider")?.workspaceValue === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  await values.update("provider", provider, target);
}

export interface SettingsChange {
  /** Another way to run the same engine: capture again. */
  readonly recipe: boolean;
  /** Another engine process is needed. */
  readonly engine: boolean;
}

export function onSettingsChange(react: (change: SettingsChange) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    const recipe =
      event.affectsConfiguration(`${section}.provider`) ||
      event.affectsConfiguration(`${section}.providerOrder`);
    const engine = event.affectsConfiguration(`${section}.engine`);
    if (recipe || engine) react({ recipe, engine });
  });
}
