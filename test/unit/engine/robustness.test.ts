/**
 * Damaged and hostile models through real engines. For each: this process goes on, another client works, one message
 * says what is wrong and what to do, and the next valid open succeeds.
 */
import {
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { afterAll, describe, expect, it } from "vitest";
import { EngineClient } from "../../../src/client/engine-client";
import { AttentionError, describe as words, type ErrorCode } from "../../../src/shared/errors";
import { mutate } from "../../fuzz/mutate";
import { Random } from "../../fuzz/random";

import { attentionGraph, type BuiltGraph, type BuiltNode, buildModel, weights } from "../onnx/model-builder";
import { exampleModel, newClient, onCpu, root, temporaryFile, temporaryFolder } from "./harness";

/** Another tab: one engine that lives through all of this file. */
const other = new EngineClient({
  entry: path.join(root, "dist/engine/main.cjs"),
  trusted: true,
  log: () => undefined,
});
afterAll(() => other.dispose());
const otherModel = other.open(exampleModel, "full").then(() => other.pid);

interface Fault {
  readonly code: ErrorCode;
  readonly detail?: RegExp;
  readonly where?: string;
}

/** What every fault asserts, around what is special to one. */
async function meets(
  { code, detail = /./, where }: Fault,
  act: (client: EngineClient) => Promise<unknown>,
  client = newClient(),
): Promise<void> {
  const crashes: AttentionError[] = [];
  client.onCrash = (error) => crashes.push(error);
  const error = (await act(client).then(
    () => undefined,
    (caught: unknown) => caught,
  )) as AttentionError | undefined;
  expect(error, `${code} ${detail}`).toBeInstanceOf(AttentionError);
  expect({ code: error?.code, detail: error?.detail }).toEqual({
    code,
    detail: expect.stringMatching(detail) as string,
  });
  if (where !== undefined) expect(error?.where).toBe(where);
  const said = words((error as AttentionError).report());
  expect(said.title.length).toBeGreaterThan(5);
  expect(said.fix.length).toBeGreaterThan(10);
  // A crash is told once beside the call that it ended, and a refusal never.
  expect(crashes.length).toBeLessThanOrEqual(1);
}

async function goesOn(client: EngineClient): Promise<void> {
  const pid = await otherModel;
  expect((await other.capture(onCpu)).sites).toHaveLength(2);
  expect(other.pid).toBe(pid);
  await client.open(exampleModel, "full");
  expect((await client.capture(onCpu)).sites).toHaveLength(2);
}

/** On a busy machine one of three tries. */
async function withinASecond(act: () => Promise<void>): Promise<void> {
  let best = Infinity;
  for (let times = 0; times < 3 && best >= 1000; times++) {
    const started = performance.now();
    await act();
    best = Math.min(best, performance.now() - started);
  }
  expect(best).toBeLessThan(1000);
}

const openAndCapture =
  (bytes: Uint8Array, name = "model.onnx") =>
  async (client: EngineClient) => {
    await client.open(temporaryFile(name, bytes), "full");
    await client.capture(onCpu);
  };

const wrap = (field: number, content: Uint8Array) =>
  new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
const text = (field: number, value: string) => wrap(field, new TextEncoder().encode(value));
const int = (field: number, value: number) =>
  new BinaryWriter().tag(field, WireType.Varint).int64(value).finish();
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe("fault 2: a file cut at every 1 %", () => {
  it("is an error with a code, and never a hang", async () => {
    const client = newClient();
    const whole = readFileSync(exampleModel);
    const folder = temporaryFolder();
    for (let percent = 0; percent < 100; percent++) {
      const file = path.join(folder, "model.onnx");
      writeFileSync(file, whole.subarray(0, Math.floor((whole.length * percent) / 100)));
      await meets(
        { code: percent === 0 ? "notOnnx" : "truncated", detail: /byte|empty/, where: "model.onnx" },
        (opened) => opened.open(file, "full"),
        client,
      );
    }
    await goesOn(client);
  });
});

describe("fault 3: bits flipped and fields changed", () => {
  it("is an error with a code, or a run: 150 seeds through one engine", async () => {
    const bases = [
      buildModel(attentionGraph({ mask: new Array<number>(25).fill(0) })),
      new Uint8Array(readFileSync(path.join(root, "test/operators/plain.onnx"))),
      new Uint8Array(readFileSync(path.join(root, "test/operators/exp-sum.onnx"))),
    ];
    const client = newClient({ runTimeoutMs: 10_000, memoryLimitBytes: 1e9 });
    const file = path.join(temporaryFolder(), "model.onnx");
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 150; seed++) {
      const random = new Random(seed);
      writeFileSync(file, mutate(random.pick(bases), random.pick(bases), seed).bytes);
      let outcome = "ran";
      try {
        const { sites } = await client.open(file, "full");
        if (sites.length > 0) await client.capture(onCpu);
      } catch (error) {
        if (!(error instanceof AttentionError)) throw error;
        outcome = error.code;
        if (outcome === "engineCrashed") await client.restart();
      }
      expect(outcome, `seed ${seed}`).not.toMatch(/internal|badMessage|engineBackoff|stale/);
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    expect(seen.get("ran")).toBeGreaterThan(10);
    expect(seen.get("truncated")).toBeGreaterThan(10);
    await goesOn(client);
  }, 120_000);
});

interface External {
  readonly location: string;
  readonly offset?: string;
  readonly length?: string;
}

function externalTensor(external: External, name = "w_q"): Uint8Array {
  const entries = Object.entries(external).map(([key, value]) =>
    wrap(13, join(text(1, key), text(2, value as string))),
  );
  return join(int(1, 6), int(1, 6), int(2, 1), text(8, name), ...entries, int(14, 1));
}

/** Attention whose query weights lie in another file. */
function externalModel(external: External): Uint8Array {
  const graph = attentionGraph({});
  const initializers = graph.initializers!.filter(({ name }) => name !== "w_q");
  return join(buildModel({ ...graph, initializers }), wrap(7, wrap(5, externalTensor(external))));
}

const weightBytes = new Uint8Array(Float32Array.from(weights(36, 1)).buffer);

/** A model beside its weights, and a file elsewhere that must not be read. */
function externalFolder(): { folder: string; secret: string; untouched: () => void } {
  const parent = temporaryFolder();
  const folder = path.join(parent, "models");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "weights.bin"), weightBytes);
  const secret = path.join(parent, "secret.bin");
  writeFileSync(secret, weightBytes);
  // A read would move the time of access past this one (as far as the file system keeps it).
  const long = new Date(2001, 1, 1);
  utimesSync(secret, long, new Date(2002, 1, 1));
  return { folder, secret, untouched: () => expect(statSync(secret).atimeMs).toBe(long.getTime()) };
}

