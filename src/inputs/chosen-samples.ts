/** Which samples of a recording a run takes: as asked, as the manifest says, or as the shapes alone tell. */
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import type { TensorSignature } from "../shared/model";
import type { ManifestInputSource } from "./manifest/inputs-schema";
import type { ManifestArray } from "./manifest/values";
import type { SampleArrays, SampleSet } from "./sample-set";

export interface ImplicitSamples {
  readonly count: number;
  /** Inputs whose arrays have the samples as first axis, and how many a run takes: null for any number. */
  readonly inputs: ReadonlyMap<string, { readonly extra: boolean; readonly batch: number | null }>;
}

/** Samples along the first axis, by shapes alone; null where the arrays are one input as they are. */
export function implicitSamples(
  inputs: readonly TensorSignature[],
  arrays: SampleArrays,
  source: (input: string) => ManifestInputSource,
  stepped: ReadonlySet<string>,
): ImplicitSamples | null {
  const found = new Map<string, { extra: boolean; batch: number | null }>();
  const counts = new Set<number>();
  for (const { name, dims } of inputs) {
    const from = source(name);
    const header =
      typeof from === "string" || "array" in from ? arrays.header(from as ManifestArray) : undefined;
    if (!header || !dims || stepped.has(name)) continue;
    const [leading] = header.dims;
    const [batch] = dims;
    if (leading === undefined || batch === undefined) continue;
    const fixed = typeof batch === "number" && batch > 0 ? batch : null;
    if (header.dims.length === dims.length + 1) {
      found.set(name, { extra: true, batch: fixed });
      counts.add(leading);
    } else if (header.dims.length === dims.length && fixed === null) {
      found.set(name, { extra: false, batch: null });
      counts.add(leading);
    } else if (
      header.dims.length === dims.length &&
      fixed !== null &&
      leading > fixed &&
      leading % fixed === 0
    ) {
      found.set(name, { extra: false, batch: fixed });
      counts.add(leading / fixed);
    }
  }
  const [count = 1] = counts;
  return counts.size === 1 && count > 1 ? { count, inputs: found } : null;
}

/** Number of the sample that the recording calls so, else of the first with that label; −1 where there is none. */
function numberOf({ keys, episodes }: SampleSet, episode: string): number {
  const key = keys.indexOf(episode);
  return key >= 0 ? key : episodes.findIndex(({ name }) => name === episode);
}

/** The samples to run: those asked for, else the first; all of them where they are the model's own batch. */
export function chosenSamples(
  set: SampleSet,
  { samples, episode }: Pick<InputChoice, "samples" | "episode">,
  count: number,
  implicit: ImplicitSamples | null,
): number[] {
  const named = typeof episode === "string" ? numberOf(set, episode) : episode;
  if (named !== undefined && (named < 0 || named >= count)) {
    const known = set.keys.slice(0, 8);
    throw new AttentionError(
      "inputMissing",
      `There is no episode ${episode}; ${known.length > 0 ? `there are ${known.join(", ")}${set.keys.length > 8 ? " …" : ""}` : `the recording has ${count}`}.`,
      { fix: "Choose one of these, by name or by number from 0." },
    );
  }
  const wanted = named === undefined ? samples : [named];
  const past = wanted?.find((sample) => sample >= count);
  if (past !== undefined)
    throw new AttentionError(
      "inputMissing",
      `There is no sample ${past}; the recording has ${count}, from 0.`,
      { fix: "Choose one of these." },
    );
  if (wanted) return [...wanted];
  const batch =
    implicit && [...implicit.inputs.values()].every((input) => !input.extra && input.batch === null);
  return batch
    ? Array.from({ length: count }, (_, sample) => sample)
    : [Math.min(set.first, Math.max(0, count - 1))];
}
