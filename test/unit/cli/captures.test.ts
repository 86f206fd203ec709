/** Steps and passes on the command line: an index, a list, a range or all, each axis by itself and both together. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, it } from "vitest";
import { captureToFolder } from "../../../src/cli/capture-folder";
import { type AskedRuns, capturesAlong, fileOf, placesOf } from "../../../src/cli/captures";
import { type InputOptions, withInputOptions } from "../../../src/cli/input-options";
import type { EngineClient } from "../../../src/client/engine-client";
import { readNpz } from "../../../src/inputs/arrays";
import { newClient, onCpu, root, temporaryFolder } from "../engine/harness";

/** Ten denoising passes at every step of an episode. */
const model = path.join(root, "examples/vla-pi0/model.onnx");
const PASSES = 10;

let client: EngineClient;
beforeEach(async () => {
  client = newClient();
  await client.open(model, "full");
});

async function along(asked: AskedRuns): Promise<string[]> {
  const places: string[] = [];
  for await (const { capture, step, pass } of capturesAlong(client, onCpu, asked)) {
    const { steps, passes } = capture.recording;
    if (step !== null) expect(steps!.index).toBe(step);
    if (pass !== null) expect(passes!.index).toBe(pass);
    places.push(`${step}/${pass}`);
  }
  return places;
}

describe("the options", () => {
  const read = (...args: string[]) =>
    withInputOptions(new Command()).exitOverride().parse(args, { from: "user" }).opts<InputOptions>();

  it.each([
    ["3", [3]],
    ["0,8", [0, 8]],
    ["2:5", [2, 3, 4]],
    ["0,4:6", [0, 4, 5]],
    ["all", "all"],
  ])("--steps %s and --pass %s", (text, places) => {
    expect(read("--steps", text, "--pass", text)).toMatchObject({ steps: places, pass: places });
  });
});

describe("captures along steps and passes", () => {
  it("are one where nothing is asked for", async () => {
    expect(await along({})).toEqual(["null/null"]);
  });

  it("are at every pass that is asked for, at every step", async () => {
    expect(await along({ pass: [0, 9] })).toEqual(["null/0", "null/9"]);
    expect(await along({ pass: "all" })).toHaveLength(PASSES);
    expect(await along({ steps: [0, 2], pass: [1, 3] })).toEqual(["0/1", "0/3", "2/1", "2/3"]);
    expect(await along({ steps: [1] })).toEqual(["1/null"]);
  }, 120_000);

  it("are refused by name where there is no such place", async () => {
    await expect(along({ pass: [PASSES] })).rejects.toThrow(/There is no .* 10; there are 10, from 0/);
    expect(() => placesOf([0], "pass", null)).toThrow(/has no passes/);
    expect(() => placesOf("all", "steps", null)).toThrow(/has no steps/);
  });
});

describe("files", () => {
  it("carry step and pass where there are several of them", () => {
    const place = { step: 2, pass: 7 };
    expect(fileOf("{step}-{pass}.npz", place, { steps: "all", pass: [6, 7] })).toBe("2-7.npz");
    expect(fileOf("a.npz", place, { steps: [2], pass: [7] })).toBe("a.npz");
    expect(() => fileOf("{step}.npz", place, { steps: "all", pass: [6, 7] })).toThrow(
      /Several passes would be written to/,
    );
    expect(() => fileOf("a.npz", place, { steps: [1, 2] })).toThrow(/Several steps/);
  });

  it("are one for each pass of each step, and skipped when they are there", async () => {
    const folder = path.join(temporaryFolder(), "maps");
    const place = { folder, command: "attention-lens capture" };
    const asked = { steps: [0, 1], pass: [0, 5, 9] };
    const write = () => captureToFolder(client, onCpu, asked, place, () => undefined);
    expect(await write()).toEqual({ written: 6, skipped: 0, replaced: 0 });
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(6);
    expect(names[0]).toMatch(/^step_0+_pass_0\.npz$/);
    expect(names[5]).toMatch(/^step_0*1_pass_9\.npz$/);
    const read = (name: string) => readNpz(readFileSync(path.join(folder, name)), name).get("site_006")!;
    for await (const { capture, pass } of capturesAlong(client, onCpu, { steps: [1], pass: [9] })) {
      const site = capture.sites.find(({ id }) => id === "site_006")!;
      const row = await client.readRow({
        ...{ handle: site.handle, generation: capture.generation, batch: 0, head: 0, query: 0 },
      });
      const cells = [...new Float32Array(row.cells)].map((cell) => Math.max(0, cell));
      expect([...read(names[5]!).data.slice(0, site.keys)], `pass ${pass}`).toEqual(cells);
    }
    // Passes differ from each other.
    expect(read(names[3]!).data).not.toEqual(read(names[5]!).data);
    expect(await write()).toEqual({ written: 0, skipped: 6, replaced: 0 });
  }, 120_000);
});
