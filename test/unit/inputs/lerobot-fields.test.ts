/** What a manifest has the episodes of a LeRobot data set called and chosen by. Values: test/fixtures/lerobot/make_lerobot.py. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openLeRobotSamples } from "../../../src/inputs/lerobot/samples";
import type { ManifestSamples } from "../../../src/inputs/manifest/steps-schema";
import type { DataSetSamples } from "../../../src/inputs/sample-set";
import { filterEpisodes } from "../../../src/shared/episode-filter";
import { root, temporaryFolder } from "../engine/harness";

/** Files below `data` that were opened. */
const opened: string[] = [];
vi.mock(import("../../../src/inputs/files/byte-file"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    diskFile: (file: string, name: string) => {
      if (name.startsWith("data/")) opened.push(name);
      return actual.diskFile(file, name);
    },
  };
});
beforeEach(() => {
  opened.length = 0;
});

const fixtures = path.join(root, "test/fixtures/lerobot");

function copied(layout: "v2" | "v3"): string {
  const folder = path.join(temporaryFolder(), "set");
  cpSync(path.join(fixtures, layout), folder, { recursive: true });
  return folder;
}

const open = (folder: string, samples: Partial<ManifestSamples>): Promise<DataSetSamples> =>
  openLeRobotSamples({ folder, asked: true, beside: path.dirname(folder), samples });
const of = (set: DataSetSamples, field: string) => set.episodes.map(({ fields }) => fields[field]);

describe.each(["v2", "v3"] as const)("fields of episodes (%s)", (layout) => {
  const folder = path.join(fixtures, layout);

  it("come from the metadata and their statistics, and no row is read for them", async () => {
    const set = await open(folder, {
      label: "task",
      fields: {
        steps_taken: "length",
        what: "tasks",
        total: { array: "next.reward", of: "sum" },
        best: { array: "next.reward", of: "max" },
        usual: { array: "next.reward", of: "mean" },
        done: { array: "next.success", of: "max" },
      },
    });
    expect(set.notices).toEqual([]);
    expect(set.episodes.map(({ name }) => name)).toEqual([
      "push the red block",
      "open the drawer",
      "push the red block",
    ]);
    expect(of(set, "steps_taken")).toEqual([6, 4, 5]);
    expect(of(set, "what")).toEqual(["push the red block", "open the drawer", "push the red block"]);
    expect(of(set, "total")).toEqual([15, 6, 10]);
    expect(of(set, "best")).toEqual([5, 3, 4]);
    expect(of(set, "usual")).toEqual([2.5, 1.5, 2]);
    expect(of(set, "done")).toEqual([false, true, false]);
    expect(filterEpisodes(set.episodes, "length < 6 and total > 6 and not (done = true)")).toEqual([2]);
    // A label stands in the place of the name; the key is still the episode's own.
    expect(set.keys[1]).toBe("episode_000001");
    expect(opened).toEqual([]);
  });

  it("that statistics do not have are read of one column, once", async () => {
    const fields = {
      end: { array: "next.reward", of: "last" },
      begin: { array: "index", of: "first" },
    } as const;
    const set = await open(copied(layout), { fields });
    expect(of(set, "end")).toEqual([5, 3, 4]);
    expect(of(set, "begin")).toEqual([0, 6, 10]);
    const files = new Set(opened).size;
    expect(files).toBe(layout === "v2" ? 3 : 2);
    expect(opened).toHaveLength(2 * files);
    await open(set.files[0]!.replace(/[\\/]meta[\\/]info\.json$/, ""), { fields });
    expect(opened).toHaveLength(2 * files);
  });

  it("may lie in a file beside the manifest, a value for each episode", async () => {
    const set = copied(layout);
    writeFileSync(path.join(path.dirname(set), "rated.csv"), "stars,grade\n3,1\n5,2\n1,3\n");
    const rated = await open(set, { fields: { stars: { array: "stars", file: "rated.csv" } } });
    expect(of(rated, "stars")).toEqual([3, 5, 1]);
    writeFileSync(path.join(path.dirname(set), "short.csv"), "stars\n3\n5\n");
    const short = await open(set, { fields: { stars: { array: "stars", file: "short.csv" } } });
    expect(of(short, "stars")).toEqual([undefined, undefined, undefined]);
    expect(short.notices).toEqual([
      "samples.fields.stars: short.csv: stars is [2], and there are 3 episodes.",
    ]);
  });

  it("that are not one value, or not there, are left out, which is said", async () => {
    const set = await open(folder, {
      label: { array: "observation.images.top", of: "first" },
      fields: {
        each: "next.reward",
        arm: { array: "action", of: "mean" },
        none: "next.rewards",
      },
    });
    expect(set.episodes.map(({ name }) => name)).toEqual(["episode 0", "episode 1", "episode 2"]);
    expect(set.notices).toEqual([
      'samples.fields.each: next.reward has a value in each frame: say which is meant, { "array": "next.reward", "of": "last" }, or sum, mean, min, max.',
      "samples.fields.arm: action is float32 [2] in each frame, and a field is one value.",
      "samples.fields.none: The data set has no feature and no field of its episodes called next.rewards; fields are episode_index, length, task, tasks.",
      "samples.label: observation.images.top is video [24, 32, 3] in each frame, and a field is one value.",
    ]);
  });
});

