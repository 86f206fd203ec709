/** Videos that a manifest names, decoded by whoever started the engine. Frame n of most is grey 16 + 9 n. */
import { copyFileSync, cpSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import sharp from "sharp";
import type { EngineClient } from "../../../src/client/engine-client";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import type { DecodedFrame, EncodedFrame } from "../../../src/shared/video-frame";
import { onPath } from "../inputs/stand-in-ffmpeg";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const fixtures = path.join(root, "test/fixtures");

/** The policy of the LeRobot fixtures with a manifest of its own, and videos beside it. */
function policy(manifest: object, ...videos: string[]): { folder: string; model: string } {
  const folder = temporaryFolder();
  for (const video of videos) copyFileSync(path.join(fixtures, "videos", video), path.join(folder, video));
  const model = path.join(folder, "policy.onnx");
  copyFileSync(path.join(fixtures, "lerobot/policy.onnx"), model);
  writeFileSync(path.join(folder, "policy.attention.json"), JSON.stringify({ version: 1, ...manifest }));
  return { folder, model };
}

const asked: EncodedFrame[] = [];
/** A view that shows the rank of a picture as grey, as the fixtures do. */
function view(): { client: EngineClient } {
  asked.length = 0;
  onPath(temporaryFolder(), false);
  const decodeFrame = (encoded: EncodedFrame): Promise<DecodedFrame> => {
    asked.push(encoded);
    const { rank, width, height } = encoded;
    const data = new Uint8Array(width * height * 4).fill(16 + 9 * rank).buffer;
    const pixels = { planes: [{ offset: 0, stride: width * 4 }], matrix: null, fullRange: null, data };
    return Promise.resolve({ status: "decoded", pixels: { format: "RGBX", width, height, ...pixels } });
  };
  return { client: newClient({ decodeFrame }) };
}

async function grey(client: EngineClient, generation: number, camera: string, step: number): Promise<number> {
  const { bytes } = await client.readFrame({ generation, camera, step, sample: 0, side: 64 });
  return (await sharp(Buffer.from(bytes)).removeAlpha().raw().toBuffer())[0]!;
}

describe("a video that a manifest names", () => {
  const camera = "observation.images.top";
  const video = (name: string) => ({ video: name });

  it("feeds an input and is shown, a frame a step: an episode of a video alone has its frames as steps", async () => {
    const { folder, model } = policy(
      {
        inputs: { arrays: { [camera]: video("varying.webm") } },
        steps: { axis: "frame", inputs: [camera], frames: { top: video("varying.webm") } },
      },
      "varying.webm",
    );
    const { client } = view();
    await client.open(model, "full");
    const capture = await client.capture({ ...onCpu, input: { step: 4 } });
    expect(capture.recording.steps).toMatchObject({ name: "frame", count: 11, index: 4 });
    expect(capture.recording.cameras).toContain("top");
    expect(await grey(client, capture.generation, "top", 4)).toBe(16 + 9 * 4);
    expect(await grey(client, capture.generation, "top", 10)).toBe(16 + 9 * 10);
    // The model was fed that frame: by hand it gives the same maps.
    const maps = async (name: string) => {
      const npz = path.join(folder, name);
      await client.writeData({ format: "npz", file: npz, command: "test" });
      return readNpz(readFileSync(npz), name);
    };
    const recorded = await maps("recorded.npz");
    const byHand = path.join(folder, "hand.png");
    const background = { r: 52, g: 52, b: 52 };
    await sharp({ create: { width: 48, height: 32, channels: 3, background } }).toFile(byHand);
    await client.capture({ ...onCpu, input: { images: { [camera]: byHand } } });
    const again = await maps("again.npz");
    for (const [name, { data }] of recorded)
      (data as Float32Array).forEach((value, at) =>
        expect(Math.abs(value - (again.get(name)!.data as Float32Array)[at]!)).toBeLessThan(1e-6),
      );
    await expect(client.capture({ ...onCpu, input: { step: 11 } })).rejects.toMatchObject({
      detail: "There is no frame 11; there are 11, from 0.",
    });
  });

  it("that is shorter or longer than the episode says so, and where a step has no picture", async () => {
    const { folder, model } = policy(
      {
        inputs: { file: "episode.npz" },
        steps: {
          axis: "frame",
          inputs: ["observation.state"],
          frames: { short: video("turned.mp4"), long: video("bframes.mp4"), broken: video("cut.mp4") },
        },
      },
      ...["turned.mp4", "bframes.mp4", "cut.mp4"],
    );
    truncateSync(path.join(folder, "cut.mp4"), 600);
    const arrays = new Map<string, { dims: number[]; data: Float32Array | BigInt64Array }>([
      ["observation.state", { dims: [7, 3], data: new Float32Array(21) }],
      [camera, { dims: [1, 3, 24, 32], data: new Float32Array(3 * 24 * 32) }],
      ["observation.images.wrist", { dims: [1, 3, 16, 16], data: new Float32Array(3 * 256) }],
      ["input_ids", { dims: [1, 5], data: new BigInt64Array(5) }],
    ]);
    writeFileSync(path.join(folder, "episode.npz"), writeNpz(arrays));
    const { client } = view();
    await client.open(model, "full");
    const { notices, generation } = await client.capture({ ...onCpu, input: { step: 5 } });
    expect(notices.filter((notice) => notice.includes("mp4"))).toEqual([
      "short: turned.mp4 has 4 frames for 7 steps; from 4 on there is no picture.",
      "long: bframes.mp4 has 24 frames for 7 steps; what is over is not shown.",
    ]);
    await expect(grey(client, generation, "short", 5)).rejects.toMatchObject({
      detail: "The video has no frame 5; there are 4, from 0.",
      where: "turned.mp4",
    });
    await expect(grey(client, generation, "broken", 0)).rejects.toMatchObject({ where: "cut.mp4" });
    expect(await grey(client, generation, "long", 5)).toBeGreaterThan(16);
    // And it stands among the manifest's problems, where the others do not.
    expect(
      (await client.checkManifest(model)).problems.map(({ path: at, message }) => [at, message]),
    ).toEqual([
      [
        "steps.frames.broken.video",
        "cut.mp4 cannot be read. There is no table of its frames (moov): the video is cut short or damaged.",
      ],
    ]);
  });

  it("of a LeRobot data set is decoded there too, by the time of the recording, and its length is told", async () => {
    const { folder, model } = policy({ samples: { lerobot: "set" } });
    cpSync(path.join(fixtures, "lerobot/v3"), path.join(folder, "set"), { recursive: true });
    copyFileSync(
      path.join(fixtures, "tokenizers/wordpiece/tokenizer.json"),
      path.join(folder, "tokenizer.json"),
    );
    const file = path.join(folder, "set/videos/observation.images.top/chunk-000/file-000.mp4");
    // Written long ago: what was just written may change unseen, and is not kept.
    utimesSync(file, 1, 1);
    const { client } = view();
    await client.open(model, "full");
    const capture = await client.capture({ ...onCpu, input: { episode: 2, step: 4 } });
    expect(asked.map(({ codec, rank }) => [codec, rank])).toEqual([["av01.0.00M.08", 14]]);
    expect(await grey(client, capture.generation, "observation.images.top", 4)).toBe(16 + 9 * 14);
    // It was decoded for the model already.
    expect(asked).toHaveLength(1);
    expect(capture.notices.join(" ")).not.toContain("no picture");
    // Another video in its place, of four frames at 12 a second.
    copyFileSync(path.join(fixtures, "videos/turned.mp4"), file);
    const short = await client.capture({ ...onCpu, input: { episode: 0, step: 1 } });
    expect(short.notices).toContain(
      "observation.images.top: videos/observation.images.top/chunk-000/file-000.mp4 has 4 frames for the 6 of episode 0; from 4 on there is no picture.",
    );
    await expect(client.capture({ ...onCpu, input: { episode: 0, step: 5 } })).rejects.toMatchObject({
      detail: "The video ends before 0.50 s: its last frame is shown at 0.25 s.",
    });
  });
});