async function refused(
  folder: string,
  external: External,
  fault: Fault,
  client: EngineClient,
): Promise<void> {
  const file = path.join(folder, "model.onnx");
  writeFileSync(file, externalModel(external));
  await meets(
    fault,
    async (opened) => {
      await opened.open(file, "full");
      await opened.capture(onCpu);
    },
    client,
  );
}

describe("faults 6 to 9: weights in another file", () => {
  it("are read from a plain file beside the model", async () => {
    const { folder } = externalFolder();
    const file = path.join(folder, "model.onnx");
    writeFileSync(file, externalModel({ location: "weights.bin", offset: "0", length: "144" }));
    const client = newClient();
    await client.open(file, "full");
    const plain = newClient();
    await plain.open(temporaryFile("plain.onnx", buildModel(attentionGraph({}))), "full");
    const [a, b] = [await client.capture(onCpu), await plain.capture(onCpu)];
    expect(a.sites[0]?.figures).toEqual(b.sites[0]?.figures);
  });

  it("6: are refused outside the model's folder, and not a byte is read", async () => {
    const { folder, secret, untouched } = externalFolder();
    symlinkSync(secret, path.join(folder, "link.bin"));
    symlinkSync(path.dirname(secret), path.join(folder, "up"));
    mkdirSync(path.join(folder, "deep"));
    symlinkSync(path.dirname(secret), path.join(folder, "deep", "up"));
    const client = newClient();
    const places = [
      "../secret.bin",
      "deep/../../secret.bin",
      "deep\\..\\..\\secret.bin",
      secret,
      "//host/share/weights.bin",
      "\\\\host\\share\\weights.bin",
      "\\\\?\\C:\\weights.bin",
      "C:\\weights.bin",
      "c:weights.bin",
      "link.bin",
      "up/secret.bin",
      "deep/up/secret.bin",
      "",
      "weights.bin\0",
      "deep",
    ];
    for (const location of places)
      await refused(folder, { location }, { code: "externalDataRefused", where: location }, client);
    untouched();
    await goesOn(client);
  });

  it("7: are refused behind a hard link", async () => {
    const { folder, secret, untouched } = externalFolder();
    linkSync(secret, path.join(folder, "hard.bin"));
    const client = newClient();
    const fault = { code: "externalDataRefused", detail: /hard link/ } as const;
    await refused(folder, { location: "hard.bin" }, fault, client);
    untouched();
    await goesOn(client);
  });

  it("8: are refused as an address in memory, and wherever weights do not belong", async () => {
    const { folder } = externalFolder();
    const client = newClient();
    for (const location of ["*/_ORT_MEM_ADDR_/*", "*/_ort_mem_addr_/*", "*\\_ORT_MEM_ADDR_\\*"]) {
      const marker = { location, offset: "140000000000000", length: "144" };
      await refused(folder, marker, { code: "externalDataRefused", where: location }, client);
    }
    const tensor = externalTensor({ location: "weights.bin" }, "inner");
    const constant = (): Uint8Array =>
      join(
        text(2, "unused"),
        text(4, "Constant"),
        wrap(5, join(text(1, "value"), wrap(5, tensor), int(20, 4))),
      );
    const plain = buildModel(attentionGraph({}));
    const body = join(text(2, "body"), wrap(1, constant()));
    const places: Record<string, Uint8Array> = {
      "a Constant of the graph": join(plain, wrap(7, wrap(1, constant()))),
      "a Constant in the body of an If": join(
        plain,
        wrap(
          7,
          wrap(
            1,
            join(
              text(1, "x"),
              text(2, "y"),
              text(4, "If"),
              wrap(5, join(text(1, "then_branch"), wrap(6, body))),
            ),
          ),
        ),
      ),
      "a Constant in a function": join(
        plain,
        wrap(25, join(text(1, "f"), text(10, "d"), wrap(7, constant()))),
      ),
      "a default value of a function": join(
        plain,
        wrap(25, join(text(1, "f"), text(10, "d"), wrap(11, join(text(1, "a"), wrap(5, tensor))))),
      ),
      "a list of tensors": join(
        plain,
        wrap(
          7,
          wrap(1, join(text(2, "y"), text(4, "Constant"), wrap(5, join(text(1, "a"), wrap(10, tensor))))),
        ),
      ),
      "the values of a sparse initializer": join(plain, wrap(7, wrap(15, wrap(1, tensor)))),
      "the indices of a sparse initializer": join(plain, wrap(7, wrap(15, wrap(2, tensor)))),
      "a sparse attribute": join(
        plain,
        wrap(
          7,
          wrap(
            1,
            join(text(2, "y"), text(4, "Constant"), wrap(5, join(text(1, "a"), wrap(22, wrap(1, tensor))))),
          ),
        ),
      ),
    };
    const file = path.join(folder, "model.onnx");
    for (const [place, bytes] of Object.entries(places)) {
      writeFileSync(file, bytes);
      await meets(
        { code: "externalDataRefused", detail: /constant|sparse/ },
        async (opened) => {
          await opened.open(file, "full");
          await opened.capture(onCpu);
        },
        client,
      ).catch((error: unknown) => {
        throw new Error(place, { cause: error });
      });
    }
    await goesOn(client);
  });

  it("8: are refused where a later tensor of the same name hides them", async () => {
    const { folder } = externalFolder();
    const graph = attentionGraph({});
    const hidden = wrap(7, wrap(5, externalTensor({ location: "../secret.bin" })));
    const file = path.join(folder, "model.onnx");
    writeFileSync(file, join(hidden, buildModel(graph)));
    const client = newClient();
    await client.open(file, "full");
    await meets({ code: "externalDataRefused" }, (opened) => opened.capture(onCpu), client);
    await goesOn(client);
  });

  it("9: are refused past the end, before the start and where no file reaches", async () => {
    const { folder } = externalFolder();
    const client = newClient();
    const ranges: [External, RegExp][] = [
      [{ location: "weights.bin", offset: "4", length: "144" }, /bytes 4 to 148 of 144/],
      [{ location: "weights.bin", offset: "144" }, /bytes 144 to 288 of 144/],
      [{ location: "weights.bin", offset: "-4", length: "144" }, /from -4, which is no place/],
      [{ location: "weights.bin", offset: "0", length: "-144" }, /wants -144 bytes/],
      [{ location: "weights.bin", offset: "9007199254740993", length: "144" }, /no place/],
      [{ location: "weights.bin", offset: "18446744073709551612", length: "144" }, /no place/],
      [{ location: "weights.bin", offset: "1e1" }, /no place/],
      [{ location: "weights.bin", length: "100000000000000" }, /100000000000000 of 144/],
      [{ location: "weights.bin", offset: "0", length: "100" }, /is given 100 bytes, its shape wants 144/],
    ];
    for (const [external, detail] of ranges)
      await refused(folder, external, { code: "truncated", detail, where: "weights.bin" }, client);
    await goesOn(client);
  });
});

