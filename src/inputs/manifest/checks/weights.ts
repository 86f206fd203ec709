/** Checks of weights, embeddings, commands and checkpoints: that what is named is there. */
import type { ManifestPath } from "../document";
import { matchesSite } from "../lookup";
import { didYouMean, some } from "../problem";
import type { CheckContext, CheckedModel } from "./context";
import { checkPattern } from "./sites";

export function checkWeights(context: CheckContext, model: CheckedModel): void {
  const { embeddings, weights, source, checkpoints } = context.manifest;
  embeddings?.forEach((embedding, index) => {
    const at = ["embeddings", index];
    const dims = tensor(context, model, embedding.tensor, [...at, "tensor"]);
    const rows = dims?.[embedding.transposed ? 1 : 0];
    const [from, to] = embedding.rows ?? [0, rows ?? 0];
    if (rows !== undefined && (from >= to || to > rows))
      context.add([...at, "rows"], `Rows ${from} to ${to} are not in it: it has ${rows} rows.`);
    else if (rows !== undefined && Array.isArray(embedding.labels) && embedding.labels.length !== to - from)
      context.add([...at, "labels"], `There are ${embedding.labels.length} labels for ${to - from} rows.`);
    if (embedding.labels && "file" in embedding.labels)
      context.files(embedding.labels.file, [...at, "labels", "file"]);
  });
  weights?.forEach((entry, index) => {
    const at = ["weights", index];
    if (entry.match !== undefined) checkPattern(context, model, entry.match, [...at, "match"]);
    const sites = model.sites.filter((site) => entry.match === undefined || matchesSite(entry.match, site));
    for (const field of ["query", "key", "value", "output", "packed", "keyValue", "normalisation"] as const) {
      const name = entry[field];
      if (name === undefined) continue;
      const layers = name.includes("{layer}") ? sites.map(({ layer }) => layer ?? 0) : [0];
      for (const layer of new Set(layers)) {
        const filled = name.replaceAll("{layer}", String(layer)).replaceAll("{head}", "0");
        if (tensor(context, model, filled, [...at, field]) === undefined) break;
      }
    }
  });
  if (source !== undefined) context.files(source, ["source"]);
  for (const name of ["export", "train"] as const) {
    // What is watched may be somewhere else where the model alone was copied.
    const folder = context.manifest[name]?.folder;
    if (folder !== undefined) context.files(folder, [name, "folder"]);
  }
  if (typeof checkpoints === "string") context.files(checkpoints, ["checkpoints"]);
  if (Array.isArray(checkpoints))
    checkpoints.forEach((checkpoint, index) =>
      context.files(checkpoint.model, ["checkpoints", index, "model"]),
    );
}

function tensor(
  context: CheckContext,
  model: CheckedModel,
  name: string,
  at: ManifestPath,
): readonly number[] | undefined {
  const dims = model.weights.get(name);
  const known = [...model.weights.keys()];
  if (!dims)
    context.add(at, `The model has no weight ${name}; it has ${some(known, 6)}.${didYouMean(name, known)}`);
  return dims;
}
