/** Checks of segments: they add up to the model's axes, their grids fit pictures, their labels exist. */
import type { Dim } from "../../../shared/model";
import { declaredCount } from "../../token-axes";
import type { ManifestPath } from "../document";
import { segmentsOf, siteEntry } from "../lookup";
import { didYouMean, some } from "../problem";
import type {
  ManifestAxisReference,
  ManifestGrid,
  ManifestSegment,
  ManifestTokens,
} from "../segments-schema";
import type { CheckContext, CheckedModel } from "./context";
import { checkTokenizer } from "./inputs";

export function checkSegments(context: CheckContext, model: CheckedModel): void {
  const { manifest } = context;
  manifest.segments?.forEach((segment, index) => checkSegment(context, model, segment, ["segments", index]));
  for (const [name, segments] of Object.entries(manifest.axes ?? {}))
    segments.forEach((segment, index) => checkSegment(context, model, segment, ["axes", name, index]));
  const said = new Set<string>();
  for (const site of model.sites) {
    const entry = siteEntry(manifest, site);
    const at = entry ? (manifest.sites?.indexOf(entry) ?? 0) : -1;
    for (const side of ["queries", "keys"] as const) {
      const place = entry?.[side] === undefined ? ["segments"] : ["sites", at, side];
      const found = sumProblem(context, entry?.[side], site[side]);
      // Sites of one entry mostly have one size: the same sentence is said once.
      if (found === null || said.has(`${place.join(".")}:${found}`)) continue;
      said.add(`${place.join(".")}:${found}`);
      context.add(place, `${found} (${side} of ${site.name})`);
    }
  }
  manifest.sites?.forEach((entry, index) => {
    for (const side of ["queries", "keys"] as const)
      checkReference(context, model, entry[side], ["sites", index, side]);
  });
}

function checkReference(
  context: CheckContext,
  model: CheckedModel,
  reference: ManifestAxisReference | undefined,
  at: ManifestPath,
): void {
  const known = Object.keys(context.manifest.axes ?? {});
  const parts = reference === undefined ? [] : [reference].flat();
  parts.forEach((part, index) => {
    const place = Array.isArray(reference) ? [...at, index] : at;
    if (typeof part !== "string") checkSegment(context, model, part, place);
    else if (!known.includes(part))
      context.add(
        place,
        `There is no entry ${part} in axes; there is ${some(known)}.${didYouMean(part, known)}`,
      );
  });
}

/** Why the segments do not make up an axis, or null: what is not known of either is no problem. */
function sumProblem(
  { manifest }: CheckContext,
  reference: ManifestAxisReference | undefined,
  size: Dim,
): string | null {
  const segments = segmentsOf(manifest, reference);
  if (!segments || segments.length === 0) return null;
  const counts = segments.map(declaredCount);
  const open = counts.filter((count) => count === undefined).length;
  const sum = counts.reduce<number>((all, count) => all + (count ?? 0), 0);
  const unsaid = segments.filter((segment, index) => counts[index] === undefined && !saysCount(segment));
  if (unsaid.length > 1)
    return `Nothing says how many tokens ${unsaid.map(({ name }) => name).join(" and ")} have; one segment alone may take the rest.`;
  const parts = segments.map(({ name }, index) => `${name} ${counts[index] ?? "the rest"}`).join(", ");
  if (typeof size !== "number") return null;
  if (sum > size) return `The segments make ${sum} tokens and the axis has ${size}: ${parts}.`;
  if (open === 0 && sum !== size)
    return `The segments make ${sum} tokens and the axis has ${size}: ${parts}. Leave out one count to let it take the rest.`;
  return null;
}

/** Its labels are recorded, so that a run knows its tokens. */
function saysCount(segment: ManifestSegment): boolean {
  return !("interleave" in segment) && segment.labels !== undefined;
}

function checkSegment(
  context: CheckContext,
  model: CheckedModel,
  segment: ManifestSegment,
  at: ManifestPath,
): void {
  if ("interleave" in segment) {
    segment.interleave.forEach((tokens, index) =>
      checkTokens(context, model, tokens, [...at, "interleave", index]),
    );
    return;
  }
  const { grid, count, labels } = segment;
  const cells = grid ? grid.rows * grid.columns : undefined;
  if (grid && count !== undefined && cells !== count)
    context.add(
      [...at, "grid"],
      `${grid.rows} × ${grid.columns} makes ${cells} tokens, and count says ${count}.`,
    );
  const wanted = count ?? cells;
  if (Array.isArray(labels) && wanted !== undefined && labels.length !== wanted)
    context.add([...at, "labels"], `There are ${labels.length} labels for ${wanted} tokens.`);
  checkTokens(context, model, segment, at);
}

function checkTokens(
  context: CheckContext,
  model: CheckedModel,
  { labels, grid, mask }: ManifestTokens,
  at: ManifestPath,
): void {
  const inputs = model.inputs.map(({ name }) => name);
  if (mask !== undefined) context.array(mask, [...at, "mask"], inputs);
  if (grid) checkGrid(context, model, grid, [...at, "grid"]);
  if (!labels || Array.isArray(labels)) return;
  if ("array" in labels) context.array(labels.array, [...at, "labels", "array"], inputs);
  else if ("file" in labels) context.files(labels.file, [...at, "labels", "file"]);
  else {
    if (!inputs.includes(labels.ids))
      context.add(
        [...at, "labels", "ids"],
        `The model has no input ${labels.ids}; it has ${some(inputs)}.${didYouMean(labels.ids, inputs)}`,
      );
    const text = context.manifest.inputs?.texts?.find(({ ids }) => (ids ?? "input_ids") === labels.ids);
    if (!text) checkTokenizer(context, labels.tokenizer, [...at, "labels"]);
  }
}

/** Height and width of an input that is a picture, from its shape. */
function pictureSize(dims: readonly Dim[] | null | undefined): readonly [number, number] | undefined {
  if (!dims || dims.length < 3) return undefined;
  const [a, b, c] = dims.slice(-3);
  const channels = (dim: Dim | undefined) => dim === 1 || dim === 3 || dim === 4;
  const [height, width] = channels(c) ? [a, b] : channels(a) ? [b, c] : [undefined, undefined];
  return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
}

function checkGrid(context: CheckContext, model: CheckedModel, grid: ManifestGrid, at: ManifestPath): void {
  const { manifest } = context;
  const cameras = [...Object.keys(manifest.steps?.frames ?? {}), ...model.inputs.map(({ name }) => name)];
  if (grid.camera !== undefined && !cameras.includes(grid.camera))
    context.add(
      [...at, "camera"],
      `Neither steps.frames nor the model's inputs have a ${grid.camera}; there is ${some(cameras)}.${didYouMean(grid.camera, cameras)}`,
    );
  const input = model.inputs.find(({ name }) => name === grid.camera);
  const size = pictureSize(input?.dims);
  if (!size || grid.patch === undefined) return;
  const patch = typeof grid.patch === "number" ? [grid.patch, grid.patch] : grid.patch;
  const fits = [grid.rows, grid.columns].every((count, axis) => count * (patch[axis] ?? 0) === size[axis]);
  if (!fits)
    context.add(
      [...at, "patch"],
      `${grid.rows} × ${grid.columns} patches of ${patch.join(" × ")} px cover ${grid.rows * (patch[0] ?? 0)} × ${grid.columns * (patch[1] ?? 0)} px, and ${grid.camera} has ${size.join(" × ")}.`,
    );
}