describe("fault 10: a protobuf of more than 2 GB", () => {
  it("says to use external data, without reading it", async () => {
    const file = temporaryFile("model.onnx", buildModel(attentionGraph({})));
    const fd = openSync(file, "r+");
    // A hole: no disk is used.
    ftruncateSync(fd, 2 ** 31 + 4096);
    closeSync(fd);
    const client = newClient();
    await client.open(exampleModel, "full");
    await withinASecond(() =>
      meets({ code: "tooLarge", detail: /2\.15 GB/ }, (opened) => opened.open(file, "full"), client),
    );
    await goesOn(client);
  });
});

describe("fault 11: deep nesting and length bombs", () => {
  it("are refused in under a second", async () => {
    let inner: Uint8Array = new Uint8Array(0);
    for (let level = 0; level < 3_000; level++) inner = wrap(1, wrap(5, wrap(6, inner)));
    const bomb = (length: number) =>
      new BinaryWriter().tag(7, WireType.LengthDelimited).uint32(length).finish();
    const pad = new Uint8Array(16);
    const client = newClient();
    await client.open(exampleModel, "full");
    const bombs: [Uint8Array, ErrorCode][] = [
      [wrap(7, inner), "limits"],
      [join(bomb(0x7fffffff), pad), "truncated"],
      [join(bomb(0xffffffff), pad), "truncated"],
      [wrap(7, join(bomb(0xffffff), pad)), "truncated"],
      [join(...Array.from({ length: 60_000 }, () => wrap(7, new Uint8Array(0)))), "limits"],
      [wrap(7, wrap(1, join(...Array.from({ length: 60_000 }, () => text(1, ""))))), "limits"],
    ];
    for (const [bytes, code] of bombs) {
      const file = temporaryFile("model.onnx", bytes);
      await withinASecond(() => meets({ code }, (opened) => opened.open(file, "full"), client));
    }
    await goesOn(client);
  });
});

