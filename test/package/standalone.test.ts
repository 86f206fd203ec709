// The package does its work where it was unpacked, with nothing of the clone within reach.
import { cpSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { unzipSync } from "fflate";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { mustRun } from "../../scripts/processes.mjs";
import { unpackedPackage } from "./unpacked";

const unpacked = unpackedPackage();
const repository = path.resolve(import.meta.dirname, "../..");
const fixture = path.join(repository, "test", "fixtures", "decision-transformer", "reference.npz");

let workspace: string;
beforeAll(() => {
  workspace = path.dirname(unpacked().folder);
  for (const name of ["model.onnx", "model.attention.json", "recorded.npz"]) {
    cpSync(path.join(repository, "examples", "decision-transformer", name), path.join(workspace, name));
  }
});

/** The package's command line; with it come the package's engine and native libraries. */
function attentionLens(...args: string[]): Promise<string> {
  return mustRun(process.execPath, [path.join(unpacked().folder, "dist", "cli", "main.cjs"), ...args], {
    cwd: workspace,
    quiet: true,
    env: { NODE_PATH: undefined, NODE_OPTIONS: undefined, INIT_CWD: undefined },
  });
}

/** An array of float32 in an npz. */
function array(file: string, name: string): Float32Array {
  const bytes = unzipSync(new Uint8Array(readFileSync(file)))[`${name}.npy`]!;
  const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  return new Float32Array(bytes.slice(start).buffer);
}

test("Node finds the native packages in the package, and nothing of the clone", () => {
  const resolve = createRequire(path.join(unpacked().folder, "dist", "engine", "main.cjs")).resolve;
  for (const name of ["onnxruntime-node", "sharp"]) {
    expect(path.relative(unpacked().folder, resolve(name)), name).toMatch(/^dist[\\/]node_modules/);
  }
  // Of the clone's own packages, these are bundled or for development: none may be found from here.
  for (const name of ["zod", "lit", "vitest", "esbuild"]) expect(() => resolve(name), name).toThrow();
});

test("its engine says which providers run here", async () => {
  await attentionLens("providers", "--json", "providers.json");
  const rows = JSON.parse(readFileSync(path.join(workspace, "providers.json"), "utf8")) as {
    name: string;
    available: boolean;
  }[];
  expect(rows.find(({ name }) => name === "cpu")).toMatchObject({ available: true });
  expect(rows.map(({ name }) => name).sort()).toEqual(["coreml", "cpu", "cuda", "dml", "tensorrt", "webgpu"]);
});

test("its engine captures the example's maps as PyTorch has them", async () => {
  await attentionLens("capture", "model.onnx", "--provider", "cpu", "--out", "maps.npz");
  for (const site of ["site_000", "site_001"]) {
    const ours = array(path.join(workspace, "maps.npz"), site);
    const reference = array(fixture, site);
    expect(ours.length, site).toBe(4 * 17 * 17);
    expect(ours.length, site).toBe(reference.length);
    const largest = ours.reduce((worst, p, at) => Math.max(worst, Math.abs(p - reference[at]!)), 0);
    expect(largest, `${site}: largest difference`).toBeLessThan(1e-5);
  }
});

test("its engine writes the report, and its picture is one", async () => {
  await attentionLens("report", "model.onnx", "--html", "report.html", "--png", "report.png");
  const page = readFileSync(path.join(workspace, "report.html"), "utf8");
  expect(page).toMatch(/^<!doctype html>/i);
  expect(statSync(path.join(workspace, "report.html")).size).toBeGreaterThan(10_000);
  const { channels } = await sharp(path.join(workspace, "report.png")).stats();
  expect(Math.max(...channels.map(({ stdev }) => stdev)), "more than one colour").toBeGreaterThan(5);
});
