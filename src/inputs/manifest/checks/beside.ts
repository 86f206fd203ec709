/** Checks of what is recorded beside the inputs: objects, boxes, vectors, groups of samples. */
import { checkFilter } from "../../../shared/episode-filter";
import { AttentionError } from "../../../shared/errors";
import { declaredCount } from "../../token-axes";
import type { ManifestPath } from "../document";
import { didYouMean, some } from "../problem";
import type { ManifestSegment } from "../segments-schema";
import type { CheckContext } from "./context";
import { segmentNames } from "./sites";
import { checkPicture } from "./steps";

export function checkBeside(context: CheckContext): void {
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
  manifest.boxes?.forEach(({ segment: named, array, format, camera: over }, index) => {
    const at = ["boxes", index];
    segment(named, [...at, "segment"]);
    camera(over, [...at, "camera"]);
    const dims = context.array(array, [...at, "array"])?.dims;
    if (dims) checkBoxes(context, dims, format === "corners", countOf(context, named), [...at, "array"]);
  });
  manifest.vectors?.forEach(({ segment: named, array, features }, index) => {
    const at = ["vectors", index];
    segment(named, [...at, "segment"]);
    const dims = context.array(array, [...at, "array"])?.dims;
    const count = countOf(context, named);
    if (dims && count !== undefined && !dims.includes(count))
      context.add(
        [...at, "array"],
        `It has [${dims.join(", ")}], and ${named} has ${count} tokens: an axis of it should have as many.`,
      );
    else if (dims && features && features.length !== dims.at(-1))
      context.add([...at, "features"], `There are ${features.length} names for ${dims.at(-1)} features.`);
  });
  checkGroups(context);
}

/** [steps, tokens, 4], or corners as [steps, tokens, n, 2]; the steps may be left out. */
function checkBoxes(
  context: CheckContext,
  dims: readonly number[],
  corners: boolean,
  count: number | undefined,
  at: ManifestPath,
): void {
  const [last, axis] = corners ? [2, -3] : [4, -2];
  const form = corners ? "[steps, tokens, corners, 2]" : "[steps, tokens, 4]";
  if (dims.at(-1) !== last || dims.at(axis) === undefined)
    context.add(at, `It has [${dims.join(", ")}], and boxes of this format are ${form}.`);
  else if (count !== undefined && dims.at(axis) !== count)
    context.add(at, `It has boxes of ${dims.at(axis)} tokens, and the segment has ${count}.`);
}

/** Tokens of the segment of that name, where the manifest itself says how many. */
function countOf({ manifest }: CheckContext, name: string): number | undefined {
  const own = (segment: ManifestSegment) => "name" in segment && segment.name === name;
  const found = [manifest.segments ?? [], ...Object.values(manifest.axes ?? {})].flat().find(own);
  return found && declaredCount(found);
}

function checkGroups(context: CheckContext): void {
  const { samples, groups } = context.manifest;
  const fields = Object.keys(samples?.fields ?? {});
  // A data set has fields of its own, which its episodes alone tell: of a condition only the form is checked.
  const named = (where: string) =>
    samples?.lerobot === undefined ? fields : (where.match(/[\p{L}_][\p{L}\p{N}_.-]*/gu) ?? []);
  groups?.forEach(({ where }, index) => {
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
