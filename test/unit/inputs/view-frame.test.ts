/** Who decodes a frame: a view that is open, else ffmpeg; and what is said where nobody can. */
import { copyFileSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { frameCountFrom, frameCountOf, videoFrame, videoFrameAt } from "../../../src/inputs/video/frames";
import { decodeWith } from "../../../src/inputs/video/view-frame";
import type { DecodedFrame, EncodedFrame } from "../../../src/shared/video-frame";
import { root, temporaryFile, temporaryFolder } from "../engine/harness";
import { onPath, standIn } from "./stand-in-ffmpeg";

const videos = path.join(root, "test/fixtures/videos");

/** A copy whose times say that nobody writes it any more. */
function copied(name: string, bytes?: number): string {
  const file = path.join(temporaryFolder(), name);
  copyFileSync(path.join(videos, name), file);
  if (bytes !== undefined) truncateSync(file, bytes);
  utimesSync(file, 1, 1);
  return file;
}

const asked: EncodedFrame[] = [];
/** A view whose every frame has red 1, green 2 and blue its rank, but for the first pixel: that is white. */
const byRank = ({ rank, width, height }: EncodedFrame): DecodedFrame => {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set(at === 0 ? [255, 255, 255] : [1, 2, rank], at);
  const pixels = {
    planes: [{ offset: 0, stride: width * 4 }],
    matrix: null,
    fullRange: null,
    data: data.buffer,
  };
  return { status: "decoded", pixels: { format: "RGBX", width, height, ...pixels } };
};
const view = (answer: (encoded: EncodedFrame) => DecodedFrame = byRank) =>
  decodeWith((encoded) => {
    asked.push(encoded);
    return Promise.resolve(answer(encoded));
  });
afterEach(() => {
  decodeWith(null);
  asked.length = 0;
});
const withoutFfmpeg = () => onPath(temporaryFolder(), false);

describe("a frame of a video", () => {
  it("is decoded by an open view, which is given what the frame needs and no more", async () => {
    withoutFfmpeg();
    view();
    const file = copied("bframes.mp4");
    expect([...(await videoFrame(file, 20)).data.slice(3, 6)]).toEqual([1, 2, 20]);
    const [encoded] = asked;
    expect(encoded).toMatchObject({ codec: "avc1.64000a", width: 48, height: 32, rank: 20 });
    expect(encoded?.samples[0]?.key).toBe(true);
    expect(encoded?.samples.length).toBeLessThanOrEqual(8);
    expect(encoded?.samples.reduce((all, { bytes }) => all + bytes, 0)).toBe(encoded?.data.byteLength);
    // The bytes are those of the file: each sample of H.264 in MP4 begins with the length of its first part.
    const [sample] = encoded?.samples ?? [];
    const length = new DataView(encoded!.data).getUint32(0);
    expect(length).toBeLessThan(sample!.bytes);
    expect(readFileSync(file).includes(Buffer.from(encoded!.data).subarray(0, sample?.bytes))).toBe(true);
  });

  it("is decoded once: it is kept for who asks next, as long as the file is the same", async () => {
    withoutFfmpeg();
    view();
    const file = copied("live.webm");
    await videoFrame(file, 5);
    await videoFrame(file, 5);
    await videoFrameAt(file, 5 / 12, 1 / 12);
    expect(asked).toHaveLength(1);
    copyFileSync(path.join(videos, "varying.webm"), file);
    utimesSync(file, 2, 2);
    await videoFrame(file, 5);
    expect(asked.map(({ codec }) => codec)).toEqual(["vp8", "vp09.00.51.08"]);
  });

  it("is found by its time, at a rate that varies, and turned as the file says", async () => {
    view();
    const varying = copied("varying.webm");
    // Shown at 0, 3, 5, 6, 9 … twelfths of a second.
    expect((await videoFrameAt(varying, 6 / 12, 1 / 12)).data[5]).toBe(3);
    expect((await videoFrameAt(varying, 7 / 12, 1 / 12)).data[5]).toBe(4);
    const turned = await videoFrame(copied("turned.mp4"), 1);
    expect([turned.width, turned.height]).toEqual([32, 48]);
    // A quarter to the left: what was first is the last row's first.
    expect([...turned.data.slice(47 * 32 * 3, 47 * 32 * 3 + 3)]).toEqual([255, 255, 255]);
    expect([...turned.data.slice(0, 3)]).toEqual([1, 2, 1]);
  });

  it("that refers to what lies before is decoded from the key frame before, at last from the first", async () => {
    view((encoded) =>
      asked.length < 3 ? { status: "failed", why: "its decoder says: no" } : byRank(encoded),
    );
    expect((await videoFrame(copied("bframes.mp4"), 23)).data[5]).toBe(23);
    expect(asked.map(({ samples }) => samples[0]?.rank)).toEqual([16, 8, 0]);
  });

  it("is ffmpeg's where the view cannot decode it, or is gone", async () => {
    const picture = JSON.stringify(path.join(root, "test/fixtures/images/picture.png"));
    standIn(`process.stdout.write(require("node:fs").readFileSync(${picture}));`);
    view(() => ({ status: "refused", why: "the browser has no decoder for it" }));
    expect((await videoFrame(copied("hevc.mp4"), 1)).width).toBe(90);
    decodeWith(() => Promise.reject(new Error("gone")));
    expect((await videoFrame(copied("hevc.mp4"), 1)).width).toBe(90);
    // What no browser decodes is not sent to any.
    asked.length = 0;
    view();
    expect((await videoFrame(copied("mpeg4.mp4"), 1)).width).toBe(90);
    expect(asked).toHaveLength(0);
  });

  it("that nobody decodes says which codec it is, what each said, and what to do", async () => {
    withoutFfmpeg();
    const file = copied("hevc.mp4");
    view(() => ({ status: "refused", why: "the browser has no decoder for it" }));
    await expect(videoFrame(file, 1)).rejects.toMatchObject({
      code: "frameUnreadable",
      detail:
        "The video (H.265) cannot be decoded: the browser has no decoder for it, and ffmpeg is not on the PATH.",
      where: "hevc.mp4",
      fix: expect.stringMatching(/^Install ffmpeg .* ffmpeg -i hevc\.mp4 -c:v libvpx-vp9/) as string,
    });
    decodeWith(null);
    await expect(videoFrame(file, 1)).rejects.toMatchObject({
      detail: "Videos are decoded by ffmpeg, and it is not on the PATH.",
    });
    standIn("console.error('no such decoder'); process.exit(1);");
    view(() => ({ status: "refused", why: "the browser has no decoder for it" }));
    await expect(videoFrame(file, 2)).rejects.toMatchObject({
      detail:
        "The video (H.265) cannot be decoded: the browser has no decoder for it, and ffmpeg says: no such decoder.",
    });
  });

  it("that is not there is said with how many there are, without a decoder", async () => {
    withoutFfmpeg();
    const file = copied("varying.mp4");
    expect(frameCountOf(file)).toBe(11);
    expect(frameCountFrom(file, 1, 1 / 12)).toBe(5);
    await expect(videoFrame(file, 11)).rejects.toMatchObject({
      code: "inputMissing",
      detail: "The video has no frame 11; there are 11, from 0.",
    });
    await expect(videoFrameAt(file, 2.5, 1 / 12)).rejects.toMatchObject({
      detail: "The video ends before 2.50 s: its last frame is shown at 1.75 s.",
    });
  });

  it("of a file that is missing, empty, cut short or none says which of these it is", async () => {
    withoutFfmpeg();
    view();
    const missing = path.join(temporaryFolder(), "none.mp4");
    await expect(videoFrame(missing, 0)).rejects.toMatchObject({ code: "fileNotFound", where: missing });
    await expect(videoFrame(temporaryFile("empty.mp4", ""), 0)).rejects.toMatchObject({
      code: "frameUnreadable",
      detail: "The video is empty: it has 0 bytes.",
    });
    await expect(videoFrame(copied("bframes.mp4", 900), 0)).rejects.toMatchObject({
      detail: "There is no table of its frames (moov): the video is cut short or damaged.",
      where: "bframes.mp4",
    });
    // Its table is whole; the pictures are not.
    const whole = readFileSync(path.join(videos, "bframes.mp4"));
    const [ftyp, moov] = [whole.subarray(0, 32), whole.subarray(whole.indexOf("moov") - 4)];
    const headless = temporaryFile("headless.mp4", Buffer.concat([ftyp, moov]));
    await expect(videoFrame(headless, 23)).rejects.toMatchObject({
      detail: "The video is cut short: it ends before this frame.",
      where: "headless.mp4",
    });
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    await expect(videoFrame(temporaryFile("pointer.mp4", pointer), 0)).rejects.toMatchObject({
      detail: "It is a Git LFS pointer, and not the file itself.",
      where: "pointer.mp4",
    });
    const text = path.join(temporaryFolder(), "text.mp4");
    writeFileSync(text, "no video at all");
    await expect(videoFrame(text, 0)).rejects.toMatchObject({ where: "text.mp4" });
  });
});
