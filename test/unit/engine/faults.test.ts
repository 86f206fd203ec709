import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { AttentionError } from "../../../src/shared/errors";
import { attentionGraph, type BuiltGraph, type BuiltNode, buildModel, weights } from "../onnx/model-builder";
import { exampleModel, newClient, onCpu, temporaryFile, temporaryFolder } from "./harness";

/**
 * `com.microsoft.Attention` without its bias: a real native crash (signal 11) of ONNX Runtime 1.30 on CPU. It stands in
 * the branch of an If, where it is not replaced by its rebuilt graph.
 */
function crashingModel(): Uint8Array {
  const graph = attentionGraph({});
  const crash: BuiltGraph = {
    nodes: [
      {
        op: "Attention",
        domain: "com.microsoft",
        inputs: ["x", "w_all"],
        outputs: ["inner"],
        ints: { num_heads: 2 },
      },
    ],
    outputs: [{ name: "inner", dims: [1, 5, 6] }],
  };
  return buildModel({
    ...graph,
    nodes: [
      ...graph.nodes,
      { op: "ReduceSum", inputs: ["x"], outputs: ["sum"], ints: { keepdims: 0 } },
      { op: "Greater", inputs: ["sum", "low"], outputs: ["flag"] },
      { op: "If", inputs: ["flag"], outputs: ["crash"], bodies: { then_branch: crash, else_branch: crash } },
    ],
    outputs: [...graph.outputs!, { name: "crash", dims: [1, 5, 6] }],
    initializers: [
      ...graph.initializers!,
      { name: "w_all", dims: [6, 18], values: weights(108, 9) },
      { name: "low", dims: [], values: [-1e9] },
    ],
  });
}

/** Attention whose input first goes through many large products: several seconds of one native run. */
function slowModel(products: number): Uint8Array {
  const side = 1536;
  const chain: BuiltNode[] = [{ op: "Expand", inputs: ["seed", "large"], outputs: ["m0"] }];
  for (let index = 0; index < products; index++)
    chain.push({ op: "MatMul", inputs: [`m${index}`, "m0"], outputs: [`m${index + 1}`] });
  const graph = attentionGraph({});
  const slow: BuiltGraph = {
    ...graph,
    nodes: [
      ...chain,
      { op: "ReduceMean", inputs: [`m${products}`], outputs: ["mean"], ints: { keepdims: 0 } },
      { op: "Tanh", inputs: ["mean"], outputs: ["bounded"] },
      { op: "Add", inputs: ["raw", "bounded"], outputs: ["x"] },
      ...graph.nodes,
    ],
    inputs: [
      { name: "raw", dims: [1, 5, 6] },
      { name: "seed", dims: [1, 1] },
    ],
    initializers: [...graph.initializers!, { name: "large", dims: [2], values: [side, side], type: 7 }],
  };
  return buildModel(slow);
}

async function nextModelOpens(client = newClient()): Promise<void> {
  await client.open(exampleModel, "full");
  const capture = await client.capture(onCpu);
  expect(capture.sites).toHaveLength(2);
}

