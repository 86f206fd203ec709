import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import { findCache } from "../../../src/engine/inputs/cache-inputs";
import type { Provenance } from "../../../src/shared/provenance";
import { type BuiltNode, type BuiltTensor, buildModel, weights } from "../onnx/model-builder";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const [SIDE, PATCH, WIDTH, HEADS, SIZE, WORDS] = [20, 4, 4, 2, 2, 11];
const weight = (name: string, dims: number[], seed: number): BuiltTensor => ({
  name,
  dims,
  values: weights(
    dims.reduce((all, dim) => all * dim, 1),
    seed,
  ),
});

/** Patches of a picture as states: a convolution as large as its steps. */
function pictureEncoder(): Uint8Array {
  return buildModel({
    nodes: [
      {
        op: "Conv",
        inputs: ["pixel_values", "kernel"],
        outputs: ["patches"],
        intLists: { kernel_shape: [PATCH, PATCH], strides: [PATCH, PATCH] },
      },
      { op: "Reshape", inputs: ["patches", "flat"], outputs: ["columns"] },
      { op: "Transpose", inputs: ["columns"], outputs: ["last_hidden_state"], intLists: { perm: [0, 2, 1] } },
    ],
    inputs: [{ name: "pixel_values", dims: ["batch", 3, SIDE, SIDE] }],
    outputs: [{ name: "last_hidden_state", dims: ["batch", "patches", WIDTH] }],
    initializers: [
      weight("kernel", [WIDTH, 3, PATCH, PATCH], 1),
      { name: "flat", dims: [3], values: [0, WIDTH, -1], type: 7 },
    ],
  });
}

/** Frames of sound as states: one projection, no attention at all. */
function soundEncoder(): Uint8Array {
  return buildModel({
    nodes: [
      { op: "Transpose", inputs: ["input_features"], outputs: ["frames"], intLists: { perm: [0, 2, 1] } },
      { op: "MatMul", inputs: ["frames", "w"], outputs: ["last_hidden_state"] },
    ],
    inputs: [{ name: "input_features", dims: ["batch", 8, "frames"] }],
    outputs: [{ name: "last_hidden_state", dims: ["batch", "frames", WIDTH] }],
    initializers: [weight("w", [8, WIDTH], 2)],
  });
}

/** Tokens ask the states: cross attention alone. */
function decoder(): Uint8Array {
  const split = (from: string, of: string, perm: number[]): BuiltNode[] => [
    {
      op: "MatMul",
      inputs: [from, `w_${of}`],
      outputs: [`${of}_flat`],
      name: `/decoder/layers.0/cross/${of}`,
    },
    { op: "Reshape", inputs: [`${of}_flat`, "heads"], outputs: [`${of}_split`] },
    { op: "Transpose", inputs: [`${of}_split`], outputs: [of], intLists: { perm } },
  ];
  return buildModel({
    nodes: [
      { op: "Gather", inputs: ["table", "input_ids"], outputs: ["x"] },
      ...split("x", "q", [0, 2, 1, 3]),
      ...split("encoder_hidden_states", "k", [0, 2, 3, 1]),
      ...split("encoder_hidden_states", "v", [0, 2, 1, 3]),
      { op: "MatMul", inputs: ["q", "k"], outputs: ["score"] },
      {
        op: "Softmax",
        inputs: ["score"],
        outputs: ["p"],
        ints: { axis: -1 },
        name: "/decoder/layers.0/cross/Softmax",
      },
      { op: "MatMul", inputs: ["p", "v"], outputs: ["context"] },
      { op: "Transpose", inputs: ["context"], outputs: ["turned"], intLists: { perm: [0, 2, 1, 3] } },
      { op: "Reshape", inputs: ["turned", "whole"], outputs: ["joined"] },
      { op: "MatMul", inputs: ["joined", "head"], outputs: ["logits"] },
    ],
    inputs: [
      { name: "input_ids", type: 7, dims: ["batch", "tokens"] },
      { name: "encoder_hidden_states", dims: ["batch", "states", WIDTH] },
    ],
    outputs: [{ name: "logits", dims: ["batch", "tokens", WORDS] }],
    initializers: [
      weight("table", [WORDS, WIDTH], 3),
      ...["q", "k", "v"].map((of, at) => weight(`w_${of}`, [WIDTH, HEADS * SIZE], 4 + at)),
      weight("head", [HEADS * SIZE, WORDS], 8),
      { name: "heads", dims: [4], values: [0, 0, HEADS, SIZE], type: 7 },
      { name: "whole", dims: [3], values: [0, 0, HEADS * SIZE], type: 7 },
    ],
  });
}

