/** Variants of a model, made from its bytes. */
import { expect } from "vitest";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import { attentionGraph, buildModel } from "../../unit/onnx/model-builder";

/** The same model with other weights: the biases of the query projections have the other sign. */
export function withOtherWeights(model: Buffer): Buffer {
  const other = Buffer.from(model);
  const { initializers } = readModel(bytesSource(model)).graph;
  const biases = [...initializers.values()].filter(({ name }) => /attention\.query\.bias$/.test(name));
  expect(biases.length, "biases of query projections").toBeGreaterThan(0);
  for (const { data } of biases) {
    for (let at = data!.offset + 3; at < data!.offset + data!.length; at += 4) {
      other.writeUInt8(other.readUInt8(at) ^ 0x80, at);
    }
  }
  return other;
}

/** A model whose output is its input of the next run, and the manifest of a loop over so many passes. */
export function denoising(passes: number): { model: Uint8Array; manifest: object } {
  const [tokens, heads, size] = [24, 2, 8];
  const dims = [1, tokens, heads * size];
  const graph = attentionGraph({ tokens, heads, size });
  const nodes = [
    ...graph.nodes,
    { op: "Transpose", inputs: ["context"], outputs: ["turned"], intLists: { perm: [0, 2, 1, 3] } },
    { op: "Reshape", inputs: ["turned", "whole"], outputs: ["made"] },
    // Bounded, however many passes there are.
    { op: "Tanh", inputs: ["made"], outputs: ["next"] },
  ];
  const initializers = [
    ...(graph.initializers ?? []),
    { name: "whole", dims: [3], values: dims, type: 7 as const },
  ];
  const model = buildModel({
    ...{ nodes, initializers, inputs: [{ name: "x", dims }], outputs: [{ name: "next", dims }] },
  });
  const manifest = {
    version: 1,
    passes: { axis: "denoising pass" },
    loops: [{ over: "passes", count: passes, feed: { x: "next" } }],
  };
  return { model, manifest };
}
