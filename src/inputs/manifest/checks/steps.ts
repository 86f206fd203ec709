/** Checks of time and of what is recorded beside the inputs: steps, passes, loops, samples, objects, boxes, vectors. */
import { checkFilter } from "../../../shared/episode-filter";
import { AttentionError } from "../../../shared/errors";
import type { ManifestPath } from "../document";
import { didYouMean, some } from "../problem";
import type { ManifestPicture } from "../values";
import type { CheckContext, CheckedModel } from "./context";
import { segmentNames } from "./sites";

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
  for (const field of ["fields", "label"] as const)
    if (samples?.lerobot !== undefined && samples[field] !== undefined)
      context.add(
        ["samples", field],
        `A LeRobot data set says the ${field === "label" ? "names" : "fields"} of its episodes itself: this is not used.`,
        { severity: "warning", on: "key" },
      );
  if (samples?.lerobot === undefined)
    for (const [name, array] of Object.entries(samples?.fields ?? {}))
      context.array(array, ["samples", "fields", name]);
  checkBeside(context);
  for (const name of Object.keys(manifest.outputs ?? {}))
    checkName(context, name, ["outputs", name], outputs, "output", "key");
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
  else context.files(picture.video, [...at, "video"]);
}

/** Objects, boxes, vectors, and groups. */
function checkBeside(context: CheckContext): void {
  const { manifest } = context;
  const cameras = Object.keys(manifest.steps?.frames ?? {});
  const segments = segmentNames(context);
  const camera = (name: string | undefined, at: ManifestPath) => {
    if (name !== undefined && !cameras.includes(name))
      context.add(at, `steps.frames has no ${name}; it has ${some(cameras)}.${didYouMean(name, cameras)}`);
  };
  const segment = (name: string, at: ManifestPath) => {
    if (!segments.includes(name))
      context.add(
        at,
        `There is no segment ${name}; there is ${some(segments)}.${didYouMean(name, segments)}`,
      );
  };
  manifest.objects?.forEach(({ mask, camera: over }, index) => {
    if (mask !== undefined) checkPicture(context, mask, ["objects", index, "mask"]);
    camera(over, ["objects", index, "camera"]);
  });
  manifest.boxes?.forEach((boxes, index) => {
    segment(boxes.segment, ["boxes", index, "segment"]);
    context.array(boxes.array, ["boxes", index, "array"]);
    camera(boxes.camera, ["boxes", index, "camera"]);
  });
  manifest.vectors?.forEach((vectors, index) => {
    segment(vectors.segment, ["vectors", index, "segment"]);
    context.array(vectors.array, ["vectors", index, "array"]);
  });
  const fields = Object.keys(manifest.samples?.fields ?? {});
  // A data set has fields of its own, which its episodes alone tell: of a condition only the form is checked.
  const named = (where: string) =>
    manifest.samples?.lerobot === undefined ? fields : (where.match(/[\p{L}_][\p{L}\p{N}_.-]*/gu) ?? []);
  manifest.groups?.forEach(({ where }, index) => {
    try {
      checkFilter(where ?? "", named(where ?? ""));
    } catch (thrown) {
      const error = AttentionError.wrap(thrown);
      context.add(
        ["groups", index, "where"],
        `${error.detail} Fields are named in samples.fields; there is ${some(fields)}.`,
      );
    }
  });
}