function prepared(encoder: Uint8Array) {
  const folder = temporaryFolder();
  const model = path.join(folder, "decoder_model.onnx");
  writeFileSync(model, decoder());
  writeFileSync(path.join(folder, "encoder_model.onnx"), encoder);
  writeFileSync(
    path.join(folder, "config.json"),
    JSON.stringify({ decoder_start_token_id: 7, eos_token_id: 999 }),
  );
  return { folder, model };
}

it("a picture given to a decoder is the encoder's; its patches are the keys of the cross attention", async () => {
  const { folder, model } = prepared(pictureEncoder());
  const picture = path.join(folder, "picture.png");
  copyFileSync(path.join(root, "test/fixtures/images/picture.png"), picture);
  const client = newClient();
  await client.open(model, "full");
  // Before anything is chosen the view can already offer pictures.
  expect((await client.capture(onCpu)).recording.imageInputs).toEqual(["pixel_values"]);
  const input = { images: { "": picture }, generate: { tokens: 4 } };
  const capture = await client.capture({ ...onCpu, input });
  const [site] = capture.sites;
  const side = SIDE / PATCH;
  expect([site!.kind, site!.queries, site!.keys]).toEqual(["cross", 4, side * side]);
  const keys = capture.axes[site!.keyAxis]!;
  expect(keys.segments[0]).toMatchObject({
    role: "image",
    grid: { rows: side, columns: side, camera: "pixel_values" },
  });
  expect(keys.labels[7]).toBe("1,2");
  expect(capture.axes[site!.queryAxis]!.segments.some(({ role }) => role === "image")).toBe(false);
  expect(capture.recording).toMatchObject({ cameras: ["pixel_values"], steps: { count: 4, index: 3 } });
  expect(capture.input).toMatchObject({ from: "image", label: "picture.png" });
  const frame = await client.readFrame({
    ...{ camera: "pixel_values", step: null, sample: 0, side: 32 },
    generation: capture.generation,
  });
  expect(frame.recordedWidth).toBeGreaterThan(0);
  // The encoder is part of what made the maps.
  const { provenance } = JSON.parse(await client.dataText({ format: "json", command: "" })) as {
    provenance: Provenance;
  };
  expect(provenance.model).toMatchObject({
    name: "decoder_model.onnx",
    weights: [{ name: "encoder_model.onnx" }],
  });
});

it("an array of sound is the encoder's, which may hold no attention; the decoder's own tokens can come with it", async () => {
  const { folder, model } = prepared(soundEncoder());
  const file = path.join(folder, "sound.npz");
  const sound = { data: Float32Array.from(weights(8 * 13, 5)), dims: [1, 8, 13] };
  writeFileSync(file, writeNpz(new Map([["input_features", sound]])));
  const client = newClient();
  await client.open(model, "full");
  const capture = await client.capture({ ...onCpu, input: { file, generate: { tokens: 3 } } });
  expect(capture.sites.map(({ queries, keys }) => [queries, keys])).toEqual([[3, 13]]);
  const begun = path.join(folder, "begun.npz");
  const ids = { data: BigInt64Array.from([7n, 3n, 4n, 5n]), dims: [1, 4] };
  writeFileSync(
    begun,
    writeNpz(
      new Map<string, typeof sound | typeof ids>([
        ["input_features", sound],
        ["decoder_input_ids", ids],
      ]),
    ),
  );
  const longer = await client.capture({ ...onCpu, input: { file: begun } });
  expect(longer.sites.map(({ queries, keys }) => [queries, keys])).toEqual([[4, 13]]);
});

it("a model of encoder and decoder in one file writes with its decoder", () => {
  const ids = (name: string) => ({ name, dtype: "int64", dims: ["batch", name] });
  const logits = { name: "logits", dtype: "float32", dims: ["batch", "target", 9] };
  expect(findCache(["input_ids", "attention_mask", "decoder_input_ids"].map(ids), [logits])).toMatchObject({
    ids: "decoder_input_ids",
    generates: true,
  });
});
