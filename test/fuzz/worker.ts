/**
 * The process that `scripts/fuzz.mjs` starts for mutated models: makes the model of a seed, reads it, searches it, and
 * says how it ended. With `engine` it goes through a real engine process: opened and captured.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EngineClient } from "../../src/client/engine-client";
import { discover } from "../../src/attention/discover";
import { GraphView } from "../../src/onnx/graph-view";
import { embeddingRows } from "../../src/onnx/embedding-rows";
import { readWhole } from "../../src/onnx/functions/read-whole";
import { bytesSource } from "../../src/onnx/source";
import { AttentionError } from "../../src/shared/errors";
import { mutate } from "./mutate";
import { Random } from "./random";

interface Task {
  readonly seed: number;
  readonly mode: "scan" | "engine";
}

interface Answer {
  readonly seed: number;
  /** `opened`, `captured`, or the code of an error. */
  readonly outcome: string;
  readonly what: readonly string[];
  readonly ms: number;
  /** Where an error that has no code of its own came from. */
  readonly detail: string;
  readonly heapBytes: number | null;
}

const [folder = "", engine = "", ...files] = process.argv.slice(2);
const bases = files.map((file) => new Uint8Array(readFileSync(file)));
const collect = (globalThis as { gc?: () => void }).gc;
let done = 0;

function scan(bytes: Uint8Array): string {
  const { model, source } = readWhole(bytesSource(bytes));
  discover(model, source);
  // As for a run, whose arrays tell the sizes of the inputs.
  const dims = new Map(
    model.graph.inputs.map(({ name, dims }) => [
      name,
      (dims ?? []).map((dim) => (typeof dim === "number" ? dim : 3)),
    ]),
  );
  embeddingRows(GraphView.of(model, source, dims));
  return "opened";
}

const limitMs = 15_000;
const clients = new Map<string, EngineClient>();

/** One client for all, as an editor would have; a run that takes too long is cancelled. */
async function capture(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, "model.onnx");
  writeFileSync(file, bytes);
  const client =
    clients.get(engine) ??
    new EngineClient({ entry: engine, trusted: true, threads: 1, log: () => undefined });
  clients.set(engine, client);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    void client.cancel();
  }, limitMs);
  try {
    const summary = await client.open(file, "full");
    if (summary.sites.length === 0) return "no site";
    await client.capture({ provider: "cpu", providerOrder: [], input: null, sites: null });
    return "captured";
  } catch (error) {
    if (late) return "cancelled by the limit";
    if (error instanceof AttentionError && error.code === "engineCrashed") await client.restart();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

async function answer({ seed, mode }: Task): Promise<Answer> {
  const random = new Random(seed + 0x5eed);
  const { bytes, what } = mutate(random.pick(bases), random.pick(bases), seed);
  const started = performance.now();
  let outcome: string;
  let detail = "";
  try {
    outcome = mode === "scan" ? scan(bytes) : await capture(bytes);
  } catch (error) {
    outcome = error instanceof AttentionError ? error.code : "untyped";
    const cause = error instanceof AttentionError ? error.detail : String((error as Error).stack ?? error);
    detail = cause.slice(0, 1500);
  }
  const ms = performance.now() - started;
  done += 1;
  let heapBytes: number | null = null;
  if (done % 1000 === 0) {
    collect?.();
    heapBytes = process.memoryUsage().heapUsed;
  }
  return { seed, outcome, what, ms, detail, heapBytes };
}

process.on("message", (task: Task) => {
  void answer(task).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => {
  for (const client of clients.values()) client.dispose();
  process.exit(0);
});
