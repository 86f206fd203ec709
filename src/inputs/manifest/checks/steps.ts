/** Checks of time: steps, passes, loops and samples; and of outputs. */
import type { ManifestPath } from "../document";
import { didYouMean, some } from "../problem";
import { arrayOf, type ManifestField, type ManifestPicture, namedArray } from "../values";
import type { CheckContext, CheckedModel } from "./context";

export function checkSteps(context: CheckContext, model: CheckedModel): void {
  const { manifest } = context;
  const inputs = model.inputs.map(({ name }) => name);
  const outputs = model.outputs.map(({ name }) => name);
  const { steps, passes, loops, samples } = manifest;
  steps?.inputs?.forEach((name, index) =>
    checkName(context, name, ["steps", "inputs", index], inputs, "input"),
  );
  for (const name of Object.keys(steps?.windows ?? {}))
    checkName(context, name, ["steps", "windows", name], inputs, "input", "key");
  for (const [name, array] of Object.entries(steps?.arrays ?? {}))
    context.array(array, ["steps", "arrays", name]);
  for (const [name, picture] of Object.entries(steps?.frames ?? {}))
    checkPicture(context, picture, ["steps", "frames", name]);
  if (steps?.actions) {
    context.array(steps.actions.array, ["steps", "actions", "array"]);
    if (steps.actions.values !== undefined)
      context.array(steps.actions.values, ["steps", "actions", "values"]);
  }
  for (const field of ["rewards", "notes"] as const) {
    const array = steps?.[field];
    if (array !== undefined) context.array(array, ["steps", field]);
  }
  passes?.inputs?.forEach((name, index) =>
    checkName(context, name, ["passes", "inputs", index], inputs, "input"),
  );
  loops?.forEach(({ feed, set }, index) => {
    for (const [input, from] of Object.entries(feed ?? {})) {
      const at = ["loops", index, "feed", input];
      checkName(context, input, at, inputs, "input", "key");
      checkName(context, typeof from === "string" ? from : from.output, at, outputs, "output");
    }
    for (const input of Object.keys(set ?? {}))
      checkName(context, input, ["loops", index, "set", input], inputs, "input", "key");
  });
  if (samples?.files !== undefined) context.files(samples.files, ["samples", "files"]);
  if (samples?.lerobot !== undefined) context.dataSet(samples.lerobot, ["samples", "lerobot"]);
  for (const [name, field] of Object.entries(samples?.fields ?? {}))
    checkField(context, field, ["samples", "fields", name]);
  // Elsewhere a label that is not there leaves the sample's own name.
  if (samples?.lerobot !== undefined && samples.label !== undefined)
    checkField(context, samples.label, ["samples", "label"]);
  for (const [name, { labels }] of Object.entries(manifest.outputs ?? {})) {
    checkName(context, name, ["outputs", name], outputs, "output", "key");
    const size = model.outputs.find((output) => output.name === name)?.dims?.at(-1);
    if (Array.isArray(labels) && typeof size === "number" && size > 0 && labels.length !== size)
      context.add(
        ["outputs", name, "labels"],
        `There are ${labels.length} labels, and the last axis of ${name} has ${size}.`,
      );
    if (labels && "file" in labels) context.files(labels.file, ["outputs", name, "labels", "file"]);
  }
  if (passes?.labels !== undefined && !Array.isArray(passes.labels))
    context.array(passes.labels, ["passes", "labels"]);
}

/** A value for each sample. What the episodes of a data set have beside its features is only known when they are read. */
function checkField(context: CheckContext, field: ManifestField, at: ManifestPath): void {
  const { lerobot } = context.manifest.samples ?? {};
  const { array, file } = namedArray(field);
  if (lerobot === undefined || file !== null) {
    context.array(arrayOf(field), at);
    return;
  }
  const several = context.dataSet(lerobot, ["samples", "lerobot"])?.features[array] !== undefined;
  if (several && (typeof field === "string" || field.of === undefined))
    context.add(
      at,
      `${array} has a value in each frame: say which is meant, { "array": "${array}", "of": "last" }, or first, sum, mean, min, max.`,
    );
}

function checkName(
  context: CheckContext,
  name: string,
  at: ManifestPath,
  known: readonly string[],
  what: "input" | "output",
  on: "key" | "value" = "value",
): void {
  if (!known.includes(name))
    context.add(at, `The model has no ${what} ${name}; it has ${some(known)}.${didYouMean(name, known)}`, {
      on,
    });
}

export function checkPicture(context: CheckContext, picture: ManifestPicture, at: ManifestPath): void {
  if (typeof picture === "string" || "array" in picture) context.array(picture, at);
  else if ("image" in picture) context.files(picture.image, [...at, "image"]);
  else if ("frames" in picture) context.files(picture.frames, [...at, "frames"]);
  else context.videos(picture.video, [...at, "video"]);
}