/** Attention, and beside it a tensor of a gigabyte that the graph's shapes do not tell. */
function hungryModel(side: number): Uint8Array {
  const graph = attentionGraph({});
  return buildModel({
    ...graph,
    nodes: [
      ...graph.nodes,
      { op: "NonZero", inputs: ["x"], outputs: ["places"] },
      { op: "ReduceMax", inputs: ["places"], outputs: ["unknown"], ints: { keepdims: 0 } },
      { op: "Mul", inputs: ["unknown", "nothing"], outputs: ["zero"] },
      { op: "Add", inputs: ["large", "zero"], outputs: ["target"] },
      { op: "ConstantOfShape", inputs: ["target"], outputs: ["filled"] },
      { op: "ReduceSum", inputs: ["filled"], outputs: ["sum"], ints: { keepdims: 0 } },
    ],
    outputs: [...graph.outputs!, { name: "sum", dims: [] }],
    initializers: [
      ...graph.initializers!,
      { name: "nothing", dims: [], values: [0], type: 7 },
      { name: "large", dims: [2], values: [side, side], type: 7 },
    ],
  });
}

describe("fault 15: the engine runs out of memory", () => {
  it("in a step of the model: says what was asked and what is free", async () => {
    const client = newClient();
    const fault = { code: "memory", detail: /allocat.* (MB|GB) is free/i } as const;
    await meets(fault, openAndCapture(hungryModel(2_000_000)), client);
    await goesOn(client);
  });

  it("in its own heap: the process dies, and the message has both figures", async () => {
    // A graph that a heap of 24 MB cannot hold.
    const nodes: BuiltNode[] = Array.from({ length: 150_000 }, (_, index) => ({
      op: "Relu",
      inputs: [`value ${index}`],
      outputs: [`value ${index + 1}`],
      name: `a node with a name of its own, number ${index}`,
    }));
    const file = temporaryFile("large.onnx", buildModel({ nodes, inputs: [{ name: "value 0", dims: [1] }] }));
    const before = process.env["NODE_OPTIONS"];
    process.env["NODE_OPTIONS"] = "--max-old-space-size=24 --max-semi-space-size=1";
    const client = newClient();
    try {
      const fault = { code: "memory", detail: /ran out of memory at “Read graph”.*(MB|GB) is free/ } as const;
      await meets(fault, (opened) => opened.open(file, "full"), client);
    } finally {
      if (before === undefined) delete process.env["NODE_OPTIONS"];
      else process.env["NODE_OPTIONS"] = before;
    }
    await goesOn(client);
  }, 60_000);
});

