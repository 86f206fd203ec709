/** The process of one task: receives it, does it, sends what was measured, ends. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { PhaseName } from "../src/shared/capture";
import { discover } from "../src/attention/discover";
import { openModel, type OpenModel } from "../src/engine/model/open-model";
import { Phases } from "../src/engine/phases";
import { loadRuntime } from "../src/engine/run/runtime";
import { type NamedArray, readNpz } from "../src/inputs/arrays";
import { fitFeeds } from "../src/inputs/feeds";
import { recordedArrays } from "../src/inputs/manifest/lookup";
import { syntheticFeeds } from "../src/inputs/synthetic";
import { embeddingRows } from "../src/onnx/embedding-rows";
import { GraphView } from "../src/onnx/graph-view";
import { readModel } from "../src/onnx/read";
import { bytesSource } from "../src/onnx/source";
import type { Dumped, Opened, Ran, Results, Task } from "./tasks";

type Runtime = Awaited<ReturnType<typeof loadRuntime>>;

process.once("message", (task: Task) => {
  void act(task).then((result) => process.send?.(result, () => process.disconnect()));
});

function act(task: Task): Promise<Results[Task["kind"]]> {
  switch (task.kind) {
    case "open":
      return Promise.resolve(open(task.file, task.everyByte));
    case "create":
      return create(task.file);
    case "createAndRun":
      return createAndRun(task.file, task.threads);
    case "dump":
      return dump(task.file, task.outputs);
  }
}

function open(file: string, everyByte: boolean): Opened {
  // Linux: forget the peak of starting up (proc(5), clear_refs).
  if (process.platform === "linux") writeFileSync("/proc/self/clear_refs", "5");
  const phases: Partial<Record<PhaseName, number>> = {};
  const before = { memory: process.memoryUsage.rss(), read: bytesReadSoFar() };
  const started = performance.now();
  const { sites, told } = everyByte
    ? openEveryByte(file)
    : openAsTheEngine(file, (name, ms) => (phases[name] = ms));
  const ms = performance.now() - started;
  const read = bytesReadSoFar();
  return {
    ms,
    phases,
    sites,
    bytesRead: read === null || before.read === null ? told : read - before.read,
    memoryGrowthBytes: Math.max(0, peakMemory() - before.memory),
  };
}

function openAsTheEngine(
  file: string,
  ended: (phase: PhaseName, ms: number) => void,
): { sites: number; told: number } {
  const report = new Phases((phases) => {
    for (const { name, ms } of phases) if (ms !== null) ended(name, ms);
  });
  const { summary } = openModel(file, report);
  return { sites: summary.sites.length, told: summary.bytesRead };
}

/** Slowed on purpose: reads the file whole, looks at every byte, then scans it. */
function openEveryByte(file: string): { sites: number; told: number } {
  const bytes = readFileSync(file);
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) | 0;
  const source = bytesSource(bytes);
  const { sites } = discover(readModel(source), source);
  return { sites: sites.length, told: sum === 0 ? 0 : bytes.length };
}

/** Bytes asked of files and pipes by this process, null where the system does not count them. */
function bytesReadSoFar(): number | null {
  if (process.platform !== "linux") return null;
  return field("/proc/self/io", "rchar");
}

/** Largest resident set in bytes. On Linux this program's own: `maxRSS` there survives fork and exec. */
function peakMemory(): number {
  const kilobytes = process.platform === "linux" ? field("/proc/self/status", "VmHWM") : null;
  return (kilobytes ?? process.resourceUsage().maxRSS) * 1024;
}

function field(file: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1];
  return found === undefined ? null : Number(found);
}

async function create(file: string): Promise<Pick<Ran, "loadMs" | "createMs">> {
  const started = performance.now();
  const runtime = await loadRuntime();
  const loaded = performance.now();
  const session = await runtime.InferenceSession.create(file);
  const createMs = performance.now() - loaded;
  await session.release();
  return { loadMs: loaded - started, createMs };
}

async function createAndRun(file: string, threads: number): Promise<Ran> {
  const feeds = feedsOf(openModel(file, new Phases(() => undefined)));
  const started = performance.now();
  const runtime = await loadRuntime();
  const tensors = tensorsOf(feeds, runtime);
  const loaded = performance.now();
  const session = await runtime.InferenceSession.create(file, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  const created = performance.now();
  await session.run(tensors);
  const runMs = performance.now() - created;
  await session.release();
  return { loadMs: loaded - started, createMs: created - loaded, runMs };
}

async function dump(file: string, outputs: readonly string[]): Promise<Record<string, Dumped>> {
  const feeds = feedsOf(openModel(file, new Phases(() => undefined)));
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(file, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  const results = await session.run(tensorsOf(feeds, runtime), [...outputs]);
  const dumped = outputs.map((name) => {
    const { dims, data } = results[name]!;
    return [name, { dims, values: Float32Array.from(data as Float32Array) }] as const;
  });
  await session.release();
  return Object.fromEntries(dumped);
}

function tensorsOf(
  feeds: ReadonlyMap<string, NamedArray>,
  runtime: Runtime,
): Record<string, InstanceType<Runtime["Tensor"]>> {
  return Object.fromEntries(
    [...feeds].map(([name, { dtype, dims, data }]) => [
      name,
      new runtime.Tensor(dtype as "float32", data as Float32Array, [...dims]),
    ]),
  );
}

/** The input that the engine chooses: the manifest's recording, else a synthetic one. */
function feedsOf({ file, inputs, manifest }: OpenModel): ReadonlyMap<string, NamedArray> {
  const recorded = manifest?.manifest.inputs;
  if (!manifest || recorded?.file === undefined)
    return syntheticFeeds(inputs, { rows: embeddingRows(GraphView.of(file.model, file)) });
  const recording = path.join(path.dirname(manifest.path), recorded.file);
  const arrays = readNpz(readFileSync(recording), recorded.file);
  const names = recordedArrays(recorded);
  const given = inputs.flatMap(({ name }) => {
    const array = arrays.get(names[name] ?? name);
    return array ? [[name, array] as const] : [];
  });
  return fitFeeds(inputs, new Map(given), recorded.file).feeds;
}
