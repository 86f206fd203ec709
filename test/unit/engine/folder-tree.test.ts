/** Episodes as a tree of folders, as people leave them: frames in folders and GIFs, with what else lies there. */
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const FRAMES = 5;

/** Red 10 n is frame n; sizes differ from frame to frame. */
async function writeFrames(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let frame = 0; frame < FRAMES; frame++) {
    const [width, height] = frame % 2 ? [32, 24] : [64, 48];
    const background = { r: 10 * frame, g: 0, b: 0 };
    await sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toFile(path.join(folder, `frame_${String(frame).padStart(3, "0")}.png`));
  }
  writeFileSync(path.join(folder, "._frame_000.png"), "what another system left");
}

async function writeGif(file: string): Promise<void> {
  const frames = Buffer.concat(
    Array.from({ length: FRAMES }, (_, frame) => Buffer.alloc(16 * 16 * 3, 40 * frame)),
  );
  const raw = { width: 16, height: 16 * FRAMES, channels: 3, pageHeight: 16 } as const;
  await sharp(frames, { raw }).gif().toFile(file);
}

/** @param withArrays whether an episode has more than frames */
async function tree(withArrays: boolean): Promise<{ folder: string; model: string }> {
  const folder = temporaryFolder();
  for (const place of ["success/e1", "success/e2", "success/e10", "failure/e3"]) {
    const episode = path.join(folder, "runs", place);
    await writeFrames(path.join(episode, "top"));
    await writeGif(path.join(episode, "wrist.gif"));
    writeFileSync(path.join(episode, "notes.txt"), "no array");
    writeFileSync(path.join(episode, ".DS_Store"), "hidden");
    if (withArrays)
      writeFileSync(
        path.join(episode, "arrays.npz"),
        writeNpz(
          new Map([
            ["state", { dims: [FRAMES, 3], data: Float32Array.from({ length: FRAMES * 3 }, (_, at) => at) }],
            ["return", { dims: [], data: Float32Array.of(place.length) }],
          ]),
        ),
      );
  }
  mkdirSync(path.join(folder, "runs/success/.cache"));
  writeFileSync(path.join(folder, "runs/README.md"), "no episode");
  rmSync(path.join(folder, "runs/success/e2/top/frame_002.png"));
  symlinkSync("..", path.join(folder, "runs/success/loop"));
  symlinkSync(path.parse(folder).root, path.join(folder, "runs/everything"));
  const model = path.join(folder, "policy.onnx");
  copyFileSync(path.join(root, "test/fixtures/lerobot/policy.onnx"), model);
  const frames = { frames: "runs/{group}/{episode}/top" };
  const gif = { frames: "runs/{group}/{episode}/wrist.gif" };
  const manifest = {
    version: 1,
    samples: {
      files: "runs/{group}/{episode}/",
      ...(withArrays ? { fields: { return: "return" } } : {}),
    },
    inputs: {
      arrays: {
        "observation.state": withArrays ? "state" : { fill: "ones" },
        "observation.images.top": frames,
        "observation.images.wrist": gif,
        input_ids: { value: [[1, 2, 3]] },
      },
    },
    steps: {
      axis: "frame",
      ...(withArrays ? { inputs: ["observation.state"] } : {}),
      frames: { top: frames, wrist: gif },
    },
  };
  writeFileSync(path.join(folder, "policy.attention.json"), JSON.stringify(manifest));
  return { folder, model };
}

describe("a tree of folders", () => {
  it("is episodes by group and name, whatever else lies there; what is left out or missing is said", async () => {
    const { folder, model } = await tree(true);
    const client = newClient();
    await client.open(model, "full");
    const capture = await client.capture({ ...onCpu, input: { episode: "e10", step: 3 } });
    expect(capture.input).toMatchObject({ from: "manifest", label: "runs/success/e10/" });
    expect(capture.recording.episodes.map(({ group, name, fields }) => [group, name, fields])).toEqual([
      ["failure", "e3", { return: 10 }],
      ["success", "e1", { return: 10 }],
      ["success", "e2", { return: 10 }],
      ["success", "e10", { return: 11 }],
    ]);
    expect(capture.recording.steps).toMatchObject({ count: FRAMES, index: 3 });
    expect(capture.notices).toContain(
      "Of the samples runs/everything and 1 more are left out: links are not followed.",
    );
    const pixel = async (camera: string, step: number) => {
      const request = { generation: capture.generation, camera, step, sample: 0, side: 64 };
      const { bytes, recordedWidth } = await client.readFrame(request);
      const [red] = await sharp(Buffer.from(bytes)).removeAlpha().raw().toBuffer();
      return [red, recordedWidth];
    };
    expect(await pixel("top", 4)).toEqual([40, 64]);
    expect(await pixel("top", 1)).toEqual([10, 32]);
    expect(await pixel("wrist", 2)).toEqual([80, 16]);

    // Those after a missing frame keep their places.
    const gap = await client.capture({ ...onCpu, input: { episode: "e2", step: 3 } });
    const request = { generation: gap.generation, camera: "top", sample: 0, side: 64 };
    const { bytes } = await client.readFrame({ ...request, step: 3 });
    expect((await sharp(Buffer.from(bytes)).removeAlpha().raw().toBuffer())[0]).toBe(30);
    const missing = {
      code: "inputMissing",
      where: path.join(folder, "runs/success/e2/top"),
      detail: "The picture of frame 2 is missing: 4 of 5 are there, frame_000.png to frame_004.png.",
    };
    await expect(client.readFrame({ ...request, step: 2 })).rejects.toMatchObject(missing);
    await expect(client.capture({ ...onCpu, input: { episode: "e2", step: 2 } })).rejects.toMatchObject(
      missing,
    );
    expect((await client.checkManifest(model)).problems).toEqual([]);
  });

  it("of frames alone has these as steps", async () => {
    const { folder, model } = await tree(false);
    const client = newClient();
    await client.open(model, "full");
    const capture = await client.capture({ ...onCpu, input: { episode: "e1", step: 4 } });
    expect(capture.recording.steps).toMatchObject({ name: "frame", count: FRAMES, index: 4 });
    const first = await client.capture({ ...onCpu, input: { episode: "e1", step: 0 } });
    expect(first.sites[0]?.figures).not.toEqual(capture.sites[0]?.figures);
    await expect(client.capture({ ...onCpu, input: { episode: "e1", step: FRAMES } })).rejects.toMatchObject({
      detail: `There is no frame ${FRAMES}; there are ${FRAMES}, from 0.`,
    });
    mkdirSync(path.join(folder, "runs/failure/empty"));
    await expect(client.capture({ ...onCpu, input: { episode: "empty" } })).rejects.toMatchObject({
      code: "fileNotFound",
      where: path.join(folder, "runs/failure/empty/top"),
    });
  });
});
