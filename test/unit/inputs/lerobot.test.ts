/** Data sets of LeRobot; what each value of the fixtures is stands in test/fixtures/lerobot/make_lerobot.py. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { diskFile, memoryFile } from "../../../src/inputs/files/byte-file";
import { openParquet } from "../../../src/inputs/files/parquet";
import { fillPath } from "../../../src/inputs/lerobot/info";
import { openLeRobotSamples } from "../../../src/inputs/lerobot/samples";
import type { DataSetSamples } from "../../../src/inputs/sample-set";
import type { TensorSignature } from "../../../src/shared/model";
import { root, temporaryFolder } from "../engine/harness";
import { greyByTime } from "./stand-in-ffmpeg";

const fixtures = path.join(root, "test/fixtures/lerobot");
const open = (folder: string, asked = true): Promise<DataSetSamples> =>
  openLeRobotSamples({ folder, asked, beside: path.dirname(folder), samples: undefined });
const layouts = ["v2", "v3"].map((name) => path.join(fixtures, name));

/** A copy that a test may spoil. */
function copied(layout: "v2" | "v3"): string {
  const folder = path.join(temporaryFolder(), "set");
  cpSync(path.join(fixtures, layout), folder, { recursive: true });
  return folder;
}

const edit = (file: string, from: string | RegExp, to: string) =>
  writeFileSync(file, readFileSync(file, "utf8").replace(from, to));

describe.each(layouts)("a data set (%s)", (folder) => {
  it("lists its episodes with length, task, success and return", async () => {
    const set = await open(folder);
    expect(set.episodes).toEqual([
      {
        name: "episode 0",
        group: null,
        steps: 6,
        fields: { task: "push the red block", success: false, return: 15 },
      },
      {
        name: "episode 1",
        group: null,
        steps: 4,
        fields: { task: "open the drawer", success: true, return: 6 },
      },
      {
        name: "episode 2",
        group: null,
        steps: 5,
        fields: { task: "push the red block", success: false, return: 10 },
      },
    ]);
    expect(set.keys[2]).toBe("episode_000002");
  });

  it("gives the arrays of an episode, in the shape that it declares", async () => {
    const set = await open(folder);
    await set.dataSet.prepare([1, 2]);
    const arrays = set.arrays(1);
    expect(arrays.header("observation.state")).toEqual({ dtype: "float32", dims: [4, 3] });
    expect([...(arrays.read("observation.state").data as Float32Array)]).toEqual([
      1, 0, 6, 1, 1, 7, 1, 2, 8, 1, 3, 9,
    ]);
    const last = arrays.read("action", { axis: 0, indices: [3] });
    expect(last.dims).toEqual([1, 2]);
    expect([...(last.data as Float32Array)].map((value) => Math.round(value * 10) / 10)).toEqual([0.9, -3]);
    expect(arrays.read("next.success")).toMatchObject({ dtype: "bool", data: new Uint8Array([0, 0, 0, 1]) });
    expect(set.arrays(2).read("index")).toMatchObject({
      dtype: "int64",
      data: new BigInt64Array([10n, 11n, 12n, 13n, 14n]),
    });
    expect(() => arrays.read("action", { axis: 0, indices: [4] })).toThrow(
      /no frame 4 of action; there are 4/,
    );
  });

  it("gives the frames of its cameras: of the rows, and of the video at the frame's own time", async () => {
    const set = await open(folder);
    const picture = await set.dataSet.picture("observation.images.wrist", 1, 2);
    expect([picture.width, picture.height, ...picture.data.slice(0, 3)]).toEqual([16, 16, 80, 0, 0]);
    greyByTime();
    // In a file of its own the episode begins at 0, in a shared one where the metadata say.
    const first = folder.endsWith("v2") ? 0 : 6;
    const top = await set.dataSet.picture("observation.images.top", 1, 2);
    expect([top.width, top.data[0]]).toEqual([32, 16 + 14 * (first + 2)]);
    await expect(set.dataSet.picture("observation.images.top", 1, 4)).rejects.toMatchObject({
      detail: "Episode 1 has no frame 4; there are 4, from 0.",
    });
    expect(set.files.map((file) => path.extname(file)).sort()).toEqual([".json", ".mp4", ".parquet"]);
  });

  it("says what is to be done", async () => {
    const set = await open(folder);
    await set.dataSet.prepare([1]);
    expect(set.dataSet.task(1, 0)).toBe("open the drawer");
    expect(set.dataSet.task(2, 0)).toBe("push the red block");
  });
});

