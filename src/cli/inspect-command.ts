/** `attention-lens inspect MODEL`: the sites that the graph holds, without running it. */
import type { Dim, ModelSummary } from "../shared/model";
import { bytes, count } from "../shared/format";
import { table, writeText } from "./output";
import { resolvePath, withEngine } from "./session";

const size = (dim: Dim) => (dim === null ? "?" : String(dim));

export async function runInspect(model: string, options: { json?: string; explain?: string }): Promise<void> {
  const { explain } = options;
  if (explain !== undefined) {
    const text = await withEngine(async (client) => {
      await client.open(resolvePath(model), "scan");
      return client.explain(explain);
    });
    process.stdout.write(`${text}\n`);
    return;
  }
  const summary = await withEngine((client) => client.open(resolvePath(model), "scan"));
  if (options.json !== undefined) writeText(options.json, `${JSON.stringify(summary, null, 2)}\n`);
  if (options.json !== "-") process.stdout.write(`${inspectText(summary)}\n`);
}

export function inspectText(model: ModelSummary): string {
  const parts = [
    `${model.name}: opset ${model.opset}, ${model.producer || "unknown exporter"}, ${count(model.nodes)} nodes, ${count(model.parameters)} parameters, ${bytes(model.bytesRead)} read of ${bytes(model.fileBytes)}`,
  ];
  if (model.sites.length > 0) {
    parts.push(
      table(
        ["id", "name", "component", "layer", "kind", "method", "heads", "queries × keys", "source"],
        model.sites.map((site) => [
          site.id,
          site.name,
          site.component ?? "—",
          site.layer === null ? "—" : String(site.layer),
          site.kind,
          site.method,
          site.averaged ? "mean over heads" : size(site.heads),
          `${size(site.queries)} × ${size(site.keys)}`,
          site.source ? `${site.source.file}:${site.source.line}` : "—",
        ]),
        6,
      ),
    );
    for (const site of model.sites) {
      if (site.assumed.length > 0) parts.push(`${site.id}: assumed that ${site.assumed.join(", ")}`);
      if (site.heldBy) parts.push(`${site.id}: outputs that hold it: ${site.heldBy.join(", ")}`);
      if (site.note) parts.push(`${site.id}: ${site.note}`);
    }
  } else parts.push("No attention found in this graph.");
  const list = (title: string, rows: ModelSummary["notSupported"]) => {
    if (rows.length > 0)
      parts.push(`${title}\n${rows.map(({ name, reason }) => `  ${name}: ${reason}`).join("\n")}`);
  };
  list("Looks like attention and cannot be captured yet:", model.notSupported);
  list("Other softmaxes, which are not attention:", model.otherSoftmaxes);
  for (const problem of model.manifestProblems) parts.push(`Manifest: ${problem}`);
  return parts.join("\n\n");
}
