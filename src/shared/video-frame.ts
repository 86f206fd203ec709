/**
 * A frame of a video that a view decodes for the engine. The engine reads the file and sends the encoded pictures that
 * the frame needs, so that the view is given no file, and a long video costs what lies between two key frames.
 */
import * as z from "zod";
import { arrayBufferSchema } from "./page";

/** Most bytes of encoded pictures in one message. */
export const MOST_ENCODED_BYTES = 64_000_000;
/** Most encoded pictures in one message. */
const MOST_SAMPLES = 100_000;

/** How brightness and colours make red, green and blue, as WebCodecs names it. */
export const matrices = ["rgb", "bt709", "bt470bg", "smpte170m", "bt2020-ncl"] as const;
export type Matrix = (typeof matrices)[number];

const whole = z.number().int().nonnegative();

export const encodedFrameSchema = z.object({
  /** As WebCodecs names it: vp8, vp09.00.10.08, av01.0.04M.08, avc1.64001f. */
  codec: z.string().min(1).max(100),
  /** What a decoder must know beside the pictures; null where they say it themselves. */
  description: arrayBufferSchema.nullable(),
  width: whole,
  height: whole,
  /** What colours its numbers are, where the pictures do not say it. */
  colour: z.object({ matrix: z.enum(matrices), fullRange: z.boolean() }),
  /** The encoded pictures in the order in which they are decoded, a key frame first: their bytes follow each other in `data`. */
  samples: z
    .array(z.object({ bytes: whole, key: z.boolean(), rank: whole }))
    .min(1)
    .max(MOST_SAMPLES),
  data: arrayBufferSchema,
  /** Rank of the picture that is wanted, by the time at which pictures are shown. */
  rank: whole,
});
export type EncodedFrame = z.infer<typeof encodedFrameSchema>;

/** Layouts of pixels as WebCodecs names them, https://www.w3.org/TR/webcodecs/#pixel-format. */
const pixelFormats = [
  ...["I420", "I420P10", "I420P12", "I420A", "I420AP10", "I420AP12"],
  ...["I422", "I422P10", "I422P12", "I422A", "I422AP10", "I422AP12"],
  ...["I444", "I444P10", "I444P12", "I444A", "I444AP10", "I444AP12"],
  ...["NV12", "RGBA", "RGBX", "BGRA", "BGRX"],
] as const;

/** A decoded picture as the decoder gives it, without a change of its numbers. */
export const pixelsSchema = z.object({
  format: z.enum(pixelFormats),
  /** Of the picture as it is shown, before it is turned. */
  width: whole,
  height: whole,
  /** Where each plane begins in `data`, and the bytes from row to row. */
  planes: z
    .array(z.object({ offset: whole, stride: whole }))
    .min(1)
    .max(4),
  /** Which numbers make which colour, as far as the decoder knows. */
  matrix: z.enum(matrices).nullable(),
  fullRange: z.boolean().nullable(),
  data: arrayBufferSchema,
});
export type Pixels = z.infer<typeof pixelsSchema>;

export const decodedFrameSchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("decoded"), pixels: pixelsSchema }),
  /** A decoder took it, and the picture did not come out: it may refer to what lies before. `why` is a clause. */
  z.object({ status: z.literal("failed"), why: z.string().max(1000) }),
  /** Nobody here decodes it. `why` is a clause of a sentence. */
  z.object({ status: z.literal("refused"), why: z.string().max(1000) }),
]);
export type DecodedFrame = z.infer<typeof decodedFrameSchema>;
