/**
 * Caches of past keys and values among a model's inputs and outputs: optimum's `past_key_values.0.key` and
 * `present.0.key`, those of an encoder beside a decoder, and of merged decoders with `use_cache_branch`.
 */
import type { TensorSignature } from "../../shared/model";
import type { OpenModel } from "../model/open-model";

export interface CacheInputs {
  /** The output that becomes each input in the next run. */
  readonly pairs: readonly { readonly input: string; readonly output: string }[];
  /** Inputs that a first run is given empty. */
  readonly inputs: readonly string[];
  /** Chooses the branch with the cache in a merged decoder. */
  readonly branch: string | null;
  readonly logits: string | null;
  readonly ids: string | null;
  readonly generates: boolean;
  /** Tokens that caches of a fixed length hold, such as the buffers of GroupQueryAttention; null where they grow. */
  readonly length: number | null;
}

const known = new WeakMap<OpenModel, CacheInputs | null>();

export function cacheOf(opened: OpenModel): CacheInputs | null {
  const before = known.get(opened);
  if (before !== undefined) return before;
  const found = findCache(opened.inputs, opened.summary.outputs);
  known.set(opened, found);
  return found;
}

/** What follows "past" or "present" in a name: `0.key`, `3.decoder.value`, `key_self_0`. */
export function cachePlace(name: string, before: "past" | "present"): string | null {
  const match = new RegExp(`^${before}(?:_key_values?)?[._]?(.*)$`).exec(name);
  return match?.[1] === undefined || match[1] === "" ? null : match[1];
}

/** The output of a run that becomes each cache in the next one, which may be of another model. */
export function cachePairs(
  inputs: readonly TensorSignature[],
  outputs: readonly TensorSignature[],
): CacheInputs["pairs"] {
  const presents = new Map(
    outputs.flatMap(({ name }) => {
      const at = cachePlace(name, "present");
      return at === null ? [] : [[at, name] as const];
    }),
  );
  return inputs.flatMap(({ name }) => {
    const at = cachePlace(name, "past");
    const output = at === null ? undefined : presents.get(at);
    return output === undefined ? [] : [{ input: name, output }];
  });
}

export function findCache(
  inputs: readonly TensorSignature[],
  outputs: readonly TensorSignature[],
): CacheInputs | null {
  const pairs = cachePairs(inputs, outputs);
  const branch = inputs.find(({ name }) => name === "use_cache_branch")?.name ?? null;
  // A model of encoder and decoder in one file writes with its decoder.
  const ids =
    ["decoder_input_ids", "input_ids"].find((each) => inputs.some(({ name }) => name === each)) ?? null;
  const logits =
    outputs.find(({ name, dims }) => /^logits$|lm_logits|^output$/.test(name) && (dims?.length ?? 3) === 3)
      ?.name ?? null;
  const past = inputs.filter(({ name }) => cachePlace(name, "past") !== null).map(({ name }) => name);
  if (past.length === 0 && (logits === null || ids === null)) return null;
  return {
    pairs,
    inputs: [...past, ...(branch === null ? [] : [branch])],
    branch,
    logits,
    ids,
    generates: logits !== null && ids !== null,
    length: fixedLength(pairs, inputs, outputs),
  };
}

/** A cache [batch, heads, tokens, size] that is returned as long as it is given is a buffer to be filled. */
function fixedLength(
  pairs: CacheInputs["pairs"],
  inputs: readonly TensorSignature[],
  outputs: readonly TensorSignature[],
): number | null {
  const lengths = pairs.flatMap(({ input, output }) => {
    const given = inputs.find(({ name }) => name === input)?.dims;
    const returned = outputs.find(({ name }) => name === output)?.dims;
    const length = given?.length === 4 ? given[2] : undefined;
    const same = length === returned?.[2] || typeof returned?.[2] !== "number";
    return typeof length === "number" && length > 0 && same ? [length] : [];
  });
  return lengths.length > 0 ? Math.min(...lengths) : null;
}