describe("the inputs of a model", () => {
  const input = (name: string, dims: TensorSignature["dims"], dtype = "float32"): TensorSignature => ({
    name,
    dims,
    dtype,
  });

  it("are features by name, dots and case aside, and frames are steps", async () => {
    const set = await open(layouts[1]!);
    const inputs = [
      input("observation_state", ["batch", 3]),
      input("observation.images.top", [1, 3, 24, 32]),
      input("action", [1, 4, 2]),
      input("input_ids", [1, 8], "int64"),
    ];
    const { manifest, notices } = set.dataSet.manifest(inputs, undefined);
    expect(notices).toEqual([]);
    expect(manifest.inputs?.arrays).toEqual({
      observation_state: "observation.state",
      "observation.images.top": "observation.images.top",
      action: "action",
    });
    expect(manifest.steps).toMatchObject({
      axis: "frame",
      inputs: ["observation_state"],
      windows: { action: { length: 4, pad: true } },
      frames: { "observation.images.top": "observation.images.top", wrist: "observation.images.wrist" },
      actions: { array: "action" },
      rewards: "next.reward",
      seconds: 0.1,
    });
  });

  it("are told apart by the end of a name and by shape, which is said to be assumed", async () => {
    const set = await open(layouts[1]!);
    const { manifest, notices } = set.dataSet.manifest(
      [input("state", [1, 3]), input("prior", [1, 2]), input("pixel_values", [1, 3, 16, 16])],
      undefined,
    );
    expect(manifest.inputs?.arrays).toEqual({ state: "observation.state", prior: "action" });
    expect(notices).toEqual([
      "state is given observation.state, the only feature that ends in that name; name another in the manifest: inputs.arrays.",
      "prior is given action, the only feature of its shape; name another in the manifest: inputs.arrays.",
    ]);
  });

  it("are the manifest's where it says them, and so are its steps", async () => {
    const set = await open(layouts[1]!);
    const said = set.dataSet.manifest([input("state", [1, 3]), input("x", [1, 3])], {
      version: 1,
      inputs: { arrays: { state: { fill: "zeros" }, x: "observation.state" } },
      steps: { axis: "moment", inputs: ["x"] },
    });
    expect(said.notices).toEqual([]);
    expect(said.manifest.inputs?.arrays).toEqual({ state: { fill: "zeros" }, x: "observation.state" });
    expect(said.manifest.steps).toMatchObject({
      axis: "moment",
      inputs: ["x"],
      frames: { top: "observation.images.top" },
    });
    expect(said.manifest.steps?.actions).toBeUndefined();
  });
});

describe("rows of a Parquet file", () => {
  const file = path.join(fixtures, "v3/data/chunk-000/file-001.parquet");

  it("are read by row group and column, and no other bytes", async () => {
    const bytes = diskFile(file, "data");
    const read: [number, number][] = [];
    const counted = {
      ...bytes,
      read: (start: number, end: number) => {
        read.push([start, end]);
        return bytes.read(start, end);
      },
    };
    const parquet = await openParquet(counted);
    expect(parquet.rows).toBe(9);
    const footer = read.splice(0);
    expect(footer.reduce((all, [start, end]) => all + end - start, 0)).toBeLessThan(bytes.size);
    // The second row group alone.
    const rows = await parquet.read(["action"], 4, 9);
    expect(rows).toHaveLength(5);
    expect(read.reduce((all, [start, end]) => all + end - start, 0)).toBeLessThan(400);
    expect(Math.min(...read.map(([start]) => start))).toBeGreaterThan(1000);
    bytes.close();
  });

  it("of a file that is none, cut, or says more than it holds are refused", async () => {
    const whole = new Uint8Array(readFileSync(file));
    const refused = async (bytes: Uint8Array) => {
      const parquet = await openParquet(memoryFile(bytes, "rows.parquet"));
      await parquet.read(parquet.columns);
    };
    await expect(refused(new TextEncoder().encode("PAR1 is not enough"))).rejects.toMatchObject({
      code: "fileUnreadable",
      where: "rows.parquet",
    });
    await expect(refused(whole.slice(0, whole.length / 2))).rejects.toMatchObject({ code: "fileUnreadable" });
    const long = whole.slice();
    new DataView(long.buffer).setUint32(long.length - 8, 2 ** 31, true);
    await expect(refused(long)).rejects.toMatchObject({ detail: expect.stringMatching(/footer/) as string });
    // Bytes of pages that were overwritten give an error or other numbers, and never anything else.
    let errors = 0;
    for (let at = 4; at < whole.length - 8; at += 37) {
      const flipped = whole.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 0xff;
      try {
        await refused(flipped);
      } catch (error) {
        expect(["fileUnreadable", "inputTooLarge"]).toContain((error as { code: string }).code);
        errors += 1;
      }
    }
    expect(errors).toBeGreaterThan(10);
  });
});

