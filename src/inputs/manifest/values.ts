/** Small values that many parts of the manifest share: paths, names of arrays, patterns, layouts of pictures. */
import * as z from "zod";

/** A path in a manifest; `src/inputs/manifest/paths.ts` refuses one that leaves the manifest's folder. */
export const pathSchema = z
  .string()
  .min(1)
  .max(4096)
  .describe(
    "A path relative to the manifest, inside its folder. {sample} or {episode}, {group} and {step} stand for those shown.",
  );

export const arrayNameSchema = z
  .string()
  .min(1)
  .max(1024)
  .describe("Name of an array: a key of the npz, a tensor, a column.");

/** An array of the recorded file by name, or of another file. */
export const arraySchema = z
  .union([
    arrayNameSchema,
    z.strictObject({
      array: arrayNameSchema,
      file: pathSchema.optional().describe("The file it is in, where that is not the recorded one."),
    }),
  ])
  .meta({
    id: "array",
    description: 'A recorded array: its name, or { "array": name, "file": path } for one of another file.',
  });
export type ManifestArray = z.infer<typeof arraySchema>;

/** Name and file of an array; a file of null is the recorded one. */
export function namedArray(array: ManifestArray): { readonly array: string; readonly file: string | null } {
  return typeof array === "string" ? { array, file: null } : { array: array.array, file: array.file ?? null };
}

/** Which value of several stands for a sample. */
export const fieldValues = ["first", "last", "sum", "mean", "min", "max"] as const;
export type FieldValue = (typeof fieldValues)[number];

/** A value for each sample: what it is called, or can be chosen by. */
export const fieldSchema = z
  .union([
    arrayNameSchema,
    z.strictObject({
      array: arrayNameSchema,
      file: pathSchema.optional().describe("The file it is in, where that is not the recorded one."),
      of: z
        .enum(fieldValues)
        .optional()
        .describe(
          "Which of its values, where it has several in each sample: the first, the last, or the sum, mean, least or largest of all.",
        ),
    }),
  ])
  .meta({
    id: "field",
    description:
      'A value for each sample: the name of an array that holds one, or { "array": name, "of": "sum" } for one that holds several.',
  });
export type ManifestField = z.infer<typeof fieldSchema>;

/** The array of a field, without what is taken of it. */
export function arrayOf(field: ManifestField): ManifestArray {
  const { array, file } = namedArray(field);
  return file === null ? array : { array, file };
}

export const patternSchema = z
  .union([z.string().min(1).max(1024), z.array(z.string().min(1).max(1024)).min(1)])
  .meta({
    id: "pattern",
    description:
      "Pattern over module paths, names or ids of sites, or several: decoder.*, site_003. * stands for anything, ? for one character.",
  });
export type ManifestPattern = z.infer<typeof patternSchema>;

export const labelSchema = z
  .string()
  .describe(
    "Template of a token's label: {i} is its number within the segment, {value} the array's value, {name} its name; in a grid {row} and {column}.",
  );

/** What is shown as a picture, or fed as one. */
const arrayPicture = z.strictObject({
  array: arrayNameSchema,
  file: pathSchema.optional().describe("The file it is in, where that is not the recorded one."),
});
const imagePicture = z.strictObject({
  image: pathSchema.describe("One picture: png, jpg, webp, gif, tif."),
});
const framesPicture = z.strictObject({
  frames: pathSchema.describe("A folder of pictures, a pattern of their names (left/*.png), or a GIF."),
});
const videoPicture = z.strictObject({ video: pathSchema.describe("A video: mp4 or webm.") });

/** Where pictures come from. A name alone is a recorded array, [steps, height, width, channels] or one picture. */
export const pictureSchema = z
  .union([arrayNameSchema, arrayPicture, imagePicture, framesPicture, videoPicture])
  .meta({
    id: "picture",
    description:
      'Where pictures come from: the name of a recorded array, { "array" }, { "image" }, { "frames" } (a folder, pattern or GIF) or { "video" }.',
  });
export type ManifestPicture = z.infer<typeof pictureSchema>;

const pair = (what: string) =>
  z.union([z.int().positive(), z.tuple([z.int().positive(), z.int().positive()])]).describe(what);

/** How a picture becomes the tensor that the model wants. What is left out, `preprocessor_config.json` says. */
export const preparationShape = {
  size: pair("Size of the model's picture in px: a side, or [height, width].").optional(),
  resize: z
    .enum(["stretch", "crop", "pad"])
    .optional()
    .describe(
      "How a picture of another shape becomes that size: stretched, made as small as covers it and cut about the middle, or made to fit with black borders.",
    ),
  layout: z
    .enum(["NCHW", "NHWC", "CHW", "HWC", "NHW", "HW"])
    .optional()
    .describe("Order of the model's axes: N batch, C colours, H height, W width."),
  channels: z.enum(["RGB", "BGR", "grey"]).optional().describe("Order of the colours; RGB if left out."),
  scale: z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)?\/\d+(\.\d+)?$/)])
    .optional()
    .describe(
      "What the recorded numbers (of a file of a picture: its bytes) are multiplied by first: 1/255 makes bytes 0 to 1.",
    ),
  mean: z
    .array(z.number())
    .min(1)
    .max(4)
    .optional()
    .describe("Then subtracted, one number for each colour or for all."),
  std: z.array(z.number()).min(1).max(4).optional().describe("Then divided by, one number for each colour."),
  recorded: z
    .enum(["HWC", "CHW", "HW"])
    .optional()
    .describe("Order of the last axes of a recorded array of pictures, where it is not the model's own."),
} as const;

/** The number that a scale stands for: 0.5, or the quotient of `1/255`. */
export function scaleFactor(scale: number | string): number {
  const [over, under = 1] = String(scale).split("/").map(Number);
  return (over ?? 1) / under;
}

export { arrayPicture, framesPicture, imagePicture, pair, videoPicture };