describe("a data set without statistics", () => {
  /** Version 2.0 has a figure for the whole set alone. */
  const plain = () => {
    const set = copied("v2");
    rmSync(path.join(set, "meta/episodes_stats.jsonl"));
    return set;
  };
  const fields = {
    total: { array: "next.reward", of: "sum" },
    done: { array: "next.success", of: "max" },
  } as const;

  it("has its rows read for what the manifest asks, and for nothing else", async () => {
    const unasked = await open(plain(), {});
    expect(of(unasked, "return")).toEqual([undefined, undefined, undefined]);
    expect(opened).toEqual([]);
    const set = await open(plain(), { fields });
    expect(of(set, "total")).toEqual([15, 6, 10]);
    expect(of(set, "done")).toEqual([false, true, false]);
  });

  it("says which of its files are missing, and has the values of the others", async () => {
    const folder = plain();
    const file = path.join(folder, "data/chunk-000/episode_000001.parquet");
    renameSync(file, `${file}.away`);
    const set = await open(folder, { fields });
    expect(of(set, "total")).toEqual([15, undefined, 10]);
    expect(set.notices[0]).toBe(
      "samples.fields.total: The rows of 1 file of 3 cannot be read: data/chunk-000/episode_000001.parquet: The data set lists this file, and it is not there.",
    );
    renameSync(`${file}.away`, file);
    expect(of(await open(folder, { fields }), "total")).toEqual([15, 6, 10]);
  });

  it("of thousands of files is not read through", { timeout: 60_000 }, async () => {
    const folder = plain();
    const count = 6000;
    const lines = Array.from({ length: count }, (_, index) =>
      JSON.stringify({ episode_index: index, tasks: ["open the drawer"], length: 4 + (index % 30) }),
    );
    mkdirSync(path.join(folder, "meta"), { recursive: true });
    writeFileSync(path.join(folder, "meta/episodes.jsonl"), `${lines.join("\n")}\n`);
    const info = path.join(folder, "meta/info.json");
    writeFileSync(
      info,
      readFileSync(info, "utf8").replace('"total_episodes": 3', `"total_episodes": ${count}`),
    );
    const began = performance.now();
    const set = await open(folder, { fields });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(set.count).toBe(count);
    expect(opened).toEqual([]);
    expect(filterEpisodes(set.episodes, "length < 20")).toHaveLength((count / 30) * 16);
    expect(set.notices[0]).toMatch(/^samples\.fields\.total: .* the rows of 6,000 files are not read for it/);
  });
});
