/** The part of a picture that is said to be seen is the part whose colours reach the model. */
import { expect, test } from "vitest";
import { preparationFor, pictureTensor } from "../../../src/inputs/image-tensor";
import { placeOnPicture } from "../../../src/inputs/picture-place";
import type { Picture } from "../../../src/inputs/pictures";

/** A picture whose red is its column and whose green is its row; blue is full, so that borders are told. */
function ramp(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([x, y, 255], 3 * (y * width + x));
  return { width, height, channels: 3, data };
}

const input = { name: "pixel_values", dtype: "float32", dims: [1, 3, 32, 40] };
const config = { resample: 0, do_rescale: false, do_normalize: false };

interface Case {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly said?: { fit: "stretch" | "crop" | "pad" };
  readonly config: Parameters<typeof preparationFor>[2];
}
const cropped = { do_center_crop: true, crop_size: { height: 32, width: 40 } };
const cases: readonly Case[] = [
  { name: "stretched", size: [200, 120], config: { ...config, size: { height: 32, width: 40 } } },
  {
    name: "shortest side, then the middle",
    size: [200, 120],
    config: { ...config, ...cropped, size: { shortest_edge: 48 } },
  },
  { name: "a high one", size: [90, 250], config: { ...config, ...cropped, size: { shortest_edge: 44 } } },
  { name: "the middle as it is", size: [100, 80], config: { ...config, ...cropped, do_resize: false } },
  { name: "the manifest's crop", size: [240, 90], said: { fit: "crop" }, config },
  { name: "the manifest's borders, above and below", size: [240, 90], said: { fit: "pad" }, config },
  { name: "the manifest's borders, left and right", size: [60, 200], said: { fit: "pad" }, config },
];

test.each(cases)("$name", async ({ size: [width, height], said = {}, config: from }) => {
  const picture = ramp(width, height);
  const how = preparationFor(input, said, from);
  const { crop, padding } = placeOnPicture(picture, how);
  const { data } = await pictureTensor(picture, how, "float32");
  const seen = { x: 0, y: 0, width, height, ...crop };
  const { left, top, right, bottom } = padding ?? { left: 0, top: 0, right: 0, bottom: 0 };
  const at = (colour: number, x: number, y: number) => Number(data[colour * 32 * 40 + y * 40 + x]);
  const [columns, rows] = [40 - left - right, 32 - top - bottom];
  for (const x of [left, left + Math.floor(columns / 2), 39 - right]) {
    for (const y of [top, top + Math.floor(rows / 2), 31 - bottom]) {
      // The middle of the model's pixel, on the picture; nearest takes a pixel at most one step away.
      const [wantedX, wantedY] = [
        seen.x + ((x - left + 0.5) * seen.width) / columns - 0.5,
        seen.y + ((y - top + 0.5) * seen.height) / rows - 0.5,
      ];
      expect(Math.abs(at(0, x, y) - wantedX)).toBeLessThanOrEqual(seen.width / columns + 0.5);
      expect(Math.abs(at(1, x, y) - wantedY)).toBeLessThanOrEqual(seen.height / rows + 0.5);
      expect(at(2, x, y)).toBe(255);
    }
  }
  if (top > 0) expect(at(2, 20, top - 1)).toBe(0);
  if (left > 0) expect(at(2, left - 1, 16)).toBe(0);
});

test("the whole picture is no crop", () => {
  const how = preparationFor(input, { fit: "stretch" }, null);
  expect(placeOnPicture({ width: 640, height: 480 }, how)).toEqual({ crop: null, padding: null });
});
