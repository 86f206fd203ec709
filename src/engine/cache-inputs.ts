/**
 * Caches of past keys and values among a model's inputs and outputs: optimum's `past_key_values.0.key` and
 * `present.0.key`, those of an encoder beside a decoder, and of merged decoders with `use_cache_branch`.
 */
import type { TensorSignature } from "../shared/model";
import type { OpenModel } from "./open-model";

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
function place(name: string, before: "past" | "present"): string | null {
  const match = new RegExp(`^${before}(?:_key_values?)?[._]?(.*)$`).exec(name);
  return match?.[1] === undefined || match[1] === "" ? null : match[1];
}

export function findCache(
  inputs: readonly TensorSignature[],
  outputs: readonly TensorSignature[],
): CacheInputs | null {
  const presents = new Map(
    outputs.flatMap(({ name }) => {
      const at = place(name, "present");
      return at === null ? [] : [[at, name] as const];
    }),
  );
  const pairs = inputs.flatMap(({ name }) => {
    const at = place(name, "past");
    const output = at === null ? undefined : presents.get(at);
    return output === undefined ? [] : [{ input: name, output }];
  });
  const branch = inputs.find(({ name }) => name === "use_cache_branch")?.name ?? null;
  const ids = inputs.find(({ name }) => /^(decoder_)?input_ids$/.test(name))?.name ?? null;
  const logits =
    outputs.find(({ name, dims }) => /^logits$|lm_logits|^output$/.test(name) && (dims?.length ?? 3) === 3)
      ?.name ?? null;
  const past = inputs.filter(({ name }) => place(name, "past") !== null).map(({ name }) => name);
  if (past.length === 0 && (logits === null || ids === null)) return null;
  return {
    pairs,
    inputs: [...past, ...(branch === null ? [] : [branch])],
    branch,
    logits,
    ids,
    generates: logits !== null && ids !== null,
  };
}
