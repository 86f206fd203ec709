/** Pictures of kinds that are not read, and the numbers of recorded ones: not rounded, and scaled as they are. */
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import { pictureTensor, preparationFor } from "../../../src/inputs/image-tensor";
import { arrayPixels, readPicture } from "../../../src/inputs/pictures";
import { newClient, onCpu, root, temporaryFile, temporaryFolder } from "../engine/harness";

describe("a file that is no picture of colours", () => {
  it("is not drawn, and not read as black", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
    await expect(readPicture(temporaryFile("x.png", svg), "x.png")).rejects.toThrow(/SVG, which is not read/);
    const floats = await sharp(new Float32Array(64).fill(0.5), { raw: { width: 8, height: 8, channels: 1 } })
      .toColourspace("b-w")
      .tiff()
      .toBuffer();
    const { depth } = await sharp(floats).metadata();
    const read = readPicture(temporaryFile("x.tif", floats), "x.tif");
    if (depth === "float") await expect(read).rejects.toThrow(/floating point/);
    else expect((await read).width).toBe(8);
  });
});

describe("a picture of another shape", () => {
  it("that is to be cut is made as small as covers the size, and cut about its middle", async () => {
    // A red band in the middle of 200 × 100 px: 100 px wide, which a size of 40 × 40 shows whole.
    const data = new Uint8Array(200 * 100 * 3);
    for (let pixel = 0; pixel < 200 * 100; pixel++)
      if (Math.abs((pixel % 200) - 99.5) < 50) data[pixel * 3] = 255;
    const picture = { width: 200, height: 100, channels: 3 as const, data };
    const input = { name: "x", dtype: "float32", dims: [1, 3, 40, 40] };
    const how = preparationFor(input, { size: [40, 40], fit: "crop", scale: 1 }, null);
    const { data: made } = await pictureTensor(picture, how, "float32");
    const red = Array.from(made as Float32Array).slice(0, 40 * 40);
    expect(Math.min(...red)).toBeGreaterThan(200);
    expect(Math.max(...Array.from(made as Float32Array).slice(40 * 40))).toBe(0);
  });
});

describe("numbers of a recorded picture", () => {
  it("are kept beside the bytes that are shown", () => {
    const values = Float32Array.of(-1, 0.1234, 1, 0.5, -0.25, 0);
    const { exact, offset, scale, picture } = arrayPixels(
      { dtype: "float32", dims: [1, 2, 3], data: values },
      "x",
    );
    expect([offset, scale]).toEqual([1, 127.5]);
    expect(Array.from(exact, (value) => value / scale - offset)).toEqual(
      Array.from(values, (value) => expect.closeTo(value, 6) as number),
    );
    expect(picture.data[0]).toBe(0);
  });

  it("are scaled, shifted and divided as the manifest says, without becoming bytes", async () => {
    const folder = temporaryFolder();
    copyFileSync(path.join(root, "test/corpus/vit-torchscript17-sdpa.onnx"), path.join(folder, "model.onnx"));
    const client = newClient();
    const summary = await client.open(path.join(folder, "model.onnx"), "scan");
    const [input] = summary.inputs;
    const [, channels = 3, height = 0, width = 0] = input!.dims as number[];
    const count = channels * height * width;
    const plain = Float32Array.from({ length: count }, (_, at) => ((at * 7919) % 1000) / 1000);
    const dims = [1, channels, height, width];
    writeFileSync(
      path.join(folder, "recorded.npz"),
      writeNpz(
        new Map([
          ["unit", { dtype: "float32", dims, data: plain }],
          ["done", { dtype: "float32", dims, data: plain.map((value) => (value * 2 - 1) / 0.5) }],
        ]),
      ),
    );
    const maps = async (source: unknown) => {
      const manifest = { version: 1, inputs: { file: "recorded.npz", arrays: { [input!.name]: source } } };
      writeFileSync(path.join(folder, "model.attention.json"), JSON.stringify(manifest));
      const own = newClient();
      await own.open(path.join(folder, "model.onnx"), "full");
      const { sites } = await own.capture(onCpu);
      return sites.map(({ figures }) => figures);
    };
    const prepared = await maps({ array: "unit", scale: 2, mean: [1], std: [0.5], recorded: "CHW" });
    const wanted = await maps("done");
    const flat = (value: unknown): number[] =>
      typeof value === "number" ? [value] : Object.values(value ?? {}).flatMap(flat);
    const [a, b] = [flat(prepared), flat(wanted)];
    expect(a.length).toBeGreaterThan(50);
    a.forEach((value, at) => expect(Math.abs(value - b[at]!)).toBeLessThan(1e-4));
  });
});
