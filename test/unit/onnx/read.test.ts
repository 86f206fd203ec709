import { readFileSync } from "node:fs";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { discover } from "../../../src/attention/discover";
import { extensionBytes } from "../../../src/onnx/append";
import { readModel } from "../../../src/onnx/read";
import { type ByteSource, bytesSource } from "../../../src/onnx/source";
import { AttentionError } from "../../../src/shared/errors";
import { attentionGraph, buildModel } from "./model-builder";

const example = new Uint8Array(
  readFileSync(new URL("../../../examples/decision-transformer/model.onnx", import.meta.url)),
);

/** A source that refuses to be read where weights lie. */
function guarded(bytes: Uint8Array): ByteSource & { read: ByteSource["read"]; bytesRead: () => number } {
  let count = 0;
  return {
    size: bytes.length,
    read: (offset, length) => {
      const part = bytes.subarray(offset, offset + length);
      count += part.length;
      return part;
    },
    bytesRead: () => count,
  };
}

describe("reading a model", () => {
  it("finds nodes, initializers, signatures and metadata", () => {
    const model = readModel(bytesSource(example));
    expect(model.opset).toBe(18);
    expect(model.graph.inputs.map((input) => input.name)).toEqual([
      "returns_to_go",
      "states",
      "actions",
      "timesteps",
    ]);
    expect(model.graph.nodes.filter((node) => node.opType === "Softmax")).toHaveLength(2);
    expect(model.graph.nodes.some((node) => node.metadata.has("pkg.torch.onnx.stack_trace"))).toBe(true);
  });

  it("reads the graph and not the weights", () => {
    const source = guarded(example);
    const model = readModel(source);
    const weightBytes = [...model.graph.initializers.values()].reduce(
      (all, tensor) => all + (tensor.data?.length ?? 0),
      0,
    );
    expect(weightBytes).toBeGreaterThan(1_500_000);
    expect(source.bytesRead()).toBeLessThan(1.2 * (example.length - weightBytes));
  });

  it("merges a graph field that is appended to the file", () => {
    const extension = extensionBytes({
      nodes: [{ opType: "Identity", name: "added", inputs: ["probability"], outputs: ["copy"] }],
      tensors: [{ name: "limit", type: "float32", dims: [], values: [-5000] }],
      outputs: ["copy"],
    });
    const model = buildModel(attentionGraph({}));
    const { graph } = readModel(bytesSource(new Uint8Array([...model, ...extension])));
    expect(graph.nodes.at(-1)).toMatchObject({
      opType: "Identity",
      inputs: ["probability"],
      outputs: ["copy"],
    });
    expect(graph.outputs.map((output) => output.name)).toEqual(["context", "copy"]);
    expect(graph.initializers.has("limit")).toBe(true);
  });
});

const codes = new Set(["notOnnx", "truncated", "limits"]);

/** Reads and searches; anything but a typed error or a result is a failure. */
function tryOpen(bytes: Uint8Array): string {
  try {
    const source = bytesSource(bytes);
    discover(readModel(source), source);
    return "opened";
  } catch (error) {
    if (error instanceof AttentionError && codes.has(error.code)) return error.code;
    throw error;
  }
}

describe("broken files", () => {
  it("cut at every 1 % give a typed error", () => {
    for (let percent = 0; percent < 100; percent++) {
      const cut = example.subarray(0, Math.floor((example.length * percent) / 100));
      expect(codes, `cut at ${percent} %`).toContain(tryOpen(cut));
    }
  });

  it("with 2,000 seeded byte flips give an error or open", () => {
    const model = buildModel(attentionGraph({ mask: new Array(25).fill(0) }));
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed++) {
      const base = seed % 2 ? model : example.subarray(0, 200_000);
      const flipped = base.slice();
      let state = seed + 1;
      for (let flip = 0; flip <= seed % 5; flip++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const at = state % flipped.length;
        flipped[at] = flipped[at]! ^ (1 << (seed % 8));
      }
      const result = tryOpen(flipped);
      seen.set(result, (seen.get(result) ?? 0) + 1);
    }
    expect(seen.get("opened") ?? 0).toBeGreaterThan(0);
    expect(seen.get("truncated") ?? 0).toBeGreaterThan(0);
  });

  it("with lengths beyond the file are refused at once", () => {
    const bomb = new BinaryWriter();
    bomb.tag(7, WireType.LengthDelimited).uint32(0x7fffffff);
    expect(tryOpen(bomb.finish())).toBe("truncated");
  });

  it("nested 10,000 deep are refused in under a second", () => {
    // graph → node → attribute → graph → …, each level a few bytes more than the one inside it.
    let inner: Uint8Array = new Uint8Array(0);
    const wrap = (field: number, content: Uint8Array) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
    for (let level = 0; level < 3_000; level++) inner = wrap(1, wrap(5, wrap(6, inner)));
    const started = performance.now();
    expect(tryOpen(wrap(7, inner))).toBe("limits");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("whose nodes form a cycle end", () => {
    const graph = attentionGraph({});
    graph.nodes.push(
      { op: "Add", inputs: ["b", "x"], outputs: ["a"] },
      { op: "Add", inputs: ["a", "x"], outputs: ["b"] },
      { op: "Softmax", inputs: ["a"], outputs: ["s"] },
    );
    expect(tryOpen(buildModel(graph))).toBe("opened");
  });
});
