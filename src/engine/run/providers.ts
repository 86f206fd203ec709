/**
 * ONNX Runtime's execution providers: which run here, in which order they are tried, and what to install for the rest.
 * An unavailable provider throws when a session is created and none falls back by itself, so each is verified by a
 * tiny run before it is trusted (`decisions.md` 16).
 */
import { existsSync, readdirSync } from "node:fs";
import { type ProviderName, type ProviderStatus, providerLabels } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import { tinyModel } from "../../onnx/tiny-model";
import { loadRuntime, threads } from "./runtime";

/** Order in which `auto` tries providers. */
export function platformOrder(): ProviderName[] {
  switch (process.platform) {
    case "win32":
      return ["dml", "webgpu", "cpu"];
    case "darwin":
      return ["coreml", "webgpu", "cpu"];
    default:
      return ["tensorrt", "cuda", "webgpu", "cpu"];
  }
}

export const allProviders: readonly ProviderName[] = ["tensorrt", "cuda", "dml", "coreml", "webgpu", "cpu"];

interface Gpu {
  /** A GPU device can be seen by this process. */
  readonly present: boolean;
  readonly nvidia: boolean;
}

/** GPUs by their device files; Windows and macOS always have an adapter of some kind. */
export function gpu(): Gpu {
  if (process.platform !== "linux") return { present: true, nvidia: false };
  const nvidia =
    existsSync("/dev/nvidia0") || existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg");
  const render = existsSync("/dev/dri") && readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  return { present: nvidia || render, nvidia };
}

const verified = new Map<ProviderName, Promise<string>>();

/** Run the tiny model on a provider; resolves with what was seen, rejects with the provider's own words. */
export function verify(name: ProviderName): Promise<string> {
  const known = verified.get(name);
  if (known) return known;
  const attempt = runTiny(name);
  verified.set(name, attempt);
  return attempt;
}

async function runTiny(name: ProviderName): Promise<string> {
  const runtime = await loadRuntime();
  const started = performance.now();
  try {
    const session = await runtime.InferenceSession.create(tinyModel(), {
      executionProviders: [name],
      intraOpNumThreads: threads(),
      logSeverityLevel: 3,
    });
    const matrix = (values: number[]) => new runtime.Tensor("float32", Float32Array.from(values), [2, 2]);
    const { y } = await session.run({ a: matrix([1, 2, 3, 4]), b: matrix([5, 6, 7, 8]) });
    const result = Array.from(y?.data as Float32Array);
    await session.release();
    if (result.join() !== "19,22,43,50")
      throw new Error(`The tiny run gave ${result.join(", ")} instead of 19, 22, 43, 50.`);
    return `tiny run in ${(performance.now() - started).toFixed(0)} ms`;
  } catch (error) {
    throw new AttentionError("providerUnavailable", shortReason(error), {
      where: providerLabels[name],
      cause: error,
    });
  }
}

/** The first sentence of a runtime's message, without its source locations. */
export function shortReason(error: unknown): string {
  const message =
    error instanceof AttentionError ? error.detail : error instanceof Error ? error.message : String(error);
  const line = message.split("\n").find((part) => part.trim()) ?? "";
  return line
    .replace(/onnxruntime::\S+\(.*?\)::<lambda\(\)> .*? was false\. /, "")
    .replace(/\/[^\s:]*\/(onnxruntime|_work)\/\S+/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 300);
}

/** What to install or switch on for a provider that does not run here. */
export function adviceFor(name: ProviderName): string | null {
  const here = gpu();
  switch (name) {
    case "cuda":
    case "tensorrt":
      if (process.platform !== "linux" || !here.nvidia) return null;
      return (
        "Install CUDA 12 and cuDNN 9, then ONNX Runtime's CUDA libraries: `node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12`" +
        (name === "tensorrt" ? ", and TensorRT 10." : ".")
      );
    case "webgpu":
      return process.platform === "linux" && here.present
        ? "Install a Vulkan driver for the GPU (mesa-vulkan-drivers, or NVIDIA's own)."
        : null;
    default:
      return null;
  }
}

/** The order to try: what was asked for, else the settings' or the platform's order without a software adapter. */
export function orderFor(asked: ProviderName | "auto", order: readonly ProviderName[]): ProviderName[] {
  if (asked !== "auto") return asked === "cpu" ? ["cpu"] : [asked, "cpu"];
  const wanted: readonly ProviderName[] = order.length > 0 ? order : platformOrder();
  const here = gpu();
  const able = wanted.filter(
    (name) =>
      name === "cpu" || (here.present && (name === "webgpu" || process.platform !== "linux" || here.nvidia)),
  );
  return able.includes("cpu") ? able : [...able, "cpu"];
}

/** One row for every provider, by a tiny run of each. */
export async function providerTable(order: readonly ProviderName[]): Promise<ProviderStatus[]> {
  const names = [...(order.length > 0 ? order : platformOrder())];
  for (const name of allProviders) if (!names.includes(name)) names.push(name);
  const rows: ProviderStatus[] = [];
  for (const name of names) {
    try {
      const detail = await verify(name);
      const software =
        name === "webgpu" && !gpu().present ? "; software adapter: used only when asked for" : "";
      rows.push({ name, available: true, detail: detail + software, advice: null });
    } catch (error) {
      rows.push({ name, available: false, detail: shortReason(error), advice: adviceFor(name) });
    }
  }
  return rows;
}
