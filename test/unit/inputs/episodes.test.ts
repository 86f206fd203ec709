/** What a step of a long episode costs: its own bytes, whatever the episode's length. */
import { utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { npzFile } from "../../../src/inputs/files/array-file";
import { type ByteFile, memoryFile } from "../../../src/inputs/files/byte-file";
import { openKeptFile } from "../../../src/inputs/files/kept-files";
import { manifestSchema } from "../../../src/inputs/manifest/schema";
import { recordedInput } from "../../../src/inputs/recorded-input";
import { openSamples } from "../../../src/inputs/sample-set";
import { writeNpz } from "../../../src/inputs/arrays";
import { temporaryFile, temporaryFolder } from "../engine/harness";

/** Float32 [steps, width], the value of every cell its step. */
function npyOfSteps(steps: number, width: number): Uint8Array {
  const header =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${steps}, ${width}), }`.padEnd(117) + "\n";
  const npy = new Uint8Array(128 + steps * width * 4);
  npy.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  npy.set(new TextEncoder().encode(header), 10);
  const values = new Float32Array(npy.buffer, 128);
  for (let step = 0; step < steps; step++) values.fill(step, step * width, (step + 1) * width);
  return npy;
}

/** A file that counts the bytes that are read of it. */
function counted(bytes: Uint8Array): { file: ByteFile; read: () => number } {
  const inner = memoryFile(bytes, "episode.npz");
  let read = 0;
  const file: ByteFile = {
    ...inner,
    read: (start, end) => {
      read += end - start;
      return inner.read(start, end);
    },
  };
  return { file, read: () => read };
}

describe("a compressed archive", () => {
  it("tells its shapes from the first bytes of each array, and is unpacked once, for the first step", () => {
    const noise = npyOfSteps(3000, 64);
    new Uint32Array(noise.buffer, 128).forEach((_, at, all) => (all[at] = Math.imul(at, 2654435761)));
    const zip = zipSync({ "x.npy": noise, "unused.npy": noise });
    const { file, read } = counted(zip);
    const archive = npzFile(file);
    expect(archive.headers.get("x")!.dims).toEqual([3000, 64]);
    const opened = read();
    // The end of the archive, where its list is looked for, and a kilobyte of each array.
    expect(opened).toBeLessThan(65_557 + 4000);
    archive.read("x", { axis: 0, indices: [7] });
    const first = read() - opened;
    expect(first).toBeGreaterThan(noise.length / 4);
    expect(first).toBeLessThan(zip.length / 2 + 100);
    const step = archive.read("x", { axis: 0, indices: [2999] });
    expect(read()).toBe(opened + first);
    expect(new Uint32Array((step.data as Float32Array).buffer)[5]).toBe(
      Math.imul(2999 * 64 + 5, 2654435761) >>> 0,
    );
    archive.release();
  });

  it("goes to a file where it is too large for the memory, and is read from it by range", () => {
    const steps = 17_000;
    const npy = npyOfSteps(steps, 1000);
    expect(npy.length).toBeGreaterThan(64e6);
    const { file, read } = counted(zipSync({ "x.npy": [npy, { level: 1 }] }));
    const archive = npzFile(file);
    for (const step of [0, 12_345, steps - 1]) {
      const { data, dims } = archive.read("x", { axis: 0, indices: [step] });
      expect(dims).toEqual([1, 1000]);
      expect([data[0], data[999]]).toEqual([step, step]);
    }
    const once = read();
    archive.read("x", { axis: 0, indices: [100] });
    expect(read()).toBe(once);
    archive.release();
  });
});

describe("a file that was opened before", () => {
  const content = (value: number) => writeNpz(new Map([["x", { data: Float32Array.of(value), dims: [1] }]]));

  it("is not opened again while it is the same, and is when it changed", () => {
    const file = temporaryFile("episode.npz", content(1));
    utimesSync(file, new Date(1e12), new Date(1e12));
    const first = openKeptFile(file);
    first.close();
    const again = openKeptFile(file);
    expect(again).toBe(first);
    expect(again.read("x").data[0]).toBe(1);
    again.close();
    writeFileSync(file, content(2));
    const changed = openKeptFile(file);
    expect(changed.read("x").data[0]).toBe(2);
    changed.close();
  });

  it("is not read where another lies in its place", () => {
    const file = temporaryFile("episode.npz", content(1));
    utimesSync(file, new Date(1e12), new Date(1e12));
    const kept = openKeptFile(file);
    kept.close();
    writeFileSync(file, content(2));
    expect(() => kept.read("x")).toThrow(/changed while it was read/);
  });
});

describe("an episode of thousands of steps", () => {
  it("says the action of the step that is shown, not all of them", () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "recorded.npz");
    const steps = 5000;
    const along = Float32Array.from({ length: steps }, (_, step) => step);
    const actions = BigInt64Array.from({ length: steps }, (_, step) => BigInt(step % 2));
    writeFileSync(
      file,
      writeNpz(
        new Map<string, { data: Float32Array | BigInt64Array; dims: number[] }>([
          ["x", { data: along, dims: [steps, 1] }],
          ["actions", { data: actions, dims: [steps] }],
        ]),
      ),
    );
    const manifest = manifestSchema.parse({
      version: 1,
      inputs: { file: "recorded.npz" },
      steps: { axis: "step", inputs: ["x"], actions: { array: "actions", names: ["left", "right"] } },
    });
    const set = openSamples({ folder, file, samples: undefined });
    const made = recordedInput([{ name: "x", dtype: "float32", dims: [1] }], manifest, set, { step: 4321 });
    expect(made.given.get("x")!.data[0]).toBe(4321);
    expect(made.chosen.steps).toEqual({ name: "step", count: steps, index: 4321, label: "right" });
    set.close();
  });

  it("of many episodes along an axis reads the step of its own alone", () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "recorded.npz");
    const data = Float32Array.from({ length: 3 * 40 * 2 }, (_, at) => at);
    writeFileSync(file, writeNpz(new Map([["x", { data, dims: [3, 40, 2] }]])));
    const manifest = manifestSchema.parse({
      version: 1,
      inputs: { file: "recorded.npz" },
      samples: { axis: 0 },
      steps: { axis: "step", inputs: ["x"] },
    });
    const set = openSamples({ folder, file, samples: manifest.samples });
    const choice = { step: 30, samples: [2] };
    const made = recordedInput([{ name: "x", dtype: "float32", dims: [1, 2] }], manifest, set, choice);
    expect([...(made.given.get("x")!.data as Float32Array)]).toEqual([2 * 80 + 60, 2 * 80 + 61]);
    set.close();
  });
});
