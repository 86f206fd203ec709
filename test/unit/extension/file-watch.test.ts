import { appendFile, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileWatch, filesOf } from "../../../src/extension/file-watch";

const SETTLE_MS = 40;
let folder: string;
let model: string;
let told: string[];
let watch: FileWatch;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** As VS Code's watcher would: a check per event, and some time for it to settle. */
async function seen(): Promise<void> {
  watch.check();
  await wait(SETTLE_MS * 5);
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "attention [lens] #1% é "));
  model = path.join(folder, "actor{1}.onnx");
  await writeFile(model, "one");
  told = [];
  watch = new FileWatch({
    files: filesOf(model),
    settleMs: SETTLE_MS,
    onChanged: (missing) => told.push(missing ? "missing" : "changed"),
    onRestored: () => told.push("restored"),
    onSettled: () => told.push("settled"),
    onError: (error) => told.push(String(error)),
  });
  await watch.accept();
});
afterEach(async () => {
  watch.dispose();
  await rm(folder, { recursive: true, force: true });
});

it("says nothing while nothing changes", async () => {
  await seen();
  expect(told).toEqual([]);
});

it("tells a change at once and calls it settled once", async () => {
  await writeFile(model, "another");
  watch.check();
  await wait(SETTLE_MS / 2);
  expect(told).toEqual(["changed"]);
  await seen();
  await seen();
  expect(told).toEqual(["changed", "settled"]);
});

it("waits until a file that is written in pieces is whole", async () => {
  for (let piece = 1; piece <= 6; piece++) {
    // Appended: to write it anew would empty it for a moment, which is another thing to tell.
    await appendFile(model, "x".repeat(piece * 1000));
    watch.check();
    await wait(SETTLE_MS / 4);
  }
  expect(told).toEqual(["changed"]);
  await seen();
  expect(told).toEqual(["changed", "settled"]);
});

it("sees a file that is renamed over, of the same size and time", async () => {
  const other = path.join(folder, "tmp");
  await writeFile(other, "two");
  const time = new Date(1_700_000_000_000);
  await utimes(model, time, time);
  await watch.accept();
  await utimes(other, time, time);
  await rename(other, model);
  await seen();
  expect(told).toEqual(["changed", "settled"]);
});

it("waits for a deleted file to come back", async () => {
  await rm(model);
  await seen();
  expect(told).toEqual(["missing"]);
  await writeFile(model, "two");
  await seen();
  expect(told).toEqual(["missing", "changed", "settled"]);
});

it("does not load an empty file, which is one that is being written", async () => {
  await writeFile(model, "");
  await seen();
  expect(told).toEqual(["missing"]);
});

it("takes the change back when the same file is moved away and back", async () => {
  const away = path.join(folder, "away");
  await rename(model, away);
  await seen();
  await rename(away, model);
  await seen();
  expect(told).toEqual(["missing", "restored"]);
});

it("watches the weights and the manifest beside the model", async () => {
  await writeFile(`${model}_data`, "weights");
  await seen();
  await writeFile(path.join(folder, "actor{1}.attention.json"), "{}");
  await seen();
  expect(told).toEqual(["changed", "settled", "changed", "settled"]);
});

it("watches the input that the manifest names", async () => {
  const manifest = path.join(folder, "actor{1}.attention.json");
  await writeFile(manifest, '{ "version": 1, // A comment\n"inputs": { "file": "recorded.npz" }, }');
  await seen();
  expect(watch.concerns("/anywhere/recorded.npz")).toBe(true);
  await writeFile(path.join(folder, "recorded.npz"), "arrays");
  await seen();
  await writeFile(manifest, "{ not JSON");
  await seen();
  expect(watch.concerns("/anywhere/recorded.npz")).toBe(false);
  expect(told).toEqual(["changed", "settled", "changed", "settled", "changed", "settled"]);
});

it("polls only when asked to, and not after it was disposed", async () => {
  watch.poll(SETTLE_MS);
  await writeFile(model, "another");
  await wait(SETTLE_MS * 6);
  expect(told).toEqual(["changed", "settled"]);
  watch.dispose();
  await writeFile(model, "a third");
  await wait(SETTLE_MS * 6);
  expect(told).toEqual(["changed", "settled"]);
});
