/** A policy on episodes of a LeRobot data set, with and without a manifest. Values: test/fixtures/lerobot. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import sharp from "sharp";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import { filterEpisodes } from "../../../src/shared/episode-filter";
import { greyByTime } from "../inputs/stand-in-ffmpeg";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const fixtures = path.join(root, "test/fixtures/lerobot");

/** The policy in a folder of its own, with a tokenizer beside it. */
function policyFolder(manifest?: object): { folder: string; model: string } {
  const folder = temporaryFolder();
  const model = path.join(folder, "policy.onnx");
  copyFileSync(path.join(fixtures, "policy.onnx"), model);
  copyFileSync(
    path.join(root, "test/fixtures/tokenizers/wordpiece/tokenizer.json"),
    path.join(folder, "tokenizer.json"),
  );
  if (manifest) {
    cpSync(path.join(fixtures, "v3"), path.join(folder, "set"), { recursive: true });
    writeFileSync(path.join(folder, "policy.attention.json"), JSON.stringify({ version: 1, ...manifest }));
  }
  return { folder, model };
}

describe("an episode of a LeRobot data set", () => {
  it.each(["v2", "v3"])("feeds a policy by name without a manifest (%s)", async (layout) => {
    greyByTime();
    const { folder, model } = policyFolder();
    const client = newClient();
    await client.open(model, "full");
    const file = path.join(fixtures, layout);
    const capture = await client.capture({ ...onCpu, input: { file, episode: 1, step: 3 } });
    expect(capture.input).toMatchObject({ from: "file", label: layout });
    expect(capture.input.tensors.map(({ name, dims }) => [name, dims])).toEqual([
      ["observation.state", [1, 3]],
      ["observation.images.top", [1, 3, 24, 32]],
      ["observation.images.wrist", [1, 3, 16, 16]],
      ["input_ids", [1, 12]],
    ]);
    const { recording } = capture;
    expect(recording.steps).toMatchObject({ name: "frame", count: 4, index: 3 });
    expect(recording.episode).toBe(1);
    expect(recording.episodes[1]).toMatchObject({
      steps: 4,
      fields: { task: "open the drawer", success: true },
    });
    expect(recording.prompt).toEqual({ text: ["open the drawer"], textPair: null });
    expect(recording.cameras).toEqual(["observation.images.top", "observation.images.wrist"]);
    expect(recording.values).toEqual([
      { name: "reward", value: 3 },
      { name: "next.success", value: 1 },
    ]);

    // The frame of any step, and not only of the one that was run.
    const frame = async (camera: string, step: number) => {
      const { bytes } = await client.readFrame({
        generation: capture.generation,
        camera,
        step,
        sample: 0,
        side: 64,
      });
      return [...(await sharp(Buffer.from(bytes)).removeAlpha().raw().toBuffer()).subarray(0, 3)];
    };
    const first = layout === "v2" ? 0 : 6;
    expect(await frame("observation.images.top", 1)).toEqual([0, 0, 0].fill(16 + 14 * (first + 1)));
    expect(await frame("observation.images.wrist", 3)).toEqual([90, 0, 0]);

    // The same arrays by hand give the same maps.
    const maps = async (name: string) => {
      const npz = path.join(folder, name);
      await client.writeData({ format: "npz", file: npz, command: "test" });
      return readNpz(readFileSync(npz), name);
    };
    const recorded = await maps("recorded.npz");
    const ids = (await client.tokenize({ text: "open the drawer", textPair: null })).tokens.map(
      ({ id }) => id,
    );
    const wrist = new Float32Array(3 * 16 * 16).fill(Math.fround(90 / 255), 0, 16 * 16);
    const top = new Float32Array(3 * 24 * 32).fill(Math.fround((16 + 14 * (first + 3)) / 255));
    const byHand = path.join(folder, "hand.npz");
    writeFileSync(
      byHand,
      writeNpz(
        new Map<string, Parameters<typeof writeNpz>[0] extends ReadonlyMap<string, infer V> ? V : never>([
          ["observation.state", { dims: [1, 3], data: Float32Array.of(1, 3, 9) }],
          ["observation.images.top", { dims: [1, 3, 24, 32], data: top }],
          ["observation.images.wrist", { dims: [1, 3, 16, 16], data: wrist }],
          ["input_ids", { dims: [1, ids.length], data: BigInt64Array.from(ids, BigInt) }],
        ]),
      ),
    );
    await client.capture({ ...onCpu, input: { file: byHand } });
    const again = await maps("again.npz");
    expect(recorded.size).toBeGreaterThan(0);
    for (const [name, { data }] of recorded) {
      const other = again.get(name)!.data as Float32Array;
      (data as Float32Array).forEach((value, at) => expect(Math.abs(value - other[at]!)).toBeLessThan(1e-6));
    }
  });

  it("is named in the manifest, which says the instruction and the inputs that differ", async () => {
    greyByTime();
    const { model } = policyFolder({
      inputs: { texts: [{ text: "please {task}", length: 5 }] },
      samples: { lerobot: "set", first: "episode_000002" },
      groups: [{ name: "done", where: "success = true and length > 3" }],
      steps: { axis: "frame", inputs: ["observation.state"], actions: { array: "action" } },
    });
    const client = newClient();
    await client.open(model, "full");
    const capture = await client.capture({ ...onCpu, input: null });
    expect(capture.input).toMatchObject({ from: "manifest", label: "set" });
    expect(capture.recording.episode).toBe(2);
    expect(capture.recording.prompt?.text).toEqual(["please push the red block"]);
    expect(capture.input.tensors.at(-1)).toMatchObject({ name: "input_ids", dims: [1, 5] });
    expect((await client.checkManifest(model)).problems).toEqual([]);
  });

  it("has its names and features checked where a manifest names them", async () => {
    const { model } = policyFolder({
      inputs: { arrays: { "observation.state": "observation.sate" } },
      samples: {
        lerobot: "set",
        label: "task",
        fields: {
          return: "next.reward",
          done: { array: "next.success", of: "max" },
          rated: { array: "stars", file: "none.csv" },
        },
      },
    });
    const client = newClient();
    expect(
      (await client.checkManifest(model)).problems.map(({ path: at, message }) => [at, message]),
    ).toEqual([
      [
        "inputs.arrays.observation.state",
        expect.stringMatching(
          /^The data set has no feature observation\.sate; .* Did you mean “observation\.state”\?$/,
        ),
      ],
      [
        "samples.fields.return",
        'next.reward has a value in each frame: say which is meant, { "array": "next.reward", "of": "last" }, or first, sum, mean, min, max.',
      ],
      ["samples.fields.rated.file", "There is no file none.csv beside the manifest."],
    ]);
  });

  it("has its episodes called and chosen by what the manifest says", async () => {
    greyByTime();
    const { model } = policyFolder({
      samples: {
        lerobot: "set",
        label: "task",
        fields: { total: { array: "next.reward", of: "sum" }, end: { array: "next.reward", of: "last" } },
      },
    });
    const client = newClient();
    await client.open(model, "full");
    const { recording, notices } = await client.capture({ ...onCpu, input: { episode: "open the drawer" } });
    expect(recording.episode).toBe(1);
    expect(recording.episodes.map(({ name, fields }) => [name, fields["total"], fields["end"]])).toEqual([
      ["push the red block", 15, 5],
      ["open the drawer", 6, 3],
      ["push the red block", 10, 4],
    ]);
    expect(filterEpisodes(recording.episodes, "total > 6 and length < 6")).toEqual([2]);
    expect(notices.join()).not.toContain("samples.");
  });

  it("makes a batch of several episodes, each with its own pictures and task", async () => {
    greyByTime();
    const { model } = policyFolder();
    const client = newClient();
    await client.open(model, "full");
    const input = { file: path.join(fixtures, "v3/meta/info.json"), samples: [0, 1], step: 2 };
    const capture = await client.capture({ ...onCpu, input });
    expect(capture.sites[0]?.batch).toBe(2);
    expect(capture.recording.prompt?.text).toEqual(["push the red block", "open the drawer"]);
    expect(capture.input.tensors[1]).toMatchObject({ dims: [2, 3, 24, 32] });
  });

  it("is refused with words where it is none, or its manifest names another", async () => {
    const { folder, model } = policyFolder({ samples: { lerobot: "elsewhere" } });
    mkdirSync(path.join(folder, "elsewhere"));
    const client = newClient();
    await client.open(model, "full");
    await expect(client.capture({ ...onCpu, input: { file: folder } })).rejects.toMatchObject({
      code: "inputMissing",
      detail: "The folder is no LeRobot data set: it has no meta/info.json.",
    });
    await expect(client.capture({ ...onCpu, input: null })).rejects.toMatchObject({ code: "fileNotFound" });
    expect((await client.checkManifest(model)).problems).toMatchObject([
      { path: "samples.lerobot", message: "elsewhere is no LeRobot data set: it has no meta/info.json." },
    ]);
    // A view opens with what is right.
    const made = await client.capture({ ...onCpu, input: null, fallback: true });
    expect(made.notices[0]).toMatch(/cannot be used, and one is made up: .*meta\/info.json/);
  });
});
