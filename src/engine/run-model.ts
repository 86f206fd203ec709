/** Loads an instrumented model on the first provider that runs it, and runs it once. */
import { readSync, openSync, closeSync } from "node:fs";
import path from "node:path";
import type * as Ort from "onnxruntime-node";
import { type ProviderName, type ProviderReport, providerLabels } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import { bytes as formatBytes } from "../shared/format";
import type { NamedArray } from "../inputs/arrays";
import type { ModelFile } from "./model-file";
import { adviceFor, gpu, orderFor, shortReason, verify } from "./providers";
import { loadRuntime, threads } from "./runtime";

export interface RunRequest {
  readonly file: ModelFile;
  /** Bytes that extend the graph (`onnx/append.ts`). */
  readonly extension: Uint8Array;
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Names of the outputs to read. */
  readonly fetches: readonly string[];
  readonly asked: ProviderName | "auto";
  readonly order: readonly ProviderName[];
  readonly onLoaded: (detail: string) => void;
}

export interface RunOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array;
}

export interface RunResult {
  readonly outputs: ReadonlyMap<string, RunOutput>;
  readonly provider: ProviderReport;
}

export async function runModel(request: RunRequest): Promise<RunResult> {
  const runtime = await loadRuntime();
  const refused: { name: ProviderName; reason: string }[] = [];
  const order = orderFor(request.asked, request.order);
  const model = instrumented(request.file, request.extension);
  for (const [position, name] of order.entries()) {
    const last = position === order.length - 1;
    let stage: "sessionFailed" | "runFailed" = "sessionFailed";
    let session: Ort.InferenceSession | undefined;
    try {
      await verify(name);
      session = await runtime.InferenceSession.create(model, {
        executionProviders: [name],
        intraOpNumThreads: threads(),
        logSeverityLevel: 3,
        extra: { session: { model_external_initializers_file_folder_path: path.dirname(request.file.path) } },
      });
      request.onLoaded(`${formatBytes(request.file.size)} on ${providerLabels[name]}`);
      stage = "runFailed";
      const result = await session.run(toTensors(runtime, request.feeds), [...request.fetches]);
      return {
        outputs: await readOutputs(result, request.fetches),
        provider: report(name, request.asked, refused),
      };
    } catch (error) {
      if (last)
        throw error instanceof AttentionError
          ? error
          : new AttentionError(stage, shortReason(error), { cause: error });
      refused.push({ name, reason: shortReason(error) });
    } finally {
      await session?.release().catch(() => undefined);
    }
  }
  throw new AttentionError("providerUnavailable", "No provider is named in the order.");
}

/** The model's bytes with the extension behind them; the file itself is never touched. */
function instrumented(file: ModelFile, extension: Uint8Array): Uint8Array {
  const model = new Uint8Array(file.size + extension.length);
  const fd = openSync(file.path, "r");
  try {
    let filled = 0;
    while (filled < file.size) {
      const count = readSync(fd, model, filled, Math.min(file.size - filled, 2 ** 30), filled);
      if (count === 0) throw new AttentionError("truncated", "The file became shorter while it was read.");
      filled += count;
    }
  } finally {
    closeSync(fd);
  }
  model.set(extension, file.size);
  return model;
}

function toTensors(runtime: typeof Ort, feeds: ReadonlyMap<string, NamedArray>): Record<string, Ort.Tensor> {
  return Object.fromEntries(
    [...feeds].map(([name, { dtype, dims, data }]) => [
      name,
      new runtime.Tensor(dtype as "float32", data as Float32Array, [...dims]),
    ]),
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
