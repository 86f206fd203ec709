/** What goes round in a loop of the manifest: outputs that become inputs of the next run, and inputs that follow a plan. */
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../../inputs/arrays";
import { countOf } from "../../inputs/files/lazy-arrays";
import type { ManifestLoop } from "../../inputs/manifest/steps-schema";
import type { OpenModel } from "../model/open-model";

/** An input and the output that it takes its value from; with a scale it grows by the output times that. */
export interface Fed {
  readonly input: string;
  readonly output: string;
  readonly scale: number | null;
}

/** The manifest's loop over passes or over steps; null where it has none. */
export function loopOver({ manifest }: OpenModel, over: ManifestLoop["over"]): ManifestLoop | null {
  return manifest?.manifest.loops?.find((loop) => loop.over === over) ?? null;
}

/** The inputs that a loop feeds. Throws where it names one that the model has not. */
export function fedInputs({ inputs }: OpenModel, loop: ManifestLoop): Fed[] {
  for (const name of [...Object.keys(loop.feed ?? {}), ...Object.keys(loop.set ?? {})])
    if (!inputs.some((input) => input.name === name))
      throw new AttentionError("manifestInvalid", `The model has no input ${name}.`, { where: "loops" });
  return Object.entries(loop.feed ?? {}).map(([input, from]) => ({
    input,
    output: typeof from === "string" ? from : from.output,
    scale: typeof from === "string" ? null : from.scale,
  }));
}

/** Runs that a loop makes as far as it says itself: its count, else as many as its shortest list of values. */
export function countOfLoop(loop: ManifestLoop): number | undefined {
  const listed = Object.values(loop.set ?? {}).flatMap((values) =>
    Array.isArray(values) ? [values.length] : [],
  );
  return loop.count ?? (listed.length > 0 ? Math.min(...listed) : undefined);
}

/** The passes of the manifest's loop, as far as it says itself how many; null where it says none. */
export function loopPasses(opened: OpenModel): { name: string; count: number } | null {
  const loop = loopOver(opened, "passes");
  const passes = opened.manifest?.manifest.passes;
  const count = loop && (loop.count ?? passes?.count ?? countOfLoop(loop));
  return count === undefined || count === null ? null : { name: passes?.axis ?? "pass", count };
}

/** Inputs that follow a plan, in run `index`. */
export function setValues(
  loop: ManifestLoop,
  feeds: ReadonlyMap<string, NamedArray>,
  index: number,
): [string, NamedArray][] {
  return Object.entries(loop.set ?? {}).flatMap(([name, values]) => {
    const array = feeds.get(name);
    if (!array || Array.isArray(array.data)) return [];
    const value = Array.isArray(values)
      ? values[Math.min(index, values.length - 1)]
      : values.start + index * values.step;
    const data = array.data.slice() as NamedArray["data"];
    const filled =
      data instanceof BigInt64Array || data instanceof BigUint64Array
        ? BigInt(Math.round(value ?? 0))
        : (value ?? 0);
    (data as { fill(value: unknown): unknown }).fill(filled);
    return [[name, { ...array, data }] as [string, NamedArray]];
  });
}

/** What the fed inputs are in the next run. @param made outputs of the run that was made on `feeds` */
export function fedOn(
  { inputs }: OpenModel,
  fed: readonly Fed[],
  feeds: ReadonlyMap<string, NamedArray>,
  made: ReadonlyMap<string, NamedArray>,
): [string, NamedArray][] {
  return fed.map(({ input, output, scale }) => {
    const [array, before] = [made.get(output), feeds.get(input)];
    if (!array || !before)
      throw new AttentionError("manifestInvalid", `The run returned no ${output}.`, { where: "loops.feed" });
    const wanted = inputs.find(({ name }) => name === input)?.dims ?? null;
    return [
      input,
      scale === null ? fitted(array, before, wanted, output) : grown(before, array, scale, output),
    ];
  });
}

/** The output as the input: of another length where the input leaves it open, else in the input's form. */
function fitted(
  made: NamedArray,
  before: NamedArray,
  wanted: OpenModel["inputs"][number]["dims"],
  output: string,
): NamedArray {
  if (made.dtype === before.dtype) {
    const fits = (dim: number, axis: number) => typeof wanted?.[axis] !== "number" || wanted[axis] === dim;
    if (wanted?.length === made.dims.length && made.dims.every(fits)) return made;
    if (countOf(made.dims) === countOf(before.dims)) return { ...made, dims: before.dims };
  }
  throw new AttentionError(
    "manifestInvalid",
    `The output ${output} is ${made.dtype} [${made.dims.join(", ")}] and cannot be given to ${before.dtype} [${before.dims.join(", ")}].`,
    { where: "loops.feed" },
  );
}

/** x + scale · output, in the input's own precision. */
function grown(before: NamedArray, made: NamedArray, scale: number, output: string): NamedArray {
  const { data } = fitted(made, before, null, output);
  if (!(before.data instanceof Float32Array || before.data instanceof Float64Array) || Array.isArray(data))
    throw new AttentionError(
      "manifestInvalid",
      `Only float32 and float64 grow by an output; it is ${before.dtype}.`,
      { where: "loops.feed" },
    );
  return { ...before, data: before.data.map((value, at) => value + scale * Number(data[at])) };
}
