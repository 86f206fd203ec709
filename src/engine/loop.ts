/** A loop of the manifest: runs that feed each other, such as the passes of a denoising, each a capture of its own. */
import { AttentionError } from "../shared/errors";
import type { CaptureRequest } from "../shared/protocol";
import type { NamedArray } from "../inputs/arrays";
import { countOf } from "../inputs/files/lazy-arrays";
import type { ManifestLoop } from "../inputs/manifest/steps-schema";
import { type CaptureResult, describeRun } from "./capture";
import type { ChosenInput } from "./choose-input";
import type { OpenModel } from "./open-model";
import { runSites } from "./run-sites";
import { memoryGuard, type SequenceHost } from "./sequence-host";

/** The loop over passes that the manifest has; null where it has none. */
export function loopOf({ manifest }: OpenModel): ManifestLoop | null {
  return manifest?.manifest.loops?.find(({ over }) => over === "passes") ?? null;
}

/** @param first the input of the first pass. @returns a capture for each pass */
export async function runLoop(
  opened: OpenModel,
  request: CaptureRequest,
  first: ChosenInput,
  loop: ManifestLoop,
  host: SequenceHost,
): Promise<CaptureResult[]> {
  const passes = opened.manifest?.manifest.passes;
  const listed = Object.values(loop.set ?? {}).flatMap((values) =>
    Array.isArray(values) ? [values.length] : [],
  );
  const count = loop.count ?? passes?.count ?? (listed.length > 0 ? Math.min(...listed) : undefined);
  if (count === undefined)
    throw new AttentionError("manifestInvalid", "Nothing says how many passes the loop makes.", {
      where: "loops.count",
      fix: "Give loops a count, or passes.",
    });
  for (const name of [...Object.keys(loop.feed ?? {}), ...Object.keys(loop.set ?? {})])
    if (!opened.inputs.some((input) => input.name === name))
      throw new AttentionError("manifestInvalid", `The model has no input ${name}.`, { where: "loops" });
  const fed = Object.entries(loop.feed ?? {}).map(([input, from]) => ({
    input,
    output: typeof from === "string" ? from : from.output,
    scale: typeof from === "string" ? null : from.scale,
  }));
  const labels = Array.isArray(passes?.labels) ? passes.labels : undefined;
  const full = memoryGuard();
  const results: CaptureResult[] = [];
  let feeds = new Map(first.feeds);
  for (let pass = 0; pass < count; pass++) {
    feeds = new Map([...feeds, ...setValues(loop, feeds, pass)]);
    const ran = await runSites(opened, request, feeds, {
      phases: host.phases,
      label: `${passes?.axis ?? "pass"} ${pass + 1} of ${count}`,
      others: [...new Set(fed.map(({ output }) => output))],
    });
    const axis = { name: passes?.axis ?? "pass", count, index: pass };
    const label = labels?.[pass];
    const input: ChosenInput = {
      ...first,
      feeds,
      recording: { ...first.recording, passes: label === undefined ? axis : { ...axis, labels: [label] } },
    };
    results.push(describeRun(opened, request, input, ran, host.nextGeneration(), host.phases));
    if (full(results) !== null || host.stopped()) break;
    for (const { input: name, output, scale } of fed) {
      const made = ran.run.others.get(output);
      const before = feeds.get(name);
      if (!made || !before)
        throw new AttentionError("manifestInvalid", `The run returned no ${output}.`, {
          where: "loops.feed",
        });
      feeds.set(name, scale === null ? fitted(made, before, output) : grown(before, made, scale, output));
    }
  }
  return results;
}

function setValues(
  loop: ManifestLoop,
  feeds: ReadonlyMap<string, NamedArray>,
  pass: number,
): [string, NamedArray][] {
  return Object.entries(loop.set ?? {}).flatMap(([name, values]) => {
    const array = feeds.get(name);
    if (!array || Array.isArray(array.data)) return [];
    const value = Array.isArray(values)
      ? values[Math.min(pass, values.length - 1)]
      : values.start + pass * values.step;
    const data = array.data.slice() as NamedArray["data"];
    const filled =
      data instanceof BigInt64Array || data instanceof BigUint64Array
        ? BigInt(Math.round(value ?? 0))
        : (value ?? 0);
    (data as { fill(value: unknown): unknown }).fill(filled);
    return [[name, { ...array, data }] as [string, NamedArray]];
  });
}

/** The output in the input's place; both must hold as many numbers. */
function fitted(made: NamedArray, before: NamedArray, output: string): NamedArray {
  if (countOf(made.dims) !== countOf(before.dims) || made.dtype !== before.dtype)
    throw new AttentionError(
      "manifestInvalid",
      `The output ${output} is ${made.dtype} [${made.dims.join(", ")}] and cannot be given to ${before.dtype} [${before.dims.join(", ")}].`,
      { where: "loops.feed" },
    );
  return { ...made, dims: before.dims };
}

/** x + scale · output, in the input's own precision. */
function grown(before: NamedArray, made: NamedArray, scale: number, output: string): NamedArray {
  const { data } = fitted(made, before, output);
  if (!(before.data instanceof Float32Array || before.data instanceof Float64Array) || Array.isArray(data))
    throw new AttentionError(
      "manifestInvalid",
      `Only float32 and float64 grow by an output; it is ${before.dtype}.`,
      {
        where: "loops.feed",
      },
    );
  return { ...before, data: before.data.map((value, at) => value + scale * Number(data[at])) };
}
