/** `attention-lens weights FILE`: modules and weights of a model or of a safetensors file, without running anything. */
import { weightText } from "../shared/weight-report";
import { writeText } from "./output";
import { resolvePath, withEngine } from "./session";

export async function runWeights(file: string, options: { json?: string }): Promise<void> {
  const report = await withEngine((client) => client.weights(resolvePath(file)));
  if (options.json !== undefined) writeText(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.json !== "-") process.stdout.write(weightText(report));
}
