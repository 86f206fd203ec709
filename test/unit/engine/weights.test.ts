/** Modules and weights of files that were not opened: what frameworks print of the same models. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";
import type { Module } from "../../../src/shared/weight-report";
import { exampleModel, newClient, root, temporaryFile } from "./harness";

const line = ({ path: at, type, size, bias, parameters }: Module) =>
  [at.join("."), type, size, bias, parameters].join(" | ");

test("a TorchScript export: Linears with their sizes, bias and parameters, as PyTorch prints the network", async () => {
  const report = await newClient().weights(path.join(root, "examples/ego-attention-dqn/model.onnx"));
  const linears = report.modules.filter(({ type }) => type === "Linear").map(line);
  expect(linears).toEqual([
    "ego_embedding.layers.0 | Linear | 7 → 64 | true | 512",
    "ego_embedding.layers.1 | Linear | 64 → 64 | true | 4160",
    "others_embedding.layers.0 | Linear | 7 → 64 | true | 512",
    "others_embedding.layers.1 | Linear | 64 → 64 | true | 4160",
    "attention_layer.query_ego | Linear | 64 → 64 | false | 4096",
    "attention_layer.key_all | Linear | 64 → 64 | false | 4096",
    "attention_layer.value_all | Linear | 64 → 64 | false | 4096",
    "attention_layer.attention_combine | Linear | 64 → 64 | false | 4096",
    "output_layer.layers.0 | Linear | 64 → 64 | true | 4160",
    "output_layer.layers.1 | Linear | 64 → 64 | true | 4160",
    "output_layer.predict | Linear | 64 → 3 | true | 195",
  ]);
  const of = (name: string) => report.modules.find(({ path: at }) => at.join(".") === name);
  expect(of("output_layer")?.parameters).toBe(4160 + 4160 + 195);
  expect([report.parameters, report.bytes]).toEqual([34_243, 4 * 34_243]);
});

test("an export by dynamo: classes of the project's own modules, and weights under their modules", async () => {
  const report = await newClient().weights(exampleModel);
  const lines = report.modules.map(line);
  expect(lines).toContain("blocks.1.attention | Attention |  |  | 66048");
  expect(lines).toContain("blocks.1.attention.query | Linear | 128 → 128 | true | 16512");
  expect(lines).toContain("embed_state.words | Embedding | 33 × 16 |  | 528");
  expect(lines).toContain("blocks.0.mlp_norm | LayerNorm | 128 | true | 256");
  const query = report.modules.find(({ path: at }) => at.join(".") === "blocks.0.attention.query");
  expect(query?.weights.map(({ name, dtype, dims, bytes }) => [name, dtype, dims, bytes])).toEqual([
    ["blocks.0.attention.query.bias", "float32", [128], 512],
    ["blocks.0.attention.query.weight.T", "float32", [128, 128], 65_536],
  ]);
});

test("weights that an exporter made anonymous stand under the module whose operator uses them", async () => {
  const report = await newClient().weights(path.join(root, "test/corpus/vit-torchscript17-eager.onnx"));
  const products = report.modules.filter(({ type }) => type === "Linear");
  expect(products.length).toBeGreaterThan(5);
  expect(products.flatMap(({ weights }) => weights.map(({ name }) => name)).join()).toContain(
    "onnx::MatMul_",
  );
  for (const { path: at, size } of products) {
    expect(at.join(".")).toMatch(/\d\./);
    expect(size).toMatch(/^\d+ → \d+$/);
  }
  expect(report.modules.find(({ type }) => type === "Conv2d")?.size).toMatch(/^\d+ → \d+, \d+ × \d+$/);
});

function safetensors(header: Record<string, unknown>, dataBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

test("a safetensors file: names, shapes and sizes of every type by the header alone", async () => {
  const file = temporaryFile(
    "w.safetensors",
    safetensors(
      {
        __metadata__: { format: "pt" },
        "net.0.weight": { dtype: "F32", shape: [8, 3], data_offsets: [0, 96] },
        "net.0.bias": { dtype: "F16", shape: [8], data_offsets: [96, 112] },
        "net.1.weight": { dtype: "F8_E4M3", shape: [2, 8], data_offsets: [112, 128] },
        step: { dtype: "I64", shape: [1], data_offsets: [128, 136] },
      },
      136,
    ),
  );
  const report = await newClient().weights(file);
  expect(report.modules.map(line)).toEqual([
    " |  |  |  | 48",
    "net |  |  |  | 48",
    "net.0 |  | 8 × 3 | true | 32",
    "net.1 |  | 2 × 8 | false | 16",
  ]);
  expect(report.modules[3]?.weights).toEqual([
    { name: "net.1.weight", dtype: "F8_E4M3", dims: [2, 8], bytes: 16, parameters: 16 },
  ]);
  expect([report.format, report.bytes, report.otherTensors]).toEqual(["safetensors", 128, 1]);
});

test("a header that lies is refused, and the command line prints what the engine tells", async () => {
  const lying = safetensors({ a: { dtype: "F32", shape: [9], data_offsets: [0, 36] } }, 8);
  await expect(newClient().weights(temporaryFile("w.safetensors", lying))).rejects.toThrow(
    /outside the file/,
  );
  const text = execFileSync(
    process.execPath,
    [path.join(root, "bin/attention-lens.mjs"), "weights", exampleModel],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  expect(text).toMatch(/^ {6}attention +Attention +66,048/m);
  expect(text).toMatch(/^ {8}query +Linear +128 → 128 +bias +16,512/m);
});