describe("files that are not models", () => {
  const cases: [string, Uint8Array | string, RegExp][] = [
    ["empty", "", /empty/],
    ["one byte", "\u0008", /1 byte/],
    ["zip", "PK\u0003\u0004 and more bytes", /zip archive/],
    ["pickle", Uint8Array.from([0x80, 4, 0x95, 1, 2, 3, 4, 5, 6, 7]), /pickle/],
    ["web page", "<!DOCTYPE html><html></html>", /web page/],
    ["JSON", '{"error": "not found"}', /JSON/],
    [
      "safetensors",
      Uint8Array.from([16, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('{"weight": {}}  ')]),
      /safetensors/,
    ],
  ];
  for (const [name, content, words] of cases) {
    it(`${name}: told by content`, async () => {
      const client = newClient();
      const error = (await client
        .open(temporaryFile("model.onnx", content), "full")
        .catch((caught: unknown) => caught)) as AttentionError;
      expect(error.code).toBe("notOnnx");
      expect(error.detail).toMatch(words);
      await nextModelOpens(client);
    });
  }

  it("a Git LFS pointer says how to get the model", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n";
    await expect(newClient().open(temporaryFile("model.onnx", pointer), "full")).rejects.toMatchObject({
      code: "gitLfsPointer",
    });
  });

  it("a model whose weights file is missing names that file", async () => {
    // A tensor with external data, written by hand: dims, type, name, data_location and its location entry.
    const { BinaryWriter, WireType } = await import("@bufbuild/protobuf/wire");
    const bytes = (field: number, content: Uint8Array) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
    const text = (field: number, value: string) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish();
    const int = (field: number, value: number) =>
      new BinaryWriter().tag(field, WireType.Varint).int64(value).finish();
    const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
    const external = (location: string) =>
      join(
        int(1, 6),
        int(1, 6),
        int(2, 1),
        text(8, "w_q"),
        bytes(13, join(text(1, "location"), text(2, location))),
        int(14, 1),
      );
    const model = (location: string) =>
      join(
        buildModel({
          ...attentionGraph({}),
          initializers: attentionGraph({}).initializers!.filter(({ name }) => name !== "w_q"),
        }),
        bytes(7, bytes(5, external(location))),
      );
    const client = newClient();
    await client.open(temporaryFile("model.onnx", model("model.onnx_data")), "full");
    await expect(client.capture(onCpu)).rejects.toMatchObject({
      code: "externalDataMissing",
      where: "model.onnx_data",
    });
    for (const outside of ["../weights.bin", "/etc/hostname", "C:\\weights.bin"]) {
      await client.open(temporaryFile("model.onnx", model(outside)), "full");
      await expect(client.capture(onCpu), outside).rejects.toMatchObject({ code: "externalDataRefused" });
    }
  });
});

describe("sizes that cannot be", () => {
  const withInput = (dims: (number | string)[]): BuiltGraph => ({
    ...attentionGraph({}),
    inputs: [{ name: "x", dims }],
  });

  it("an input of 2^31 rows is refused before the run", async () => {
    const client = newClient();
    await client.open(temporaryFile("model.onnx", buildModel(withInput([2 ** 31, 5, 6]))), "full");
    await expect(client.capture(onCpu)).rejects.toMatchObject({ code: "memory" });
  });

  it("a tensor of negative or overflowing shape is refused when it is opened", async () => {
    const graph = attentionGraph({});
    for (const dims of [
      [-3, 6],
      [2 ** 40, 2 ** 40],
    ]) {
      const broken = buildModel({
        ...graph,
        initializers: [...graph.initializers!, { name: "w", dims, values: [1] }],
      });
      await expect(newClient().open(temporaryFile("model.onnx", broken), "full")).rejects.toMatchObject({
        code: "limits",
      });
    }
  });

  it("a run beyond the free memory is refused with both figures", async () => {
    process.env["ATTENTION_LENS_MEMORY_LIMIT"] = "1000000";
    try {
      const client = newClient();
      await client.open(exampleModel, "full");
      const error = (await client.capture(onCpu).catch((caught: unknown) => caught)) as AttentionError;
      expect(error.code).toBe("memory");
      expect(error.detail).toMatch(/needs about [\d.]+ MB .* and 1\.00 MB is free/);
    } finally {
      delete process.env["ATTENTION_LENS_MEMORY_LIMIT"];
    }
  });
});

describe("a native crash", () => {
  it("rejects once with a code, within a second, and the next model opens", async () => {
    const crashes: AttentionError[] = [];
    const client = newClient();
    client.onCrash = (error) => crashes.push(error);
    await client.open(temporaryFile("crash.onnx", crashingModel()), "full");
    const started = performance.now();
    await expect(client.capture(onCpu)).rejects.toMatchObject({ code: "engineCrashed" });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(crashes.map((error) => error.detail)).toEqual(["The process ended with signal SIGSEGV."]);
    await nextModelOpens(client);
  });

  it("is not repeated more than three times by itself", async () => {
    const client = newClient();
    const file = temporaryFile("crash.onnx", crashingModel());
    for (let time = 0; time < 3; time++) {
      await client.open(file, "full");
      await expect(client.capture(onCpu)).rejects.toMatchObject({ code: "engineCrashed" });
    }
    await expect(client.open(file, "full")).rejects.toMatchObject({ code: "engineBackoff" });
    await client.restart();
    await nextModelOpens(client);
  });

  it("of the process itself rejects what is pending", async () => {
    const client = newClient();
    await client.open(temporaryFile("slow.onnx", slowModel(300)), "full");
    const pending = client.capture(onCpu);
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(client.pid!, "SIGKILL");
    await expect(pending).rejects.toMatchObject({ code: "engineCrashed" });
    await nextModelOpens(client);
  });
});