/** Attention whose input first goes through a loop whose condition is always true. */
function endlessModel(): Uint8Array {
  const graph = attentionGraph({});
  const body: BuiltGraph = {
    nodes: [
      { op: "Identity", inputs: ["go_in"], outputs: ["go_out"] },
      { op: "Neg", inputs: ["x_in"], outputs: ["x_out"] },
    ],
    inputs: [
      { name: "step", dims: [], type: 7 },
      { name: "go_in", dims: [], type: 9 },
      { name: "x_in", dims: [1, 5, 6] },
    ],
    outputs: [
      { name: "go_out", dims: [], type: 9 },
      { name: "x_out", dims: [1, 5, 6] },
    ],
  };
  return buildModel({
    ...graph,
    nodes: [
      { op: "Equal", inputs: ["one", "one"], outputs: ["true"] },
      { op: "Loop", inputs: ["", "true", "raw"], outputs: ["x"], bodies: { body } },
      ...graph.nodes,
    ],
    inputs: [{ name: "raw", dims: [1, 5, 6] }],
    initializers: [...graph.initializers!, { name: "one", dims: [], values: [1], type: 7 }],
  });
}

describe("fault 17: a Loop that never ends", () => {
  it("is stopped by the time limit, and the message says how to set another", async () => {
    const client = newClient({ runTimeoutMs: 1500 });
    const started = performance.now();
    await meets(
      { code: "runFailed", detail: /had not ended after 1\.5 s/ },
      openAndCapture(endlessModel()),
      client,
    );
    expect(performance.now() - started).toBeLessThan(8000);
    const fine = newClient();
    await goesOn(fine);
    // A limit that was met is no crash: it is not counted towards the back-off.
    for (let time = 0; time < 3; time++) {
      const file = temporaryFile("loop.onnx", endlessModel());
      await client.open(file, "full");
      await expect(client.capture(onCpu)).rejects.toMatchObject({ code: "runFailed" });
    }
    await client.open(exampleModel, "full");
  }, 60_000);

  it("is ended by Cancel within 500 ms", async () => {
    const client = newClient();
    await client.open(temporaryFile("loop.onnx", endlessModel()), "full");
    const settled = client.capture(onCpu).then(
      () => "ended",
      (error: AttentionError) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const started = performance.now();
    await client.cancel();
    expect(await settled).toBe("cancelled");
    expect(performance.now() - started).toBeLessThan(500);
    await goesOn(client);
  });
});

/** The figures of the first head of a built model. */
async function figuresOf(graph: BuiltGraph) {
  const client = newClient();
  await client.open(temporaryFile("model.onnx", buildModel(graph)), "full");
  const { sites } = await client.capture(onCpu);
  return sites[0]!.figures[0]![0]!;
}

function withWeights(name: string, values: number[]): BuiltGraph {
  const graph = attentionGraph({});
  return {
    ...graph,
    initializers: graph.initializers!.map((each) => (each.name === name ? { ...each, values } : each)),
  };
}

describe("fault 24: maps that are none", () => {
  it("of NaN are flagged in every row, and give no figure", async () => {
    const figures = await figuresOf(withWeights("w_q", new Array<number>(36).fill(NaN)));
    expect(figures).toMatchObject({ rowsFlagged: 5, entropyNats: null, confidence: null, rowSumMin: null });
  });

  it("of NaN behind a fused operator are flagged, and its comparison says that there is none", async () => {
    const graph: BuiltGraph = {
      nodes: [
        {
          op: "MultiHeadAttention",
          domain: "com.microsoft",
          inputs: ["q", "k", "v"],
          outputs: ["y"],
          ints: { num_heads: 2 },
        },
      ],
      inputs: [{ name: "q", dims: [1, 5, 6] }],
      outputs: [{ name: "y", dims: [1, 5, 6] }],
      initializers: ["k", "v"].map((name) => ({
        name,
        dims: [1, 5, 6],
        values: new Array<number>(30).fill(NaN),
      })),
    };
    const client = newClient();
    await client.open(temporaryFile("model.onnx", buildModel(graph)), "full");
    const [site] = (await client.capture(onCpu)).sites;
    expect(site).toMatchObject({ error: null, controlError: null, proven: false });
    expect(site?.note).toMatch(/NaN or infinity/);
    expect(site?.figures[0]?.[0]?.rowsFlagged).toBe(5);
  });

  it("of infinite scores are flagged", async () => {
    const figures = await figuresOf(withWeights("w_q", new Array<number>(36).fill(3e38)));
    expect(figures.rowsFlagged).toBe(5);
    expect(figures.entropyNats).toBeNull();
  });

  it("with one row of −∞ have that row flagged, or masked where the model makes it a number", async () => {
    const mask = new Array<number>(25).fill(0).fill(-Infinity, 5, 10);
    expect(await figuresOf(attentionGraph({ mask }))).toMatchObject({ rowsFlagged: 1, rowsMasked: 0 });
    const large = mask.map((value) => (value === 0 ? 0 : -1e9));
    expect(await figuresOf(attentionGraph({ mask: large }))).toMatchObject({ rowsFlagged: 0, rowsMasked: 1 });
  });

  it("with rows that do not sum to 1 have them flagged, with the sums", async () => {
    const graph = attentionGraph({});
    const product = graph.nodes.at(-1)!;
    graph.nodes.splice(
      -1,
      1,
      { op: "Mul", inputs: ["probability", "half"], outputs: ["halved"] },
      {
        ...product,
        inputs: ["halved", "v"],
      },
    );
    graph.initializers!.push({ name: "half", dims: [], values: [0.5] });
    const figures = await figuresOf(graph);
    expect(figures.rowsFlagged).toBe(5);
    expect(figures.rowSumMax).toBeCloseTo(0.5, 5);
  });

  it("that are the same everywhere say so: normalised entropy 1, concentration 0", async () => {
    const figures = await figuresOf(withWeights("w_q", new Array<number>(36).fill(0)));
    expect(figures.normalisedEntropy).toBeCloseTo(1, 6);
    expect(figures.concentration).toBeCloseTo(0, 6);
    expect(figures.rowsFlagged).toBe(0);
  });
});

describe("fault 25: what is no attention", () => {
  const scanned = async (graph: BuiltGraph) =>
    newClient().open(temporaryFile("model.onnx", buildModel(graph)), "full");
  const softmaxOver = (axis: number) => {
    const graph = attentionGraph({});
    const node = graph.nodes.find(({ op }) => op === "Softmax")!;
    node.ints = { axis };
    return graph;
  };

  it("normalised over the heads is refused with the reason", async () => {
    const { sites, notSupported } = await scanned(softmaxOver(1));
    expect(sites).toEqual([]);
    expect(notSupported[0]?.reason).toMatch(/neither queries nor keys/);
    const client = newClient();
    await meets({ code: "noAttention", detail: /^/ }, openAndCapture(buildModel(softmaxOver(1))), client);
    await goesOn(client);
  });

  it("by a sigmoid is listed, and says that its rows need not sum to 1", async () => {
    const graph = attentionGraph({});
    const node = graph.nodes.find(({ op }) => op === "Softmax")!;
    Object.assign(node, { op: "Sigmoid", ints: {} });
    const { sites } = await scanned(graph);
    expect(sites).toHaveLength(1);
    expect(sites[0]?.note).toMatch(/sigmoid/i);
  });

  it("without any normaliser is not listed", async () => {
    const graph = attentionGraph({});
    const node = graph.nodes.find(({ op }) => op === "Softmax")!;
    Object.assign(node, { op: "Tanh", ints: {} });
    const { sites, notSupported, otherSoftmaxes } = await scanned(graph);
    expect([sites, notSupported, otherSoftmaxes]).toEqual([[], [], []]);
  });

  it("normalised over the queries and summed over the keys is refused with the reason", async () => {
    const { sites, notSupported } = await scanned(softmaxOver(2));
    expect(sites).toEqual([]);
    expect(notSupported[0]?.reason).toMatch(/summed over another axis than the one that it normalises/);
  });

  it("of no tokens at all says that its map is empty", async () => {
    const client = newClient();
    const graph = { ...attentionGraph({}), inputs: [{ name: "x", dims: [0, 5, 6] }] };
    graph.initializers = graph.initializers!.map((each) =>
      each.name === "split" ? { ...each, values: [-1, 5, 2, 3] } : each,
    );
    await meets({ code: "inputMismatch", detail: /is empty/ }, openAndCapture(buildModel(graph)), client);
    await goesOn(client);
  });

  it("with queries and keys swapped is a map over the queries' tokens: which is which follows the product", async () => {
    // Keys times queries: what the graph calls q stands along the columns.
    const graph = attentionGraph({});
    const product = graph.nodes.find(({ name }) => name === "product")!;
    const flip = (input: string, output: string): BuiltNode => ({
      op: "Transpose",
      inputs: [input],
      outputs: [output],
      intLists: { perm: [0, 1, 3, 2] },
    });
    graph.nodes.splice(graph.nodes.indexOf(product), 1, flip("k", "k_rows"), flip("q", "q_columns"), {
      ...product,
      inputs: ["k_rows", "q_columns"],
    });
    const figures = await figuresOf(graph);
    expect(figures).toMatchObject({ rowsFlagged: 0 });
    expect(figures.rowSumMin).toBeCloseTo(1, 5);
  });
});

describe("fault 33: pointers and missing weights", () => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n";

  it("a Git LFS pointer is told whatever its line ends, and mended by its command", async () => {
    const client = newClient();
    for (const content of [pointer, pointer.replaceAll("\n", "\r\n"), `\ufeff${pointer}`]) {
      const file = temporaryFile("model.onnx", content);
      await meets({ code: "gitLfsPointer", detail: /^/ }, (opened) => opened.open(file, "full"), client);
    }
    await goesOn(client);
  });

  it("a pointer in place of the weights names that file", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "model.onnx_data"), pointer);
    const fault = { code: "gitLfsPointer", where: "model.onnx_data" } as const;
    const client = newClient();
    await refused(folder, { location: "model.onnx_data", length: "144" }, fault, client);
    await goesOn(client);
  });

  it("weights under another name are named with what is there", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "model.onnx.data"), weightBytes);
    const client = newClient();
    const fault = {
      code: "externalDataMissing",
      detail: /model\.onnx_data is not beside the model; model\.onnx\.data is there under another name/,
      where: "model.onnx_data",
    } as const;
    await refused(folder, { location: "model.onnx_data" }, fault, client);
    await goesOn(client);
  });
});
