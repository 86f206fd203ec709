/** Loads an instrumented model on the first provider that runs it, and runs it once. */
import path from "node:path";
import type * as Ort from "onnxruntime-node";
import { type ProviderName, type ProviderReport, providerLabels } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import { bytes as formatBytes } from "../../shared/format";
import type { NamedArray } from "../../inputs/arrays";
import { fromBfloat16 } from "../../inputs/half-precision";
import { floatName, holdsBfloat16, withoutBfloat16 } from "../../onnx/bfloat16";
import { type Piece, PiecedSource, pieceLength } from "../../onnx/pieces";
import { readModel } from "../../onnx/read";
import type { ByteSource } from "../../onnx/source";
import type { ModelFile } from "../model/model-file";
import { freeMemory } from "./estimate";
import { adviceFor, gpu, orderFor, shortReason, verify } from "./providers";
import { loadRuntime, threads } from "./runtime";
import type { SessionKeeper } from "./session-keeper";

/** A model as it is to be run: pieces of the file with what is added, and the outputs to read. */
export interface Instrumented {
  readonly pieces: readonly Piece[];
  readonly fetches: readonly string[];
}

export interface RunRequest<I extends Instrumented> {
  readonly file: ModelFile;
  /**
   * The model for a provider. With `replaceAll`, fused operators are replaced by their rebuilt graphs; null where that
   * changes nothing.
   */
  readonly instrument: (provider: ProviderName, replaceAll: boolean) => I | null;
  readonly feeds: ReadonlyMap<string, NamedArray>;
  readonly asked: ProviderName | "auto";
  readonly order: readonly ProviderName[];
  readonly onLoaded: (detail: string) => void;
  /** Where the session of the last run is kept. */
  readonly sessions: SessionKeeper;
  /** Outputs of the model that are returned beside the maps, as they are. */
  readonly others?: readonly string[];
}

export interface RunOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array;
}

export interface RunResult<I extends Instrumented> {
  readonly instrumented: I;
  /** Why the fused operators were replaced, in the runtime's words; null where they ran as they are. */
  readonly replacedBecause: string | null;
  /** Operators of bfloat16 ran in float32 between casts. */
  readonly widened: boolean;
  readonly outputs: ReadonlyMap<string, RunOutput>;
  readonly others: ReadonlyMap<string, NamedArray>;
  readonly provider: ProviderReport;
}

export async function runModel<I extends Instrumented>(request: RunRequest<I>): Promise<RunResult<I>> {
  const refused: { name: ProviderName; reason: string }[] = [];
  const order = orderFor(request.asked, request.order);
  for (const [position, name] of order.entries()) {
    try {
      await verify(name);
      return { ...(await runOn(name, request)), provider: report(name, request.asked, refused) };
    } catch (error) {
      if (position === order.length - 1) throw error;
      refused.push({ name, reason: shortReason(error) });
    }
  }
  throw new AttentionError("providerUnavailable", "No provider is named in the order.");
}

/** On one provider: as it is; where that fails with bfloat16 in float32, then with its fused operators replaced. */
async function runOn<I extends Instrumented>(
  name: ProviderName,
  request: RunRequest<I>,
): Promise<Omit<RunResult<I>, "provider">> {
  const isShort = holdsBfloat16(request.file.model);
  let failure: unknown;
  for (const replaceAll of [false, true]) {
    const instrumented = request.instrument(name, replaceAll);
    if (!instrumented) continue;
    // The CPU is known to lack the kernels.
    for (const widened of isShort ? (name === "cpu" ? [true] : [false, true]) : [false]) {
      try {
        const ran = await runOnce(name, request, instrumented, isShort ? { widened } : null);
        return {
          instrumented,
          replacedBecause: replaceAll ? shortReason(failure) : null,
          widened,
          ...ran,
        };
      } catch (error) {
        // Where nothing helps the model fails for another reason: its own message is the one that does.
        failure ??= error;
      }
    }
  }
  throw failure ?? new AttentionError("internal", "Nothing to run.");
}

async function runOnce(
  name: ProviderName,
  request: RunRequest<Instrumented>,
  { pieces, fetches }: Instrumented,
  bfloat16: { readonly widened: boolean } | null,
): Promise<Pick<RunResult<Instrumented>, "outputs" | "others">> {
  const runtime = await loadRuntime();
  let stage: "sessionFailed" | "runFailed" = "sessionFailed";
  try {
    const { session, kept } = await request.sessions.get(`${name} ${bfloat16?.widened ?? ""}`, pieces, () =>
      runtime.InferenceSession.create(written(request.file, pieces, bfloat16), {
        executionProviders: [name],
        intraOpNumThreads: threads(),
        logSeverityLevel: 3,
        extra: { session: { model_external_initializers_file_folder_path: path.dirname(request.file.path) } },
      }),
    );
    request.onLoaded(
      kept
        ? `on ${providerLabels[name]}, loaded before`
        : `${formatBytes(request.file.size)} on ${providerLabels[name]}`,
    );
    stage = "runFailed";
    const others = request.others ?? [];
    const result = await session.run(toTensors(runtime, request.feeds), [
      ...new Set([...fetches, ...others]),
    ]);
    return { outputs: await readOutputs(result, fetches), others: await readArrays(result, others) };
  } catch (error) {
    // A session whose run failed may hold what the run had taken.
    await request.sessions.release();
    throw error instanceof AttentionError
      ? error
      : outOfMemory(error)
        ? new AttentionError("memory", `${shortReason(error)} ${formatBytes(freeMemory())} is free.`, {
            cause: error,
          })
        : new AttentionError(stage, shortReason(error), {
            cause: error,
            ...(stage === "runFailed" ? { fix: givenWords(request.feeds) } : {}),
          });
  }
}

