/**
 * Frames of videos that a view decodes for the engine, by the browser's own decoder. Frame n of most of
 * test/fixtures/videos is grey 16 + 9 n (make_videos.py), so that a wrong frame is seen.
 */
import { describe, expect, it } from "vitest";
import type { ByteFile } from "../../src/inputs/files/byte-file";
import { pictureOfPixels } from "../../src/inputs/video/colour";
import { isMatroska, matroskaTrack } from "../../src/inputs/video/matroska";
import { mp4Track } from "../../src/inputs/video/mp4";
import { samplesFor, type VideoIndex, videoIndex } from "../../src/inputs/video/video-index";
import type { DecodedFrame, EncodedFrame } from "../../src/shared/video-frame";
import { decodeFrame } from "../../src/webview/video/decode-frame";

interface Video {
  readonly bytes: Uint8Array;
  readonly index: VideoIndex;
}

/** Twelve greys, each brighter than the one before, as a browser records them: at whatever rate it comes to. */
async function recorded(mimeType: string): Promise<Uint8Array> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 48];
  const context = canvas.getContext("2d")!;
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType, videoBitsPerSecond: 2e6 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start(200);
  for (let n = 0; n < 12; n++) {
    context.fillStyle = `rgb(${16 + 18 * n} ${16 + 18 * n} ${16 + 18 * n})`;
    context.fillRect(0, 0, 64, 48);
    await new Promise((resolve) => setTimeout(resolve, n % 3 === 0 ? 90 : 40));
  }
  recorder.stop();
  await stopped;
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function video(name: string): Promise<Video> {
  const url = name.startsWith("frames")
    ? new URL(`../fixtures/lerobot/${name}`, import.meta.url)
    : new URL(`../fixtures/videos/${name}`, import.meta.url);
  return indexed(name, new Uint8Array(await (await fetch(url)).arrayBuffer()));
}

function indexed(name: string, bytes: Uint8Array): Video {
  const file: ByteFile = {
    name,
    size: bytes.length,
    read: (start, end) => bytes.slice(start, end),
    close: () => undefined,
  };
  const track = isMatroska(bytes) ? matroskaTrack(file) : mp4Track(file);
  return { bytes, index: videoIndex(track, name) };
}

