import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { discover } from "../../../src/attention/discover";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";

function sitesIn(file: string) {
  const path = new URL(`../../${file}`, import.meta.url);
  const source = bytesSource(new Uint8Array(readFileSync(path)));
  return discover(readModel(source), source).sites;
}

describe("heads of keys and values", () => {
  it.each([
    ["heads in two axes, [B, K, G, T, S]", "operators/grouped-matmul.onnx", 4, 2],
    ["the same by Einsum", "operators/grouped-einsum.onnx", 4, 2],
    ["the same in JAX", "corpus/jax-grouped.onnx", 6, 2],
    ["keys that are repeated", "corpus/llama-dynamo18-sdpa.onnx", 4, 2],
    ["repeated keys from a cache", "corpus/blind-grouped-step.onnx", 4, 2],
    ["one head of keys for all", "corpus/multi-query-dynamo18.onnx", 4, 1],
    ["one head of keys from a cache", "corpus/blind-cached-step.onnx", 4, 1],
  ])("are counted: %s", (_, file, heads, kvHeads) => {
    for (const site of sitesIn(file)) expect(site).toMatchObject({ heads, kvHeads, groups: heads / kvHeads });
  });

  it.each([
    "operators/plain.onnx",
    "operators/merged-heads.onnx",
    "operators/latents-expand.onnx",
    "corpus/bart-dynamo18-sdpa.onnx",
  ])("are as many as the others where nothing is shared (%s)", (file) => {
    for (const site of sitesIn(file)) expect(site).toMatchObject({ kvHeads: null, groups: null });
  });
});