/** Most inputs that a message names. */
const MOST_NAMED = 6;

/** What the run was given: the runtime's message names neither an input nor where its sizes come from. */
function givenWords(feeds: RunRequest<Instrumented>["feeds"]): string {
  const shapes = [...feeds].map(([name, { dtype, dims }]) => `${name} ${dtype} [${dims.join(", ")}]`);
  const rest = shapes.length - MOST_NAMED;
  const given = shapes.slice(0, MOST_NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  const empty = [...feeds].filter(([, { dims }]) => dims.includes(0)).map(([name]) => name);
  const advice =
    empty.length > 0
      ? `${empty.slice(0, MOST_NAMED).join(", ")} ${empty.length === 1 ? "holds" : "hold"} no value: perhaps that is too few.`
      : "Perhaps one of these sizes is more than the model takes, or does not go with another: give a shorter text, other arrays, or --dim NAME=N for what is made up.";
  return `It was given ${given}. ${advice}`;
}

/** Whether ONNX Runtime or Node could not have the memory that a step asked for. */
function outOfMemory(error: unknown): boolean {
  return /failed to allocate|bad[_ ]alloc|allocation failed|out of memory/i.test(String(error));
}

/** Read at a time: a piece may be of a gigabyte. */
const CHUNK_BYTES = 64e6;

/** The model's bytes with what is added; the file itself is never touched. */
function written(
  { source }: ModelFile,
  pieces: Instrumented["pieces"],
  bfloat16: { readonly widened: boolean } | null,
): Uint8Array {
  if (!bfloat16) return assembled(source, pieces);
  const whole = new PiecedSource(source, pieces);
  return assembled(whole, withoutBfloat16(readModel(whole), whole, bfloat16.widened).list);
}

function assembled(source: ByteSource, pieces: Instrumented["pieces"]): Uint8Array {
  const model = new Uint8Array(pieces.reduce((all, piece) => all + pieceLength(piece), 0));
  let at = 0;
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      model.set(piece, at);
      at += piece.length;
      continue;
    }
    for (let from = piece.start; from < piece.end;) {
      const bytes = source.read(from, Math.min(CHUNK_BYTES, piece.end - from));
      if (bytes.length === 0)
        throw new AttentionError("truncated", "The file became shorter while it was read.");
      model.set(bytes, at);
      at += bytes.length;
      from += bytes.length;
    }
  }
  return model;
}

function toTensors(runtime: typeof Ort, feeds: ReadonlyMap<string, NamedArray>): Record<string, Ort.Tensor> {
  return Object.fromEntries(
    [...feeds].map(([name, { dtype, dims, data }]) =>
      dtype === "bfloat16"
        ? [
            floatName(name),
            new runtime.Tensor("float32", Float32Array.from(data as Uint16Array, fromBfloat16), [...dims]),
          ]
        : [name, new runtime.Tensor(dtype as "float32", data as Float32Array, [...dims])],
    ),
  );
}

async function readOutputs(
  result: Ort.InferenceSession.OnnxValueMapType,
  fetches: readonly string[],
): Promise<Map<string, RunOutput>> {
  const outputs = new Map<string, RunOutput>();
  for (const name of fetches) {
    const tensor = result[name];
    if (!tensor) throw new AttentionError("runFailed", `The run returned no ${name}.`);
    const data = await tensor.getData();
    if (!(data instanceof Float32Array) && !(data instanceof Uint8Array)) {
      throw new AttentionError("internal", `The output ${name} is ${tensor.type}, expected float32 or bool.`);
    }
    outputs.set(name, { dims: tensor.dims, data });
  }
  return outputs;
}

/** Outputs as arrays of their own type, to be given to another run. */
async function readArrays(
  result: Ort.InferenceSession.OnnxValueMapType,
  names: readonly string[],
): Promise<Map<string, NamedArray>> {
  const arrays = new Map<string, NamedArray>();
  for (const name of names) {
    const tensor = result[name];
    if (!tensor) throw new AttentionError("runFailed", `The run returned no ${name}.`);
    const data = (await tensor.getData()) as NamedArray["data"];
    arrays.set(name, { dtype: tensor.type, dims: tensor.dims, data });
  }
  return arrays;
}

function report(
  used: ProviderName,
  asked: ProviderName | "auto",
  refused: ProviderReport["refused"],
): ProviderReport {
  const idle = used === "cpu" && gpu().present && asked !== "cpu";
  const wanted: ProviderName = gpu().nvidia ? "cuda" : "webgpu";
  const advice = idle ? (adviceFor(wanted) ?? null) : null;
  return { used, asked, refused: [...refused], advice: advice && `A GPU is present and not used. ${advice}` };
}