describe("cancel", () => {
  it("ends a native run of many seconds within 500 ms, and the next capture works", async () => {
    const client = newClient();
    await client.open(temporaryFile("slow.onnx", slowModel(300)), "full");
    const pending = client.capture(onCpu);
    const settled = pending.then(
      () => "finished",
      (error: AttentionError) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const started = performance.now();
    await client.cancel();
    expect(await settled).toBe("cancelled");
    expect(performance.now() - started).toBeLessThan(500);
    await nextModelOpens(client);
  });

  it("on close leaves no process and no error", async () => {
    const client = newClient();
    await client.open(temporaryFile("slow.onnx", slowModel(300)), "full");
    const pending = client.capture(onCpu).catch((error: AttentionError) => error.code);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const pid = client.pid!;
    client.dispose();
    expect(await pending).toBe("cancelled");
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("providers", () => {
  it("that are missing fall back to CPU with the reason and the same numbers", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const asked = await client.capture({ ...onCpu, provider: "cuda" });
    expect(asked.provider).toMatchObject({ used: "cpu", asked: "cuda", refused: [{ name: "cuda" }] });
    expect(asked.provider.refused[0]!.reason.length).toBeGreaterThan(10);
    const plain = await client.capture(onCpu);
    expect(asked.sites.map((site) => site.figures)).toEqual(plain.sites.map((site) => site.figures));
  });

  it("are all in the table, CPU with a tiny run", async () => {
    const rows = await newClient().providers();
    expect(rows.map((row) => row.name).sort()).toEqual([
      "coreml",
      "cpu",
      "cuda",
      "dml",
      "tensorrt",
      "webgpu",
    ]);
    expect(rows.find((row) => row.name === "cpu")).toMatchObject({
      available: true,
      detail: expect.stringMatching(/tiny run/) as string,
    });
  });
});

describe("an untrusted workspace", () => {
  it("scans the graph and runs nothing", async () => {
    const client = newClient({ trusted: false });
    const summary = await client.open(exampleModel, "scan");
    expect(summary.sites).toHaveLength(2);
    await expect(client.capture(onCpu)).rejects.toMatchObject({ code: "untrusted" });
    await expect(client.providers()).resolves.toSatisfy((rows: { available: boolean }[]) =>
      rows.every((row) => !row.available),
    );
  });
});

describe("a model that is written over", () => {
  it("is read again by the next capture", async () => {
    const file = path.join(temporaryFolder(), "model.onnx");
    writeFileSync(file, buildModel(attentionGraph({ tokens: 5 })));
    const client = newClient();
    await client.open(file, "full");
    expect((await client.capture(onCpu)).sites[0]?.queries).toBe(5);
    writeFileSync(file, buildModel(attentionGraph({ tokens: 7 })));
    expect((await client.capture(onCpu)).sites[0]?.queries).toBe(7);
    expect(readFileSync(file).length).toBeGreaterThan(0);
  });
});

describe("messages that do not fit", () => {
  it("are refused by schema", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const { generation, sites } = await client.capture(onCpu);
    const request = { handle: sites[0]!.handle, generation, batch: 0, head: 0, query: 0 };
    await expect(client.readRow({ ...request, query: -1 })).rejects.toMatchObject({ code: "badMessage" });
    await expect(client.readRow({ ...request, head: "all" as never })).rejects.toMatchObject({
      code: "badMessage",
    });
    await expect(client.readRow({ ...request, query: 10_000 })).rejects.toMatchObject({ code: "badMessage" });
  });
});
