// `npm run fuzz`: mutated models through the reader and the search, a sample of them through a whole engine.
//   npm run fuzz                         60,000 models from seed 1
//   npm run fuzz -- --models 5000        fewer
//   npm run fuzz -- --first 700001       from another seed
//   npm run fuzz -- --seed 1234          one seed, with what became of it
//   npm run fuzz -- --write              writes docs/fuzzing.md as well
// Each model has a process with a limit of memory and of time. Ends with 1 on a crash, a hang, an error without a
// code, or a heap that grows.
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { cache, exampleModel, root } from "./paths.mjs";
import { setUp } from "./setup.mjs";

const HEAP_MB = 384;
const SCAN_LIMIT_MS = 2000;
const ENGINE_LIMIT_MS = 40_000;
/** Every so many models one goes through an engine too. */
const ENGINE_EVERY = 100;
const GROWTH_LIMIT_BYTES = 16e6;
/** Errors that a file can earn; others mean that something here failed. */
const EXPECTED = new Set(
  (
    "opened captured notOnnx truncated limits externalDataMissing externalDataRefused gitLfsPointer memory " +
    "inputMismatch inputMissing noAttention sessionFailed runFailed siteUnknown tooLarge"
  ).split(" "),
);
/** A native library may crash on garbage: the engine is there to take it, so these count and do not fail. */
const TAKEN_BY_ENGINE = new Set(["engineCrashed", "cancelled by the limit", "no site"]);

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "60000" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

const corpus = (folder, names) => names.map((name) => path.join(root, "test", folder, `${name}.onnx`));
const bases = [
  exampleModel,
  ...corpus("corpus", [
    "bmm-torchscript17",
    "einsum-dynamo18",
    "perceiver-torchscript17",
    "sink-torchscript17",
    "t5-torchscript17-eager",
    "vit-torchscript17-eager",
    "written-softmax-dynamo18",
  ]),
  ...corpus("operators", [
    "attention-past",
    "einsum-ellipsis",
    "exp-sum",
    "gqa-rotary",
    "grouped-expand",
    "mha-packed-qkv",
    "opset11-flat",
    "plain",
    "qattention",
    "relative-bias",
  ]),
];

await setUp();
const folder = path.join(cache, "fuzz");
mkdirSync(folder, { recursive: true });
const { build } = await import("esbuild");
const common = { absWorkingDir: root, bundle: true, platform: "node", target: "node20", format: "cjs" };
const worker = path.join(folder, "worker.cjs");
const engine = path.join(folder, "engine.cjs");
await build({ ...common, entryPoints: ["test/fuzz/worker.ts"], outfile: worker, sourcemap: "inline" });
await build({
  ...common,
  entryPoints: ["src/engine/main.ts"],
  outfile: engine,
  external: ["onnxruntime-node", "sharp"],
  loader: { ".woff": "binary" },
  alias: { pdfkit: path.join(root, "node_modules/pdfkit/js/pdfkit.js") },
});

/** A process for models; one that dies or hangs is replaced. */
class Worker {
  #mode;
  #child;
  #answer;
  temporary = mkdtempSync(path.join(os.tmpdir(), "attention-lens-fuzz-"));

  constructor(mode) {
    this.#mode = mode;
  }

