/** Decodes a frame for the engine by the browser's own decoder (WebCodecs). Loaded when the first is asked for. */
import {
  type DecodedFrame,
  type EncodedFrame,
  matrices,
  type Matrix,
  type Pixels,
} from "../../shared/video-frame";

/** Longest that a decoder may take. A group of pictures in 4K takes a few seconds. */
const PATIENCE_MS = 30_000;

const refused = (why: string): DecodedFrame => ({ status: "refused", why: why.slice(0, 1000) });
const failed = (why: string): DecodedFrame => ({ status: "failed", why: why.slice(0, 1000) });

/** @returns the frame's pixels as they were decoded, or why there are none */
export async function decodeFrame(encoded: EncodedFrame): Promise<DecodedFrame> {
  if (typeof VideoDecoder === "undefined")
    return refused("the browser does not give its decoders away (WebCodecs)");
  const config = await supportedConfig(encoded);
  if (!config) return refused("the browser has no decoder for it");
  let wanted: VideoFrame | undefined;
  let broken: DOMException | undefined;
  const decoder = new VideoDecoder({
    output: (frame) => {
      if (frame.timestamp !== encoded.rank || wanted) frame.close();
      else wanted = frame;
    },
    error: (error) => (broken = error),
  });
  try {
    decoder.configure(config);
    let at = 0;
    for (const { bytes, key, rank } of encoded.samples) {
      const data = new Uint8Array(encoded.data, at, bytes);
      decoder.decode(new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp: rank, data }));
      at += bytes;
    }
    await inTime(decoder.flush());
    return wanted
      ? { status: "decoded", pixels: await pixelsOf(wanted) }
      : failed("the browser's decoder gives no picture for that frame");
  } catch (thrown) {
    // A picture that came out is whole, whatever is wrong with those behind it.
    if (wanted) return { status: "decoded", pixels: await pixelsOf(wanted) };
    const { message } = broken ?? (thrown instanceof Error ? thrown : new Error(String(thrown)));
    return failed(`the browser's decoder says: ${message.replace(/\.$/, "")}`);
  } finally {
    wanted?.close();
    if (decoder.state !== "closed") decoder.close();
  }
}

/** Browsers ignore a matrix that stands alone. */
const primaries: Record<Matrix, VideoColorPrimaries> = {
  rgb: "bt709",
  bt709: "bt709",
  bt470bg: "bt470bg",
  smpte170m: "smpte170m",
  "bt2020-ncl": "bt2020" as VideoColorPrimaries,
};
const transfers: Record<Matrix, VideoTransferCharacteristics> = {
  rgb: "iec61966-2-1",
  bt709: "bt709",
  bt470bg: "bt709",
  smpte170m: "smpte170m",
  "bt2020-ncl": "bt709",
};

/**
 * A decoder in software first: it gives the same numbers everywhere, and needs no memory of a graphics card. Null where
 * there is none of either kind.
 */
async function supportedConfig({
  codec,
  description,
  width,
  height,
  colour: { matrix, fullRange },
}: EncodedFrame): Promise<VideoDecoderConfig | null> {
  for (const hardwareAcceleration of ["prefer-software", "no-preference"] as const) {
    const config: VideoDecoderConfig = {
      codec,
      hardwareAcceleration,
      ...(width > 0 && height > 0 ? { codedWidth: width, codedHeight: height } : {}),
      ...(description ? { description } : {}),
      // Without it WebCodecs takes BT.709 for granted. A stream that says another keeps it.
      colorSpace: {
        primaries: primaries[matrix],
        transfer: transfers[matrix],
        matrix: matrix as VideoMatrixCoefficients,
        fullRange,
      },
    };
    try {
      if ((await VideoDecoder.isConfigSupported(config)).supported === true) return config;
    } catch {
      // A name that it does not know: the next, or none.
    }
  }
  return null;
}

async function pixelsOf(frame: VideoFrame): Promise<Pixels> {
  const rectangle = frame.visibleRect;
  const [width, height] = [rectangle?.width ?? frame.codedWidth, rectangle?.height ?? frame.codedHeight];
  const { matrix, fullRange } = frame.colorSpace;
  if (frame.format === null) return drawn(frame, width, height);
  const data = new ArrayBuffer(frame.allocationSize());
  const planes = await frame.copyTo(data);
  return {
    format: frame.format as Pixels["format"],
    width,
    height,
    planes: planes.map(({ offset, stride }) => ({ offset, stride })),
    matrix: matrices.find((each) => each === matrix) ?? null,
    fullRange: fullRange ?? null,
    data,
  };
}

/** What a graphics card keeps for itself is drawn, and read back. */
function drawn(frame: VideoFrame, width: number, height: number): Pixels {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(`a frame of ${width} × ${height} px cannot be drawn`);
  context.drawImage(frame, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return {
    format: "RGBA",
    ...{ width, height, planes: [{ offset: 0, stride: width * 4 }] },
    ...{ matrix: "rgb", fullRange: true },
    data: data.buffer,
  };
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new Error(`it is not done after ${PATIENCE_MS / 1000} s`);
    const timer = setTimeout(() => reject(late), PATIENCE_MS);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
