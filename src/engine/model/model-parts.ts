/**
 * The other files of a model that was exported as several: the encoder of a decoder, and of two decoders the one
 * without a cache, which makes the first run, and the one with it, which makes the later ones.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { TensorSignature } from "../../shared/model";
import { cachePlace } from "../inputs/cache-inputs";
import { stemOf } from "./companions";
import { type OpenModel, openModel } from "./open-model";
import { Phases } from "../phases";

export interface PartFiles {
  readonly encoder: string | null;
  /** The decoder without a cache beside one with it. */
  readonly first: string | null;
  /** The decoder with a cache beside one without. */
  readonly later: string | null;
}

const withPast = /_?with_past/i;

/** Which of the files of a folder belong to a model, by their names. @param beside names of the files of its folder */
export function partFiles(name: string, beside: readonly string[]): PartFiles {
  if (!/decoder/i.test(name)) return { encoder: null, first: null, later: null };
  const models = beside.filter((file) => file.endsWith(".onnx") && file !== name);
  const same = (file: string, other: string) => file.toLowerCase() === other.toLowerCase();
  const encoders = models.filter(
    (file) => /encoder/i.test(file) && !/decoder/i.test(file) && stemOf(file) === stemOf(name),
  );
  // decoder_model_merged_quantized.onnx goes with encoder_model_quantized.onnx, else with encoder_model.onnx.
  const plain = name.replace(/decoder/i, "encoder").replace(/_?(with_past|merged)/gi, "");
  const encoder =
    encoders.find((file) => same(file, plain)) ??
    [...encoders].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
  const isLater = withPast.test(name);
  return {
    encoder: encoder ?? null,
    first: (isLater && models.find((file) => same(file, name.replace(withPast, "")))) || null,
    later:
      (!isLater && models.find((file) => withPast.test(file) && same(file.replace(withPast, ""), name))) ||
      null,
  };
}

const opened = new WeakMap<OpenModel, Map<string, OpenModel>>();

/** Another file of the model, scanned once for as long as it does not change. Its faults name the file. */
function part(model: OpenModel, name: string): OpenModel {
  const parts = opened.get(model) ?? new Map<string, OpenModel>();
  opened.set(model, parts);
  const known = parts.get(name);
  if (known && !known.file.changed()) return known;
  if (known) close(known);
  parts.delete(name);
  const made = openModel(path.join(path.dirname(model.file.path), name), new Phases(() => undefined));
  parts.set(name, made);
  return made;
}

function close({ file, sessions }: OpenModel): void {
  file.close();
  void sessions.release();
}

/** Closes the model and all that was opened beside it. */
export function closeModel(model: OpenModel): void {
  for (const each of opened.get(model)?.values() ?? []) close(each);
  opened.delete(model);
  close(model);
}

function filesOf({ file }: OpenModel): PartFiles {
  const none = { encoder: null, first: null, later: null };
  try {
    const name = path.basename(file.path);
    return /decoder/i.test(name) ? partFiles(name, readdirSync(path.dirname(file.path))) : none;
  } catch {
    return none;
  }
}

/** The models of a generation: the one that reads the prompt, and the one that is given its caches; often the same. */
export function writersOf(model: OpenModel): { first: OpenModel; later: OpenModel } {
  const { first, later } = filesOf(model);
  return {
    first: first === null ? model : part(model, first),
    later: later === null ? model : part(model, later),
  };
}

export interface EncoderLink {
  readonly encoder: OpenModel;
  /** The encoder's output that each input of the decoder is given. */
  readonly fed: readonly { readonly input: string; readonly output: string }[];
  /** The decoder's input of the mask of the encoder's tokens. */
  readonly mask: TensorSignature | null;
}

/** The encoder beside a decoder, where its outputs are what the decoder wants; null where there is none. */
export function encoderOf(model: OpenModel): EncoderLink | null {
  const { encoder: name } = filesOf(model);
  if (name === null) return null;
  const encoder = part(model, name);
  const fed = linked(encoder.summary.outputs, model.inputs);
  const mask = model.inputs.find((input) => input.name === "encoder_attention_mask") ?? null;
  return fed.length === 0 ? null : { encoder, fed, mask };
}

/** `encoderOf`, where a fault of the file beside is no fault of what is asked. */
export function encoderIfRead(model: OpenModel): EncoderLink | null {
  try {
    return encoderOf(model);
  } catch (error) {
    if (AttentionError.wrap(error).code === "internal") throw error;
    return null;
  }
}

/** Outputs of an encoder and the inputs of a decoder that take them. */
export function linked(
  outputs: readonly TensorSignature[],
  inputs: readonly TensorSignature[],
): EncoderLink["fed"] {
  const floats = outputs.filter(({ dtype, dims }) => /float/.test(dtype) && (dims?.length ?? 3) === 3);
  const states =
    floats.find(({ name }) => /^(last_hidden_states?|(encoder_)?(hidden_states|outputs?))$/.test(name)) ??
    (floats.length === 1 ? floats[0] : undefined);
  return inputs.flatMap(({ name }) => {
    const place = cachePlace(name, "past");
    const found =
      outputs.find((output) => output.name === name) ??
      (place === null ? undefined : outputs.find((output) => cachePlace(output.name, "present") === place)) ??
      (/^encoder_(last_)?(hidden_states?|outputs?)$/.test(name) ? states : undefined);
    return found ? [{ input: name, output: found.name }] : [];
  });
}
