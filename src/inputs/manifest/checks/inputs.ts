/** Checks of what the model is given: files, arrays that exist and fit, texts and their tokenizer. */
import { existsSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../../shared/errors";
import type { TensorSignature } from "../../../shared/model";
import type { ArrayHeader } from "../../files/lazy-arrays";
import { loadTokenizer } from "../../tokenizer";
import type { ManifestPath } from "../document";
import type { ManifestAdjustable, ManifestInputSource, ManifestText } from "../inputs-schema";
import { didYouMean, some } from "../problem";
import { scaleFactor } from "../values";
import type { CheckContext, CheckedModel } from "./context";

/** Characters of a text that a check tries its tokenizer on. */
const MOST_TRIED = 1_000;

export function checkInputs(context: CheckContext, model: CheckedModel): void {
  const { inputs } = context.manifest;
  const names = model.inputs.map(({ name }) => name);
  if (inputs?.file !== undefined) context.recorded();
  for (const [input, source] of Object.entries(inputs?.arrays ?? {})) {
    const at = ["inputs", "arrays", input];
    if (!names.includes(input)) {
      const wanted = `The model has no input ${input}; it has ${some(names)}.${didYouMean(input, names)}`;
      context.add(at, wanted, { on: "key" });
    } else checkSource(context, source, at);
  }
  const listed = new Set([
    ...Object.keys(inputs?.arrays ?? {}),
    ...textInputs(context, names),
    ...model.spared,
  ]);
  const { samples } = context.manifest;
  const place =
    inputs?.file !== undefined
      ? ["inputs", "file"]
      : samples?.files !== undefined
        ? ["samples", "files"]
        : null;
  for (const input of model.inputs) {
    const source = inputs?.arrays?.[input.name];
    const header = headerOf(context, input.name);
    if (header && !isPicture(source)) checkFit(context, input, header);
    else if (!listed.has(input.name) && place && context.recorded() && !header)
      context.add(place, `It has no array ${input.name}, which the model wants: name one in inputs.arrays.`);
  }
  inputs?.adjustable?.forEach((each, index) =>
    checkAdjustable(context, each, ["inputs", "adjustable", index], names),
  );
  inputs?.texts?.forEach((text, index) => checkText(context, text, ["inputs", "texts", index], names));
}

/** Inputs that texts give: those that are named, or those of the usual names. */
function textInputs(context: CheckContext, names: readonly string[]): string[] {
  return (context.manifest.inputs?.texts ?? [])
    .flatMap(({ ids, mask, types }) => [
      ids ?? "input_ids",
      mask ?? "attention_mask",
      types ?? "token_type_ids",
    ])
    .filter((name) => names.includes(name));
}

function checkSource(context: CheckContext, source: ManifestInputSource, at: ManifestPath): void {
  if (typeof source !== "string") checkNumbers(context, source, at);
  if (typeof source === "string" || "array" in source) context.array(source, at);
  else if ("image" in source) context.files(source.image, [...at, "image"]);
  else if ("frames" in source) context.files(source.frames, [...at, "frames"]);
  else if ("video" in source) context.videos(source.video, [...at, "video"]);
}

/** Nothing can be divided by 0. */
function checkNumbers(context: CheckContext, source: object, at: ManifestPath): void {
  const { scale, std } = source as { scale?: number | string; std?: readonly number[] };
  if (scale !== undefined && !Number.isFinite(scaleFactor(scale)))
    context.add([...at, "scale"], `${scale} divides by 0.`);
  if (std?.includes(0)) context.add([...at, "std"], "Colours are divided by it: it should not hold 0.");
}

const isPicture = (source: ManifestInputSource | undefined) =>
  typeof source === "object" && ["size", "layout", "scale", "mean", "std"].some((key) => key in source);

/** The recorded array of an input, without a word where there is none. */
function headerOf(context: CheckContext, input: string): ArrayHeader | undefined {
  const source = context.manifest.inputs?.arrays?.[input] ?? input;
  if (typeof source === "string") return context.recordedHeader(source);
  if (!("array" in source)) return undefined;
  return source.file === undefined
    ? context.recordedHeader(source.array)
    : context.arrays(source.file, ["inputs", "arrays", input, "file"])?.headers.get(source.array);
}

/**
 * The shape in which an input is fed: one sample, step and pass of its recorded array. Null where nothing is recorded
 * for it, or it is prepared as a picture.
 */
export function fedDims(context: CheckContext, input: TensorSignature): readonly number[] | null {
  const { steps, passes, samples, inputs } = context.manifest;
  const header = headerOf(context, input.name);
  if (!header || isPicture(inputs?.arrays?.[input.name])) return null;
  let dims = [...header.dims];
  if (samples?.axis !== undefined) dims.splice(samples.axis, 1);
  const window = steps?.windows?.[input.name];
  if (steps?.inputs?.includes(input.name)) dims = dims.slice(1);
  else if (window) dims = [window.length, ...dims.slice(1)];
  if (passes?.inputs?.includes(input.name)) dims = dims.slice(1);
  // A run adds a batch of one that is not recorded, and takes one away that the model has not.
  const rank = input.dims?.length;
  const [batch] = input.dims ?? [];
  if (rank === dims.length + 1 && (typeof batch !== "number" || batch <= 1)) return [1, ...dims];
  return rank === dims.length - 1 && dims[0] === 1 ? dims.slice(1) : dims;
}

function checkFit(context: CheckContext, input: TensorSignature, header: ArrayHeader): void {
  const dims = fedDims(context, input);
  const wanted = input.dims;
  if (!dims || !wanted || context.recorded()?.loose) return;
  const at =
    context.manifest.inputs?.arrays?.[input.name] === undefined
      ? ["inputs", "file"]
      : ["inputs", "arrays", input.name];
  const wants = `${input.name} wants [${wanted.map((dim) => dim ?? "?").join(", ")}]`;
  const has = `the recording has [${header.dims.join(", ")}]`;
  if (dims.length !== wanted.length)
    return context.add(
      at,
      `${wants} and ${has}: ${wanted.length} axes are wanted.${axisAdvice(context, input.name)}`,
    );
  wanted.forEach((dim, axis) => {
    if (typeof dim === "number" && dim >= 0 && dim !== dims[axis])
      context.add(at, `${wants} and ${has}: axis ${axis} is ${dims[axis]} instead of ${dim}.`);
  });
}

const axisAdvice = ({ manifest }: CheckContext, input: string) =>
  manifest.steps && manifest.steps.inputs?.includes(input) !== true
    ? ` If its first axis are the steps, list it in steps.inputs.`
    : "";

function checkAdjustable(
  context: CheckContext,
  { input, range: [from, to] }: ManifestAdjustable,
  at: ManifestPath,
  names: readonly string[],
): void {
  if (!names.includes(input))
    context.add(
      [...at, "input"],
      `The model has no input ${input}; it has ${some(names)}.${didYouMean(input, names)}`,
    );
  if (!(from < to)) context.add([...at, "range"], `It should grow, and goes from ${from} to ${to}.`);
}

function checkText(
  context: CheckContext,
  text: ManifestText,
  at: ManifestPath,
  names: readonly string[],
): void {
  for (const field of ["ids", "mask", "types"] as const) {
    const input = text[field];
    if (input !== undefined && !names.includes(input))
      context.add(
        [...at, field],
        `The model has no input ${input}; it has ${some(names)}.${didYouMean(input, names)}`,
      );
  }
  if (text.ids === undefined && !names.includes("input_ids"))
    context.add(
      at,
      `The model has no input input_ids: say with "ids" which of ${some(names)} takes the tokens.`,
    );
  checkTokenizer(context, text.tokenizer, at, text.text);
}

/**
 * A tokenizer that is there and can be built: the check builds it as a capture does, and tries it on the text.
 * @param text what it is tried on
 */
export function checkTokenizer(
  context: CheckContext,
  named: string | undefined,
  at: ManifestPath,
  text = "a",
): void {
  const place = named === undefined ? at : [...at, "tokenizer"];
  if (named === undefined && !existsSync(path.join(context.folder, "tokenizer.json")))
    return context.add(at, 'There is no tokenizer.json beside the model: name one with "tokenizer".');
  const file = context.files(named ?? "tokenizer.json", place)[0];
  if (file === undefined) return;
  try {
    loadTokenizer(file).encode(text.slice(0, MOST_TRIED), null);
  } catch (thrown) {
    context.add(place, `The tokenizer ${path.basename(file)} cannot be used. ${reasonOf(thrown)}`);
  }
}

/** What went wrong, without the path: the problem stands where the tokenizer is named. */
function reasonOf(thrown: unknown): string {
  const error = AttentionError.wrap(thrown);
  return error.detail === "" ? error.message : error.detail;
}
