/**
 * An engine process that answers from samples, for tests of what happens around an engine. The model's file name
 * says what goes wrong: `crash` ends the process in a run, `slow` blocks its thread, `broken` is not a model,
 * `empty` has no attention.
 */
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import type { ProviderStatus } from "../../../src/shared/capture";
import { AttentionError } from "../../../src/shared/errors";
import { engineContract, engineNotifications } from "../../../src/shared/protocol";
import { notify, serve } from "../../../src/shared/rpc";
import { sampleCapture, sampleModel, samplePage, samplePhases } from "./samples";

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
let path = "";
let generation = 0;

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function current<T extends { generation: number }>(request: T): T {
  if (generation === 0 || request.generation !== generation) throw new AttentionError("stale");
  return request;
}

serve(connection, engineContract, {
  open: (request) => {
    path = request.path;
    if (path.includes("broken")) throw new AttentionError("notOnnx", "", { where: path });
    return sampleModel(path, path.includes("empty") ? 0 : 2);
  },
  plan: () => {
    throw new AttentionError("internal");
  },
  capture: async () => {
    notify(connection, engineNotifications, "progress", { phases: samplePhases("load") });
    // A message leaves the process before the thread is blocked.
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (path.includes("crash")) process.kill(process.pid, "SIGSEGV");
    if (path.includes("slow")) blockThread(60_000);
    generation += 1;
    return sampleCapture(generation);
  },
  isWritten: () => ({ same: false, steps: null, passes: null }),
  listArrays: () => {
    throw new AttentionError("internal");
  },
  captureAhead: () => ({ kept: false, steps: [], passes: [], bytes: 0, limitBytes: 0 }),
  readPage: (request) => samplePage(current(request)),
  readRow: (request) => {
    const { cells } = samplePage({
      ...current(request),
      queryStart: 0,
      queryEnd: 6,
      keyStart: 0,
      keyEnd: 6,
      maxRows: 6,
      maxColumns: 6,
      pooling: "max",
    });
    const query = Number(request.query);
    return { ...request, cells: cells.slice(query * 24, query * 24 + 24) };
  },
  readGrid: () => {
    throw new AttentionError("internal");
  },
  readHead: (request) => {
    const site = sampleCapture(generation).sites[0];
    const figures = site?.figures[0]?.[0];
    if (!figures) throw new AttentionError("siteUnknown");
    const six = () => new Float32Array(6).fill(0.5).buffer;
    return {
      ...current(request),
      figures,
      entropyNats: six(),
      normalisedEntropy: six(),
      rowSum: six(),
      validKeys: new Uint32Array([1, 2, 3, 4, 5, 6]).buffer,
      received: six(),
      maximum: 1,
      p99: 0.9,
      scores: null,
    };
  },
  readThumbnails: (request) => {
    const { heads } = sampleCapture(generation).sites[0] ?? { heads: 0 };
    return {
      ...current(request),
      heads,
      rows: 6,
      columns: 6,
      cells: new Uint8Array(heads * 36).fill(254).buffer,
      maxima: new Float32Array(heads).fill(1).buffer,
    };
  },
  readFrame: () => {
    throw new AttentionError("inputMissing", "There are no frames.");
  },
  tokenize: () => ({ tokens: [], from: "tokenizer.json", notices: [] }),
  stop: () => null,
  explain: () => "",
  draftManifest: ({ model }) => ({ file: `${model}.attention.json`, exists: false, text: "{}" }),
  confirmGrid: () => ({ file: "model.attention.json", exists: false, text: "{}" }),
  weights: ({ file }) => ({
    name: file,
    format: "onnx" as const,
    fileBytes: 1,
    parameters: 0,
    bytes: 0,
    modules: [],
    otherTensors: 0,
    notices: [],
  }),
  checkManifest: ({ model }) => ({ file: `${model}.attention.json`, exists: false, problems: [] }),
  providers: (): ProviderStatus[] => [
    { name: "webgpu", available: false, detail: "no adapter was found", advice: "Install a Vulkan driver." },
    { name: "cpu", available: true, detail: "0.4 ms", advice: null },
  ],
  writeData: () => ({ bytes: 0 }),
  dataText: () => "{}",
  writeFigure: () => ({ bytes: 0 }),
  writeReport: () => ({ bytes: 0, leftOut: [] }),
});
connection.listen();
process.once("disconnect", () => process.exit(0));
