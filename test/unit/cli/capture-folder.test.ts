/** All steps as files: ended in the middle, gone on with, and made anew where the recipe is another. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { captureToFolder, folderWords, placeFile } from "../../../src/cli/capture-folder";
import { readNpz } from "../../../src/inputs/arrays";
import type { CaptureRequest } from "../../../src/shared/protocol";
import { newClient, onCpu, temporaryFolder } from "../engine/harness";
import { recorded, STEPS } from "../engine/recorded-episode";

const stepFile = (folder: string, step: number) =>
  placeFile(folder, { step, pass: null }, { steps: { name: "step", count: STEPS }, passes: null });

async function opened() {
  const { model, write } = recorded();
  const client = newClient();
  await client.open(model, "full");
  const folder = path.join(temporaryFolder(), "maps");
  const run = (request: CaptureRequest = onCpu, told: (line: string) => void = () => undefined) =>
    captureToFolder(client, request, { steps: "all" }, { folder, command: "attention-lens capture" }, told);
  return { model, write, client, folder, run };
}

describe("all steps in a folder", () => {
  it("are a file each; ended in the middle, a second call skips what is there", async () => {
    const { folder, run } = await opened();
    let files = 0;
    const ended = run(onCpu, () => {
      files += 1;
      if (files === 2) throw new Error("ended by the person");
    });
    await expect(ended).rejects.toThrow("ended by the person");
    expect(readdirSync(folder)).toEqual(["step_0.npz", "step_1.npz"]);
    const before = readFileSync(stepFile(folder, 1));

    const lines: string[] = [];
    expect(await run(onCpu, (line) => lines.push(line))).toEqual({ written: 4, skipped: 2, replaced: 0 });
    expect(lines[0]).toMatch(/^step_2\.npz: .* \(3 of 6\)$/);
    expect(readdirSync(folder)).toHaveLength(STEPS);
    expect(readFileSync(stepFile(folder, 1)).equals(before)).toBe(true);
    const map = (step: number) => {
      const name = stepFile(folder, step);
      return readNpz(readFileSync(name), name).get("site_000")!;
    };
    expect(map(0).dims).toHaveLength(4);
    expect(map(0).data).not.toEqual(map(1).data);
    expect(await run()).toEqual({ written: 0, skipped: STEPS, replaced: 0 });
  });

  it("are made anew where a file is cut short or no file of maps, or an option is another", async () => {
    const { folder, run } = await opened();
    await run();
    truncateSync(stepFile(folder, 1), 5000);
    writeFileSync(stepFile(folder, 2), "not maps");
    expect(await run()).toEqual({ written: 2, skipped: 4, replaced: 2 });
    expect(await run({ ...onCpu, sites: ["site_000"] })).toEqual({ written: 6, skipped: 0, replaced: 6 });
  });

  it("are made anew where the recording or the manifest changed", async () => {
    const { folder, run, write, model } = await opened();
    await run();
    write(9);
    expect((await run()).replaced).toBe(STEPS);
    const manifest = model.replace(/\.onnx$/, ".attention.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace("{", '{"title": "another",'));
    const client = newClient();
    await client.open(model, "full");
    const place = { folder, command: "attention-lens capture" };
    expect((await captureToFolder(client, onCpu, {}, place, () => undefined)).replaced).toBe(STEPS);
  });

  it("says how many there were", () => {
    expect(folderWords({ written: 4, skipped: 2, replaced: 1 })).toBe(
      "4 files written, 1 in place of one of another recipe or cut short. 2 files skipped: whole, and of the same model, input and options.",
    );
    expect(folderWords({ written: 1, skipped: 0, replaced: 0 })).toBe("1 file written.");
  });
});
