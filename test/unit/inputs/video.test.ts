import path from "node:path";
import { describe, expect, it } from "vitest";
import { videoFrame, videoFrameAt } from "../../../src/inputs/video/frames";
import { root, temporaryFile, temporaryFolder } from "../engine/harness";
import { greyByTime, hasFfmpeg, onPath, standIn } from "./stand-in-ffmpeg";

const webm = path.join(root, "test/fixtures/lerobot/frames.webm");
/** One mp4 holds the frames of three episodes, at 10 a second. */
const mp4 = path.join(root, "test/fixtures/lerobot/v3/videos/observation.images.top/chunk-000/file-000.mp4");

describe("a frame of a video", () => {
  it("says that ffmpeg is missing, and what to do", async () => {
    onPath(temporaryFolder(), false);
    await expect(videoFrame(webm, 0)).rejects.toMatchObject({
      code: "frameUnreadable",
      detail: "Videos are decoded by ffmpeg, and it is not on the PATH.",
      where: "frames.webm",
      fix: expect.stringMatching(/^Install ffmpeg .*--image/) as string,
    });
    await expect(videoFrame(path.join(temporaryFolder(), "none.mp4"), 0)).rejects.toMatchObject({
      code: "fileNotFound",
    });
  });

  it("says what ffmpeg says where it cannot decode", async () => {
    standIn("console.error('[x] warning\\nmoov atom not found'); process.exit(1);");
    await expect(videoFrame(temporaryFile("no.mp4", "no video"), 0)).rejects.toMatchObject({
      detail: "moov atom not found.",
    });
  });

  it("is asked for by its number, or by the time half a frame before its own, and never as an option", async () => {
    const picture = path.join(root, "test/fixtures/images/picture.png");
    const asked = path.join(temporaryFolder(), "asked.json");
    standIn(
      `const fs = require("node:fs");
       fs.writeFileSync(${JSON.stringify(asked)}, JSON.stringify(args));
       if (!args.includes("select=eq(n\\\\,8)")) process.stdout.write(fs.readFileSync(${JSON.stringify(picture)}));`,
    );
    const args = async () => JSON.parse((await import("node:fs")).readFileSync(asked, "utf8")) as string[];
    const file = temporaryFile("-y.avi", "RIFF");
    expect((await videoFrame(file, 7)).width).toBe(90);
    expect(await args()).toContain("select=eq(n\\,7)");
    expect(await args()).toContain(`file:${file}`);
    expect(await args()).not.toContain("-y.avi");
    expect((await args())[(await args()).indexOf("-max_pixels") + 1]).toBe(String(16_384 ** 2));
    await videoFrameAt(file, 1.2, 0.1);
    expect((await args())[(await args()).indexOf("-ss") + 1]).toBe("1.150000");
    await videoFrameAt(file, 0, 0.1);
    expect((await args())[(await args()).indexOf("-ss") + 1]).toBe("0.000000");
    await expect(videoFrame(file, 8)).rejects.toMatchObject({
      code: "inputMissing",
      detail: expect.stringMatching(/^The video has no frame 8/) as string,
    });
  });

  it("is decoded by the time of the recording", async () => {
    greyByTime();
    expect((await videoFrameAt(mp4, 0.7, 0.1)).data[0]).toBe(16 + 14 * 7);
  });

  // Every ffmpeg that npm brings is under the GPL or LGPL, which this project does not take, so that a machine may have
  // none. What is asked of it is tested above, and frame numbers and pixels against it in video-index.test.ts.
  it.skipIf(!hasFfmpeg)("is exactly that frame with the real ffmpeg", { timeout: 60_000 }, async () => {
    for (const n of [0, 1, 7, 8, 23]) {
      const { width, height, data } = await videoFrame(webm, n);
      expect([width, height]).toEqual([48, 32]);
      expect(Math.abs((data[0] ?? 0) - (16 + 9 * n)), `frame ${n}`).toBeLessThanOrEqual(3);
    }
    await expect(videoFrame(webm, 24)).rejects.toMatchObject({
      detail: "The video has no frame 24; there are 24, from 0.",
    });
    for (const n of [0, 5, 6, 14])
      expect(
        Math.abs(((await videoFrameAt(mp4, n / 10, 0.1)).data[0] ?? 0) - (16 + 14 * n)),
        `${n}`,
      ).toBeLessThanOrEqual(3);
    // The same frames as those that a view decodes (test/webview/decode-frame.test.ts).
    for (const [name, frame, shown] of [
      ["varying.webm", 4, 9],
      ["varying.mp4", 10, 21],
      ["cut.mp4", 0, 6],
      ["opengop.mp4", 7, 7],
      ["hevc.mp4", 5, 5],
    ] as const) {
      const { data } = await videoFrame(path.join(root, "test/fixtures/videos", name), frame);
      expect(Math.abs((data[0] ?? 0) - (16 + 9 * shown)), name).toBeLessThanOrEqual(3);
    }
    await expect(videoFrameAt(mp4, 1.6, 0.1)).rejects.toMatchObject({
      detail: "The video ends before 1.60 s: its last frame is shown at 1.40 s.",
    });
    await expect(videoFrame(temporaryFile("no.mp4", "no video"), 0)).rejects.toMatchObject({
      code: "frameUnreadable",
    });
  });
});
