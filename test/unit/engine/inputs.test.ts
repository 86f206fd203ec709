import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { exampleModel, newClient, onCpu, root, temporaryFolder } from "./harness";

const vit = path.join(root, "test/corpus/vit-torchscript17-sdpa.onnx");
const generating = path.join(root, "test/fixtures/generation/gpt2.onnx");

describe("inputs at awkward places", () => {
  it.each(["a [b] {c} #d 100%", "Übung naïve 模型", "long".repeat(50)])(
    "in a folder named %s are read",
    async (name) => {
      const folder = path.join(temporaryFolder(), name, name);
      mkdirSync(folder, { recursive: true });
      const model = path.join(folder, "model [1].onnx");
      copyFileSync(exampleModel, model);
      const file = path.join(folder, "recorded #2.npz");
      copyFileSync(path.join(path.dirname(exampleModel), "recorded.npz"), file);
      const client = newClient();
      await client.open(model, "full");
      const manifest = await client.capture({ ...onCpu, input: { synthetic: { seed: 1 } } });
      expect(manifest.input).toMatchObject({ from: "synthetic", label: "synthetic input (seed 1)" });
      expect((await client.capture({ ...onCpu, input: { file } })).input.label).toBe("recorded #2.npz");
    },
  );
});

describe("a symbolic dimension", () => {
  it("that nobody set is said, and can be set", async () => {
    const client = newClient();
    await client.open(generating, "full");
    const assumed = await client.capture(onCpu);
    expect(assumed.notices.join(" ")).toMatch(/sequence_length = 32 was assumed.*--dim sequence_length=N/);
    expect(assumed.recording.assumedSizes).toMatchObject({ sequence_length: 32 });
    const set = await client.capture({ ...onCpu, input: { dims: { sequence_length: 7 } } });
    expect(set.sites[0]).toMatchObject({ queries: 7, keys: 7 });
    expect(set.notices.join(" ")).not.toMatch(/was assumed/);
    expect(set.recording.assumedSizes ?? {}).not.toHaveProperty("sequence_length");
    await expect(client.capture({ ...onCpu, input: { dims: { width: 7 } } })).rejects.toMatchObject({
      code: "inputMismatch",
    });
  });
});

describe("what a model cannot take", () => {
  it("is refused with what is missing", async () => {
    const client = newClient();
    await client.open(generating, "full");
    await expect(client.capture({ ...onCpu, input: { text: "hello" } })).rejects.toMatchObject({
      code: "inputMissing",
      detail: "There is no tokenizer.json beside the model.",
    });
    await expect(client.capture({ ...onCpu, input: { step: 3 } })).rejects.toMatchObject({
      code: "inputMissing",
    });
    await expect(client.capture({ ...onCpu, input: { images: { "": "/none.png" } } })).rejects.toMatchObject({
      detail: "No input of the model takes pictures.",
    });
  });
});

describe("a picture for a vision transformer without a manifest", () => {
  it("is prepared, shown again as a frame, and its patches are a grid that is marked as assumed", async () => {
    const folder = temporaryFolder();
    const picture = path.join(folder, "red.png");
    writeFileSync(
      picture,
      await sharp({ create: { width: 90, height: 60, channels: 3, background: "#f00" } })
        .png()
        .toBuffer(),
    );
    const client = newClient();
    await client.open(vit, "full");
    const capture = await client.capture({ ...onCpu, input: { images: { "": picture } } });
    const axis = capture.axes[capture.sites[0]!.keyAxis]!;
    expect(axis).toMatchObject({ from: "graph", assumed: expect.stringMatching(/row by row/) as string });
    const { grid } = axis.segments.at(-1)!;
    expect(grid!.rows * grid!.columns).toBe(axis.labels.length - 1);
    expect(capture.input).toMatchObject({ from: "image", label: "red.png" });
    const [camera] = capture.recording.cameras;
    const frame = await client.readFrame({
      ...{ generation: capture.generation, camera: camera!, step: null, sample: 0, side: 45 },
    });
    expect(frame).toMatchObject({ width: 45, height: 30, recordedWidth: 90, recordedHeight: 60 });
    const pixels = await sharp(new Uint8Array(frame.bytes)).raw().toBuffer();
    expect([...pixels.subarray(0, 3)]).toEqual([255, 0, 0]);
  });
});
