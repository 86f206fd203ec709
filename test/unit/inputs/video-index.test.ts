/** Where frames are in their files, against what ffmpeg says of the same files (test/fixtures/videos/reference.json). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { memoryFile } from "../../../src/inputs/files/byte-file";
import { hevc, vp9OfFrame } from "../../../src/inputs/video/codec";
import { pictureOfPixels } from "../../../src/inputs/video/colour";
import { isMatroska, matroskaTrack } from "../../../src/inputs/video/matroska";
import { isMp4, mp4Track } from "../../../src/inputs/video/mp4";
import { readVideoIndex } from "../../../src/inputs/video/read-index";
import { frameFrom, samplesFor, videoIndex } from "../../../src/inputs/video/video-index";
import { AttentionError } from "../../../src/shared/errors";
import type { Matrix, Pixels } from "../../../src/shared/video-frame";
import { root, temporaryFile } from "../engine/harness";

const folder = path.join(root, "test/fixtures/videos");
const bytesOf = (name: string) => new Uint8Array(readFileSync(path.join(folder, name)));
const reference = JSON.parse(readFileSync(path.join(folder, "reference.json"), "utf8")) as Record<
  string,
  { codec: string; size: [number, number]; seconds: number[] }
>;
const names: Record<string, string> = {
  ...{ h264: "H.264", hevc: "H.265", vp8: "VP8", vp9: "VP9", mpeg4: "MPEG-4 Part 2" },
};

const indexOf = (bytes: Uint8Array, name = "video") => {
  const file = memoryFile(bytes, name);
  return videoIndex(isMatroska(bytes) ? matroskaTrack(file) : mp4Track(file), name);
};

describe("the index of a video", () => {
  it.each(Object.keys(reference))("has the frames, times, size and codec of %s", (name) => {
    const { codec, size, seconds } = reference[name]!;
    const { track, ...index } = readVideoIndex(path.join(folder, name))!;
    expect(track.codec.name).toBe(names[codec]);
    expect([track.width, track.height]).toEqual(size);
    expect(index.seconds).toHaveLength(seconds.length);
    seconds.forEach((time, frame) => expect(index.seconds[frame]).toBeCloseTo(time, 5));
    expect(track.rotation).toBe(name === "turned.mp4" ? 270 : 0);
    expect(new Set(index.ranks).size).toBe(track.samples.length);
  });

  it("says what a browser is asked for", () => {
    const codec = (name: string) => indexOf(bytesOf(name)).track.codec.browser;
    expect(codec("bframes.mp4")).toBe("avc1.64000a");
    expect(codec("live.webm")).toBe("vp8");
    expect(codec("varying.webm")).toBe("vp09.00.51.08");
    expect(codec("hevc.mp4")).toBe("hvc1.1.6.L30.90");
    expect(codec("mpeg4.mp4")).toBeNull();
    const av1 = path.join(
      root,
      "test/fixtures/lerobot/v3/videos/observation.images.top/chunk-000/file-000.mp4",
    );
    expect(readVideoIndex(av1)?.track.codec.browser).toBe("av01.0.00M.08");
    // Main 10 of the high tier, level 5.1, as the standard's own example of the form (ISO/IEC 14496-15, E.3).
    const record = [1, 0x22, 0x20, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 153];
    expect(hevc(Uint8Array.from(record)).browser).toBe("hvc1.2.4.H153.b0");
    // Profile 2: ten bits, BT.2020.
    expect(vp9OfFrame(Uint8Array.from([0x92, 0x49, 0x83, 0x42, 0x58]))).toMatchObject({
      browser: "vp09.02.51.10",
      colour: { matrix: "bt2020-ncl", fullRange: true },
    });
  });

  it("finds the frame of a time, and the samples that a decoder needs for it", () => {
    const index = indexOf(bytesOf("varying.webm"));
    expect(frameFrom(index, 0)).toBe(0);
    expect(frameFrom(index, 0.26)).toBe(2);
    expect(frameFrom(index, 99)).toBe(11);
    const reordered = indexOf(bytesOf("bframes.mp4"));
    const keys = reordered.track.samples.flatMap(({ key }, sample) => (key ? [sample] : []));
    expect(keys).toHaveLength(3);
    for (let frame = 0; frame < 24; frame++) {
      const [first, last] = samplesFor(reordered, frame)!;
      expect(keys).toContain(first);
      expect(last).toBe(reordered.frames[frame]);
      expect(last - first).toBeLessThan(8);
    }
    expect(samplesFor(reordered, 23, 1)?.[0]).toBe(keys[1]);
    expect(samplesFor(reordered, 23, 3)).toBeNull();
    expect(samplesFor(reordered, 24)).toBeNull();
  });

  it("is none for another container, and says what is wrong with a broken one", () => {
    expect(readVideoIndex(temporaryFile("clip.avi", "RIFF----AVI "))).toBeNull();
    const said = (bytes: Uint8Array) => {
      try {
        indexOf(bytes, "clip.mp4");
      } catch (error) {
        return (error as AttentionError).report();
      }
      throw new Error("read");
    };
    const mp4 = bytesOf("bframes.mp4");
    expect(said(mp4.slice(0, 1000))).toMatchObject({
      code: "frameUnreadable",
      detail: "There is no table of its frames (moov): the video is cut short or damaged.",
      where: "clip.mp4",
      fix: "Record or copy it again.",
    });
    // Played at twice its rate: which frames are shown, only ffmpeg knows.
    const edited = mp4.slice();
    const list = Buffer.from(edited.buffer).indexOf("elst");
    new DataView(edited.buffer).setUint32(list + 4 + 8 + 8, 0x20000);
    expect(said(edited)).toMatchObject({
      code: "inputRefused",
      detail: expect.stringMatching(/cut together from several parts .* only ffmpeg/) as string,
      fix: expect.stringMatching(/libvpx-vp9/) as string,
    });
    // A recording that was broken off has the frames that are there.
    const whole = indexOf(bytesOf("live.webm")).frames.length;
    const left = indexOf(bytesOf("live.webm").slice(0, 1000)).frames.length;
    expect(left).toBeGreaterThan(3);
    expect(left).toBeLessThan(whole);
    const fragments = indexOf(bytesOf("fragments.mp4").slice(0, 2000)).frames.length;
    expect(fragments).toBeGreaterThan(3);
    expect(fragments).toBeLessThan(24);
  });

  it(
    "of bytes that were overwritten or cut is other numbers or an error, and never anything else",
    { timeout: 60_000 },
    () => {
      let errors = 0;
      for (const name of ["bframes.mp4", "fragments.mp4", "live.webm", "varying.webm"]) {
        const whole = bytesOf(name);
        for (let at = 0; at < whole.length; at += 3) {
          const flipped = whole.slice();
          flipped[at] = (flipped[at] ?? 0) ^ (at % 2 === 0 ? 0xff : 0x01);
          for (const bytes of [flipped, whole.slice(0, at)]) {
            if (!isMp4(bytes) && !isMatroska(bytes)) continue;
            try {
              const index = indexOf(bytes);
              expect(index.frames.length).toBeLessThan(100_000);
            } catch (error) {
              expect(error).toBeInstanceOf(AttentionError);
              expect(["frameUnreadable", "fileUnreadable", "inputRefused"]).toContain(
                (error as AttentionError).code,
              );
              errors += 1;
            }
          }
        }
      }
      expect(errors).toBeGreaterThan(100);
    },
  );
});

describe("the colours of a decoded picture", () => {
  const cases = JSON.parse(readFileSync(path.join(folder, "colours.json"), "utf8")) as {
    pixels: string;
    matrix: Matrix;
    fullRange: boolean;
    data: string;
    rgb: string;
  }[];
  const formats: Record<string, Pixels["format"]> = {
    ...{ yuv420p: "I420", yuv444p: "I444", yuvj420p: "I420", yuv420p10le: "I420P10", nv12: "NV12" },
  };
  const bytesOfText = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

  it.each(cases)("are ffmpeg's own: $pixels, $matrix", ({ pixels, matrix, fullRange, data, rgb }) => {
    const format = formats[pixels]!;
    const wide = format === "I420P10" ? 2 : 1;
    const half = format === "I444" ? 16 : 8;
    const planes = [
      { offset: 0, stride: 16 * wide },
      { offset: 256 * wide, stride: (format === "NV12" ? 16 : half) * wide },
      ...(format === "NV12" ? [] : [{ offset: (256 + half * half) * wide, stride: half * wide }]),
    ];
    const decoded: Pixels = {
      ...{ format, width: 16, height: 16, planes, matrix, fullRange },
      data: bytesOfText(data).buffer,
    };
    const picture = pictureOfPixels(decoded, { matrix: "rgb", fullRange: true }, "test");
    const expected = bytesOfText(rgb);
    expect(picture.data).toHaveLength(expected.length);
    // ffmpeg reckons in whole numbers.
    picture.data.forEach((value, at) => expect(Math.abs(value - expected[at]!)).toBeLessThanOrEqual(2));
  });

  it("are refused where the planes do not hold the picture", () => {
    const pixels: Pixels = {
      ...{ format: "I420", width: 16, height: 16, matrix: null, fullRange: null },
      planes: [0, 256, 320].map((offset) => ({ offset, stride: 16 })),
      data: new ArrayBuffer(384),
    };
    expect(() => pictureOfPixels(pixels, { matrix: "bt709", fullRange: false }, "clip.mp4")).toThrow(
      /Plane 2 of a decoded picture does not hold it/,
    );
  });
});