  async run(seed) {
    this.#child ??= this.#start();
    const child = this.#child;
    const limit = this.#mode === "scan" ? SCAN_LIMIT_MS : ENGINE_LIMIT_MS;
    const reply = await new Promise((resolve) => {
      this.#answer = resolve;
      const timer = setTimeout(
        () => resolve({ seed, outcome: "hang", ms: limit, detail: "", what: [] }),
        limit,
      );
      timer.unref();
      child.send(
        { seed, mode: this.#mode },
        (error) => error && resolve({ seed, outcome: "crash", detail: error.message, what: [], ms: 0 }),
      );
      this.clear = () => clearTimeout(timer);
    });
    this.clear();
    if (reply.outcome === "hang" || reply.outcome === "crash") this.end();
    return reply;
  }

  end() {
    this.#child?.removeAllListeners();
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  close() {
    this.end();
    rmSync(this.temporary, { recursive: true, force: true });
  }

  #start() {
    const child = fork(worker, [this.temporary, engine, ...bases], {
      execArgv: ["--expose-gc", "--enable-source-maps", `--max-old-space-size=${HEAP_MB}`],
      env: { ...process.env, ATTENTION_LENS_MEMORY_LIMIT: "1000000000" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr = (stderr + text).slice(-2000)));
    child.on("message", (reply) => this.#answer?.(reply));
    child.on("exit", (code, signal) =>
      this.#answer?.({ outcome: "crash", detail: `${signal ?? code}\n${stderr}`, what: [], ms: 0 }),
    );
    return child;
  }
}

const scanning = new Worker("scan");
const engines = new Worker("engine");
process.once("exit", () => [scanning, engines].forEach((each) => each.close()));

const first = Number(options.seed ?? options.first);
const count = options.seed ? 1 : Number(options.models);
const started = Date.now();
const tally = { scan: new Map(), engine: new Map() };
const changes = new Map();
const failures = [];
const heap = [];
let slowest = { ms: 0, seed: 0, what: [] };

function note(mode, seed, reply) {
  tally[mode].set(reply.outcome, (tally[mode].get(reply.outcome) ?? 0) + 1);
  if (reply.heapBytes) heap.push(reply.heapBytes);
  const fine = EXPECTED.has(reply.outcome) || (mode === "engine" && TAKEN_BY_ENGINE.has(reply.outcome));
  if (!fine) {
    failures.push({ mode, seed, ...reply });
    console.error(`✗ ${mode} of seed ${seed}: ${reply.outcome} (${reply.what.join(", ")}) ${reply.detail}`);
  }
}

for (let seed = first; seed < first + count; seed++) {
  const reply = await scanning.run(seed);
  note("scan", seed, reply);
  for (const what of reply.what) changes.set(what, (changes.get(what) ?? 0) + 1);
  if (reply.ms > slowest.ms) slowest = { ms: reply.ms, seed, what: reply.what };
  if (seed % ENGINE_EVERY === 0 || options.seed) note("engine", seed, await engines.run(seed));
  if (options.seed) console.log(reply, [...tally.engine.keys()]);
  if ((seed - first + 1) % 5000 === 0) console.log(`${seed - first + 1} models, ${failures.length} failures`);
}
scanning.close();
engines.close();

const seconds = (Date.now() - started) / 1000;
// The first collections still fill caches of the JavaScript engine.
const growth = heap.length > 4 ? heap.at(-1) - heap[2] : 0;
const summary = summarise();
console.log(`\n${summary}`);
if (growth > GROWTH_LIMIT_BYTES) failures.push({ outcome: "growth" });
if (options.write) {
  const { format, resolveConfig } = await import("prettier");
  const file = path.join(root, "docs", "fuzzing.md");
  writeFileSync(file, await format(summary, { ...(await resolveConfig(file)), parser: "markdown" }));
}
console.log(failures.length === 0 ? "passed" : `${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;

function summarise() {
  const rows = (map) =>
    [...map]
      .sort((a, b) => b[1] - a[1])
      .map(([name, times]) => `| ${name} | ${times.toLocaleString("en")} |`)
      .join("\n");
  const machine = `${os.cpus()[0]?.model ?? "?"}, ${os.cpus().length} cores, ${process.platform}-${process.arch}, Node ${process.versions.node}`;
  const sampled = [...tally.engine.values()].reduce((all, times) => all + times, 0);
  return `# Fuzzing

\`npm run fuzz -- --write\` writes this page. ${count.toLocaleString("en")} models, seeds ${first} to ${first + count - 1}: one of ${bases.length} models (the example, exports of PyTorch, single operators) with one to four changes to its fields or bytes. Each is read and searched in a process with ${HEAP_MB} MB of heap and ${SCAN_LIMIT_MS / 1000} s a model; ${sampled.toLocaleString("en")} of them, every ${ENGINE_EVERY}th, are opened and captured by an engine process with ONNX Runtime.

Machine: ${machine}. It took ${seconds.toFixed(0)} s.

- Crashes, hangs and errors without a code: **${failures.length}**.
- Slowest read and search: ${slowest.ms.toFixed(0)} ms (seed ${slowest.seed}: ${slowest.what.join(", ")}).
- Heap after collection, first to last thousand: ${(Math.max(0, growth) / 1e6).toFixed(1)} MB of growth${heap.length ? `, ${(heap.at(-1) / 1e6).toFixed(0)} MB at the end` : ""}.

## Read and search

| outcome | models |
| --- | ---: |
${rows(tally.scan)}

## Whole engine

\`engineCrashed\` is a native fault of ONNX Runtime in the engine's process, which the client reports; the next model opens.

| outcome | models |
| --- | ---: |
${rows(tally.engine)}

## Changes made

| change | times |
| --- | ---: |
${rows(changes)}
${
  failures.length
    ? `\n## Failures\n\n${failures
        .slice(0, 20)
        .map((each) => `- ${each.mode} of seed ${each.seed}: ${each.outcome}`)
        .join("\n")}\n`
    : ""
}`;
}
