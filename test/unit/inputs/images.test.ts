import { readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import {
  pictureTensor,
  preparationFor,
  readImageConfig,
  takesPicture,
} from "../../../src/inputs/image-tensor";
import { pictureNames } from "../../../src/inputs/frame-list";
import { arrayPicture, frameFiles, readPicture } from "../../../src/inputs/pictures";
import type { TensorSignature } from "../../../src/shared/model";
import { root, temporaryFile, temporaryFolder } from "../engine/harness";

const folder = path.join(root, "test/fixtures/images");
const prepared = readNpz(readFileSync(path.join(folder, "prepared.npz")), "prepared.npz");
const picture = path.join(folder, "picture.png");
const wants: TensorSignature = { name: "pixel_values", dtype: "float32", dims: ["batch", 3, 32, 32] };
const normal = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

async function tensor(config: object, input = wants, said = {}) {
  const file = temporaryFile("preprocessor_config.json", JSON.stringify(config));
  return pictureTensor(
    await readPicture(picture, "picture"),
    preparationFor(input, said, readImageConfig(file)),
    input.dtype,
  );
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  const all = Array.from(a, (value, at) => Math.abs(value - (b[at] ?? NaN)));
  return { mean: all.reduce((sum, value) => sum + value, 0) / all.length, most: Math.max(...all) };
};
/** One step of a byte, normalised. */
const BYTE = 1 / 255 / 0.224;

describe("a picture", () => {
  it("is stretched and normalised as PIL and NumPy do it, to a byte or two", async () => {
    const made = await tensor({ size: { height: 32, width: 32 }, resample: 2, ...normal });
    const wanted = prepared.get("vit")!;
    expect(made.dims).toEqual(wanted.dims);
    const error = apart(made.data as Float32Array, wanted.data as Float32Array);
    expect(error.mean).toBeLessThan(BYTE);
    expect(error.most).toBeLessThan(6 * BYTE);
  });

  it("is resized by its shorter side and cut about its middle", async () => {
    const made = await tensor({
      size: { shortest_edge: 32 },
      do_center_crop: true,
      crop_size: { height: 32, width: 32 },
      resample: 3,
      ...normal,
    });
    const wanted = prepared.get("clip")!;
    expect(made.dims).toEqual(wanted.dims);
    const error = apart(made.data as Float32Array, wanted.data as Float32Array);
    expect(error.mean).toBeLessThan(BYTE);
    expect(error.most).toBeLessThan(6 * BYTE);
  });

  it("of the input's own size keeps its bytes, in the order of the axes and colours that are asked for", async () => {
    const bytes = prepared.get("bytes")!;
    const last: TensorSignature = { name: "image", dtype: "uint8", dims: [1, 60, 90, 3] };
    const how = preparationFor(last, { scale: 1, mean: [0], std: [1] }, null);
    const own = await pictureTensor(await readPicture(picture, "picture"), how, "uint8");
    expect(own).toEqual({ dtype: "uint8", dims: [1, 60, 90, 3], data: bytes.data });
    const first = { ...last, dims: [1, 3, 60, 90] };
    const turned = await pictureTensor(
      await readPicture(picture, "picture"),
      preparationFor(first, { channels: "BGR", scale: 1 }, null),
      "uint8",
    );
    const pixel = (50 * 90 + 70) * 3;
    expect(Number(turned.data[50 * 90 + 70])).toBe(bytes.data[pixel + 2]);
    expect(Number(turned.data[2 * 60 * 90 + 50 * 90 + 70])).toBe(bytes.data[pixel]);
  });

  it("without a configuration is from 0 to 1, which is said to be assumed", () => {
    const how = preparationFor({ ...wants, dims: ["batch", 3, "height", "width"] }, {}, null);
    expect(how).toMatchObject({ width: 224, height: 224, scale: 1 / 255 });
    expect(how.assumed).toEqual([
      "the picture is 224 × 224 px",
      "colours are numbers from 0 to 1, not normalised",
    ]);
    expect(takesPicture(wants)).toBe(true);
    expect(takesPicture({ name: "states", dtype: "int64", dims: [1, 3, 7, 7] })).toBe(false);
  });

  it("in a recorded array is bytes, or numbers from 0 or −1 to 1, colours first or last", () => {
    const bytes = { dtype: "uint8", dims: [1, 1, 2, 3], data: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
    expect([...arrayPicture(bytes, "x").data]).toEqual([1, 2, 3, 4, 5, 6]);
    const floats = { dtype: "float32", dims: [1, 2], data: Float32Array.from([-1, 1]) };
    expect([...arrayPicture(floats, "x").data]).toEqual([0, 0, 0, 255, 255, 255]);
    const planes = {
      dtype: "float32",
      dims: [3, 1, 5],
      data: Float32Array.from({ length: 15 }, (_, at) => (at < 5 ? 1 : 0)),
    };
    expect([...arrayPicture(planes, "x").data.slice(0, 3)]).toEqual([255, 0, 0]);
    expect(() => arrayPicture({ dtype: "float32", dims: [7], data: new Float32Array(7) }, "x")).toThrow(
      /no picture/,
    );
  });
});

describe("pictures that are not decoded", () => {
  it("are refused by the size that their header declares", async () => {
    const chunk = (type: string, data: Uint8Array) => {
      const bytes = new Uint8Array(12 + data.length);
      new DataView(bytes.buffer).setUint32(0, data.length);
      bytes.set(new TextEncoder().encode(type), 4);
      bytes.set(data, 8);
      new DataView(bytes.buffer).setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
      return bytes;
    };
    const header = new Uint8Array(13);
    new DataView(header.buffer).setUint32(0, 50_000);
    new DataView(header.buffer).setUint32(4, 50_000);
    header.set([8, 2, 0, 0, 0], 8);
    const png = Buffer.concat([
      Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(new Uint8Array(1000))),
      chunk("IEND", new Uint8Array()),
    ]);
    await expect(readPicture(temporaryFile("huge.png", png), "huge.png")).rejects.toMatchObject({
      code: "inputTooLarge",
      detail: "The image is 50000 × 50000 pixels, and the limit is 16384 a side.",
    });
    await expect(readPicture(temporaryFile("none.png", "no picture"), "none.png")).rejects.toMatchObject({
      code: "frameUnreadable",
    });
  });
});

describe("frames", () => {
  it("of a folder come in the order of their numbers", async () => {
    const place = temporaryFolder();
    for (const [name, level] of [
      ["f10.png", 10],
      ["f2.png", 2],
    ] as const)
      writeFileSync(
        path.join(place, name),
        await sharp({ create: { width: 2, height: 2, channels: 3, background: { r: level, g: 0, b: 0 } } })
          .png()
          .toBuffer(),
      );
    const frames = await frameFiles(place);
    expect(frames.count).toBe(2);
    expect(frames.file(1)).toBe(path.join(place, "f10.png"));
    expect([(await frames.read(0)).data[0], (await frames.read(1)).data[0]]).toEqual([2, 10]);
    expect(() => frames.file(2)).toThrowError(expect.objectContaining({ code: "inputMissing" }) as Error);
  });

  it("of a folder are listed once, and anew when one came", async () => {
    const place = temporaryFolder();
    const names = () => pictureNames(place, "*.png");
    writeFileSync(path.join(place, "f1.png"), "");
    // A folder that changed just now could change again at the same time.
    utimesSync(place, new Date(1e12), new Date(1e12));
    const first = names();
    expect(first).toEqual(["f1.png"]);
    expect(names()).toBe(first);
    writeFileSync(path.join(place, "f2.png"), "");
    expect(names()).toEqual(["f1.png", "f2.png"]);
  });

  it("that are missing are said, and those after them keep their places; hidden files are none", async () => {
    const place = temporaryFolder();
    const picture = (side: number) =>
      sharp({ create: { width: side, height: side, channels: 3, background: "#00f" } })
        .png()
        .toBuffer();
    for (const number of [7, 8, 10, 11])
      writeFileSync(path.join(place, `frame_${number}.png`), await picture(number));
    writeFileSync(path.join(place, "._frame_9.png"), "resource fork");
    writeFileSync(path.join(place, "notes.txt"), "no picture");
    symlinkSync(place, path.join(place, "frame_12.png"));
    const frames = await frameFiles(place);
    expect(frames.count).toBe(5);
    // Each has a size of its own.
    expect((await frames.read(3)).width).toBe(10);
    expect(() => frames.file(2)).toThrowError(
      expect.objectContaining({
        code: "inputMissing",
        detail: "The picture of frame 2 is missing: 4 of 5 are there, frame_7.png to frame_11.png.",
        where: place,
      }) as Error,
    );
    // Numbers that are times do not count frames.
    for (const time of [1000, 1033, 1067]) writeFileSync(path.join(place, `t${time}.jpg`), await picture(4));
    expect((await frameFiles(path.join(place, "*.jpg"))).count).toBe(3);
  });
});

function crc(bytes: Uint8Array): number {
  let value = ~0;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}