/** @param skip key frames that are passed over on the way back */
function encoded({ bytes, index }: Video, frame: number, skip = 0): EncodedFrame {
  const { track, ranks } = index;
  const [first, last] = samplesFor(index, frame, skip)!;
  const samples = track.samples.slice(first, last + 1);
  const parts = samples.map(({ start, bytes: size }) => bytes.slice(start, start + size));
  const data = new Uint8Array(parts.reduce((all, part) => all + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  const { codec, colour, width, height } = track;
  return {
    codec: codec.browser!,
    description: codec.description ? Uint8Array.from(codec.description).buffer : null,
    ...{ width, height, colour },
    samples: samples.map(({ bytes: size, key }, sample) => ({
      bytes: size,
      key,
      rank: ranks[first + sample]!,
    })),
    data: data.buffer,
    rank: ranks[last]!,
  };
}

/** Mean grey of a decoded picture. */
function greyOf(decoded: DecodedFrame, { track }: VideoIndex): number {
  if (decoded.status !== "decoded") throw new Error(decoded.why);
  const { data } = pictureOfPixels(decoded.pixels, track.colour, "test");
  return data.reduce((all, value) => all + value, 0) / data.length;
}

describe("a frame that the view decodes", () => {
  it.each([
    ["bframes.mp4", 24, (n: number) => n],
    ["live.webm", 24, (n: number) => n],
    ["fragments.mp4", 24, (n: number) => n],
    ["varying.webm", 11, (n: number) => [0, 3, 5, 6, 9, 10, 12, 15, 18, 20, 21][n]!],
    ["varying.mp4", 11, (n: number) => [0, 3, 5, 6, 9, 10, 12, 15, 18, 20, 21][n]!],
    ["frames.webm", 24, (n: number) => n],
  ])("is that frame of %s, at any rate and in any order", async (name, count, shown) => {
    const read = await video(name);
    expect(read.index.frames).toHaveLength(count);
    for (let frame = 0; frame < count; frame++) {
      const grey = greyOf(await decodeFrame(encoded(read, frame)), read.index);
      expect(Math.abs(grey - (16 + 9 * shown(frame))), `frame ${frame}: ${grey}`).toBeLessThanOrEqual(3);
    }
  });

  // Not every browser records MP4.
  const recordedHere = ["video/mp4;codecs=avc1"].filter((type) => MediaRecorder.isTypeSupported(type));
  it.each(["video/webm;codecs=vp8", "video/webm;codecs=vp9", ...recordedHere])(
    "is one of a recording that was never finished as a file: %s",
    async (mimeType) => {
      const read = indexed("recording", await recorded(mimeType));
      const count = read.index.frames.length;
      expect(count).toBeGreaterThan(5);
      const greys: number[] = [];
      for (let frame = 0; frame < count; frame++)
        greys.push(greyOf(await decodeFrame(encoded(read, frame)), read.index));
      greys.slice(1).forEach((grey, at) => expect(grey).toBeGreaterThanOrEqual(greys[at]! - 2));
      expect(greys.at(-1)! - greys[0]!).toBeGreaterThan(100);
      expect(read.index.seconds.at(-1)).toBeGreaterThan(0.3);
    },
  );

  it("is counted from where an edit begins", async () => {
    const read = await video("cut.mp4");
    const greys = [];
    for (const frame of [0, 1, 17]) greys.push(greyOf(await decodeFrame(encoded(read, frame)), read.index));
    // The cut begins at the frame after the sixth, number 6, as ffmpeg counts it too (reference.json: 18 frames).
    expect(greys.map((grey) => Math.round((grey - 16) / 9))).toEqual([6, 7, 23]);
  });

  it("is not one of those that are never shown", async () => {
    const read = await video("hidden.webm");
    expect(read.index.track.samples.length).toBeGreaterThan(read.index.frames.length);
    for (let frame = 0; frame < 24; frame++)
      expect((await decodeFrame(encoded(read, frame))).status, `frame ${frame}`).toBe("decoded");
  });

  it("that refers to what lies before its key frame fails, and is there from the key frame before", async () => {
    const read = await video("opengop.mp4");
    const passed: number[] = [];
    for (let frame = 0; frame < 24; frame++) {
      let [answer, skip] = [await decodeFrame(encoded(read, frame)), 0];
      while (answer.status === "failed") answer = await decodeFrame(encoded(read, frame, ++skip));
      passed.push(skip);
      expect(Math.round((greyOf(answer, read.index) - 16) / 9), `frame ${frame}`).toBe(frame);
    }
    expect(Math.max(...passed)).toBeGreaterThan(0);
  });

  it("keeps what its file says of its colours, and takes BT.601 where it says nothing", async () => {
    const read = await video("bframes.mp4");
    const plain = await decodeFrame(encoded(read, 0));
    expect(plain).toMatchObject({ status: "decoded", pixels: { format: "I420", matrix: "smpte170m" } });
    const said = { ...encoded(read, 0), colour: { matrix: "bt709" as const, fullRange: false } };
    expect(await decodeFrame(said)).toMatchObject({ pixels: { matrix: "bt709" } });
  });

  it("of a codec that the browser lacks, or of broken bytes, is refused with the reason", async () => {
    const read = await video("live.webm");
    const whole = encoded(read, 3);
    expect(await decodeFrame({ ...whole, codec: "mp4v.20.9" })).toEqual({
      status: "refused",
      why: "the browser has no decoder for it",
    });
    expect(
      await decodeFrame({ ...whole, data: new Uint8Array(whole.data.byteLength).fill(0xff).buffer }),
    ).toEqual({
      status: "failed",
      why: expect.stringMatching(/^the browser's decoder says: /) as string,
    });
  });
});
