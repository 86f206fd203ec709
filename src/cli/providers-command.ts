/** `attention-lens providers`: which execution providers run here, by a tiny run of each. */
import { providerLabels } from "../shared/capture";
import { table, writeText } from "./output";
import { withEngine } from "./session";

export async function runProviders(options: { json?: string }): Promise<void> {
  const rows = await withEngine((client) => client.providers());
  if (options.json !== undefined) writeText(options.json, `${JSON.stringify(rows, null, 2)}\n`);
  if (options.json === "-") return;
  const text = table(
    ["provider", "runs here", "what was seen"],
    rows.map((row) => [providerLabels[row.name], row.available ? "yes" : "no", row.detail]),
    3,
  );
  process.stdout.write(`${text}\n`);
  for (const row of rows)
    if (row.advice) process.stdout.write(`${providerLabels[row.name]}: ${row.advice}\n`);
}