describe("a data set that is not whole", () => {
  it("says which file was not downloaded, and keeps the episodes that are there", async () => {
    const shared = copied("v3");
    rmSync(path.join(shared, "data/chunk-000/file-001.parquet"));
    const set = await open(shared);
    await set.dataSet.prepare([0]);
    await expect(set.dataSet.prepare([1])).rejects.toMatchObject({
      code: "fileNotFound",
      detail: "The data set lists this file, and it is not there.",
      where: "data/chunk-000/file-001.parquet",
      fix: expect.stringMatching(/Download the data set whole/) as string,
    });
    rmSync(path.join(shared, "videos"), { recursive: true });
    await expect(set.dataSet.picture("observation.images.top", 0, 0)).rejects.toMatchObject({
      code: "fileNotFound",
      detail: "The video does not exist.",
    });
    expect((await set.dataSet.picture("observation.images.wrist", 0, 3)).data[0]).toBe(30);

    const meta = copied("v3");
    rmSync(path.join(meta, "meta/tasks.parquet"));
    await expect(open(meta)).rejects.toMatchObject({ code: "fileNotFound", where: "meta/tasks.parquet" });

    // What a clone without LFS leaves.
    const cloned = copied("v2");
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4179\n";
    writeFileSync(path.join(cloned, "data/chunk-000/episode_000000.parquet"), pointer);
    await expect((await open(cloned)).dataSet.prepare([0])).rejects.toMatchObject({
      detail: "It is a Git LFS pointer, and not the file itself.",
      where: "data/chunk-000/episode_000000.parquet",
      fix: expect.stringMatching(/git lfs pull/) as string,
    });
  });

  it("says how a column is compressed that cannot be read, and reads the others", async () => {
    const set = copied("v2");
    const file = path.join(set, "data/chunk-000/episode_000000.parquet");
    const bytes = readFileSync(file);
    // The footer names path and codec one after the other: 1 is SNAPPY, 3 is LZO, each written twice as large.
    const at = bytes.indexOf(Buffer.from("next.reward\x15\x02", "latin1"));
    expect(at).toBeGreaterThan(0);
    bytes[at + "next.reward".length + 1] = 6;
    writeFileSync(file, bytes);
    const opened = await open(set);
    await expect(opened.dataSet.prepare([0])).rejects.toMatchObject({
      code: "fileUnreadable",
      detail: "The column next.reward is compressed with LZO, which is not read.",
      where: "data/chunk-000/episode_000000.parquet",
      fix: expect.stringMatching(/compression="zstd"/) as string,
    });
    expect((await opened.dataSet.picture("observation.images.wrist", 0, 3)).data[0]).toBe(30);
  });

  it("says which file is missing, or what in it is wrong", async () => {
    const set = copied("v2");
    rmSync(path.join(set, "meta/tasks.jsonl"));
    await expect(open(set)).rejects.toMatchObject({ code: "fileNotFound", where: "meta/tasks.jsonl" });

    const lines = copied("v2");
    edit(path.join(lines, "meta/episodes.jsonl"), /\n.*"open.*\n/, "\n{oops\n");
    await expect(open(lines)).rejects.toMatchObject({ where: "meta/episodes.jsonl, line 2" });

    const version = copied("v3");
    edit(path.join(version, "meta/info.json"), "v3.0", "v1.6");
    await expect(open(version)).rejects.toMatchObject({
      detail: "The data set has version v1.6, and versions 2 and 3 are read.",
    });

    const shape = copied("v3");
    edit(path.join(shape, "meta/info.json"), /"shape": \[\s*2\s*\]/, '"shape": [7]');
    const wrong = await open(shape);
    await expect(wrong.dataSet.prepare([0])).rejects.toMatchObject({
      code: "inputMismatch",
      detail: "action of frame 0 has 2 values; info.json declares float32 [7].",
      where: "data/chunk-000/file-000.parquet",
    });

    const rows = copied("v2");
    rmSync(path.join(rows, "data/chunk-000/episode_000001.parquet"));
    const partial = await open(rows);
    await partial.dataSet.prepare([0, 2]);
    await expect(partial.dataSet.prepare([1])).rejects.toMatchObject({ code: "fileNotFound" });
  });

  it("finds the rows of an episode whose place the metadata have wrong", async () => {
    const set = copied("v3");
    // The second file in the place of the first: episode 0 is in none, and the others begin elsewhere.
    renameSync(
      path.join(set, "data/chunk-000/file-001.parquet"),
      path.join(set, "data/chunk-000/file-000.parquet"),
    );
    const opened = await open(set);
    await expect(opened.dataSet.prepare([0])).rejects.toMatchObject({ detail: "No row is of episode 0." });
  });

  it("is read again when it was mended", async () => {
    const set = copied("v2");
    const info = path.join(set, "meta/info.json");
    const whole = readFileSync(info, "utf8");
    writeFileSync(info, "{");
    await expect(open(set)).rejects.toMatchObject({ detail: "It is not JSON." });
    writeFileSync(info, whole);
    expect((await open(set)).count).toBe(3);
  });
});

describe("paths of a data set", () => {
  it("are filled as Python fills them", () => {
    expect(
      fillPath("a/{episode_chunk:03d}/{video_key}/e_{episode_index:06d}", {
        episode_chunk: 2,
        video_key: "x.y",
        episode_index: 1_234_567,
      }),
    ).toBe("a/002/x.y/e_1234567");
    expect(() => fillPath("{nothing}", {})).toThrow(/names nothing, which is not known/);
  });

  it("never lead out of it, by name or by link", async () => {
    const outside = temporaryFolder();
    const set = copied("v2");
    edit(path.join(set, "meta/info.json"), "data/chunk-", "../data/chunk-");
    await expect((await open(set)).dataSet.prepare([0])).rejects.toMatchObject({ code: "manifestInvalid" });

    const linked = copied("v2");
    const data = path.join(linked, "data/chunk-000/episode_000000.parquet");
    renameSync(data, path.join(outside, "rows.parquet"));
    symlinkSync(path.join(outside, "rows.parquet"), data);
    await expect((await open(linked)).dataSet.prepare([0])).rejects.toMatchObject({ code: "inputRefused" });
    await expect((await open(linked, false)).dataSet.prepare([0])).rejects.toMatchObject({
      code: "manifestInvalid",
    });
  });

  it("may be links into the cache of a download, where somebody chose the folder", async () => {
    const cache = path.join(temporaryFolder(), "datasets--a--b");
    const snapshot = path.join(cache, "snapshots/abc");
    mkdirSync(path.dirname(snapshot), { recursive: true });
    cpSync(layouts[0]!, snapshot, { recursive: true });
    mkdirSync(path.join(cache, "blobs"));
    const info = path.join(snapshot, "meta/info.json");
    renameSync(info, path.join(cache, "blobs/1"));
    symlinkSync("../../../blobs/1", info);
    expect((await open(snapshot)).count).toBe(3);
    await expect(open(snapshot, false)).rejects.toMatchObject({ code: "manifestInvalid" });
  });
});
