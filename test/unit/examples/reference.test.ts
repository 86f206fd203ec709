/** What the engine captures of the examples equals what hooks in the framework recorded. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readNpz, type NamedArray } from "../../../src/inputs/arrays";
import { newClient, onCpu, root, temporaryFolder } from "../engine/harness";

const TOLERANCE = 1e-5;

interface Case {
  readonly model: string;
  /** Arrays of the fixture whose names begin so belong to this case: `inputs/…`, `site_000` … */
  readonly prefix: string;
  /** Steps that are captured, one run each, where the file's first axis is steps; else one run of everything. */
  readonly steps?: readonly number[];
  /** Heads, queries and keys of each site. */
  readonly sites: readonly (readonly [number, number, number])[];
}

const four = <T>(value: T): T[] => [value, value, value, value];

/** By folder of the fixtures; the example is its first part. */
const fixtures: Readonly<Record<string, readonly Case[]>> = {
  "ego-attention-dqn": [
    { model: "model.onnx", prefix: "", steps: [0, 4, 9], sites: [[4, 1, 15]] },
    { model: "untrained.onnx", prefix: "untrained/", steps: [0, 9], sites: [[4, 1, 15]] },
  ],
  "algorithm-distillation": [
    { model: "model.onnx", prefix: "", sites: four([4, 240, 240]) },
    { model: "model.onnx", prefix: "short/", sites: four([4, 51, 51]) },
  ],
  "decision-transformer/vit": [
    {
      model: "vit.onnx",
      prefix: "",
      sites: [
        [4, 49, 49],
        [4, 17, 17],
        [4, 17, 17],
      ],
    },
  ],
};

const folderOf = (fixture: string) => path.join(root, "test/fixtures", fixture);
const exampleOf = (fixture: string) => path.join(root, "examples", fixture.split("/")[0]!);

/** The inputs of a case as a file of their own, with the names that the model gives them. */
function inputsOf(fixture: string, prefix: string): string {
  const entries = Object.entries(unzipSync(readFileSync(path.join(folderOf(fixture), "reference.npz"))));
  const own = entries.filter(([name]) => name.startsWith(`${prefix}inputs/`));
  const chosen = own.length > 0 ? own : entries.filter(([name]) => name.startsWith("inputs/"));
  const file = path.join(temporaryFolder(), "inputs.npz");
  writeFileSync(
    file,
    zipSync(Object.fromEntries(chosen.map(([name, bytes]) => [name.replace(/^.*inputs\//, ""), bytes]))),
  );
  return file;
}

async function captured(
  model: string,
  file: string,
  step: number | undefined,
): Promise<ReadonlyMap<string, NamedArray>> {
  const client = newClient();
  await client.open(model, "full");
  await client.capture({ ...onCpu, input: step === undefined ? { file } : { file, step } });
  const out = path.join(temporaryFolder(), "out.npz");
  await client.writeData({ format: "npz", file: out, command: "" });
  return readNpz(readFileSync(out), "out.npz");
}

/** One step of an array that has the steps as first axis; without a step all of it. */
function atStep(array: NamedArray, step: number | undefined): NamedArray {
  if (step === undefined) return array;
  const size = array.data.length / array.dims[0]!;
  const data = (array.data as Float32Array).subarray(step * size, (step + 1) * size);
  return { ...array, dims: [1, ...array.dims.slice(1)], data };
}

/** The cells that the fixture holds: all keys, or every tenth from key 9 on where it was thinned. */
function cellsLike(map: NamedArray, wanted: NamedArray): Float32Array {
  const keys = map.dims.at(-1)!;
  const kept = wanted.dims.at(-1)!;
  const data = map.data as Float32Array;
  return kept === keys ? data : data.filter((_, index) => (index % keys) % 10 === 9);
}

function largestError(actual: Float32Array, wanted: Float32Array): number {
  let most = actual.length === wanted.length ? 0 : Infinity;
  for (let index = 0; index < actual.length; index++)
    most = Math.max(most, Math.abs(actual[index]! - wanted[index]!));
  return most;
}

for (const [fixture, cases] of Object.entries(fixtures))
  describe(`a capture of ${fixture}`, () => {
    const reference = readNpz(readFileSync(path.join(folderOf(fixture), "reference.npz")), "reference.npz");

    it.each(cases)("equals PyTorch's own maps: $model $prefix", async ({ model, prefix, sites, steps }) => {
      const file = inputsOf(fixture, prefix);
      const names = sites.map((_, site) => `site_${String(site).padStart(3, "0")}`);
      for (const step of steps ?? [undefined]) {
      const maps = await captured(path.join(exampleOf(fixture), model), file, step);
      expect([...maps.keys()]).toEqual(names);
      for (const [site, name] of names.entries()) {
        const map = maps.get(name)!;
        const wanted = atStep(reference.get(prefix + name)!, step);
        expect(map.dims).toEqual([wanted.dims[0], ...sites[site]!]);
        expect(largestError(cellsLike(map, wanted), wanted.data as Float32Array)).toBeLessThan(TOLERANCE);
        const last = reference.get(`${prefix}${name}/last`);
        if (last) {
          const keys = map.dims.at(-1)!;
          const rows = (map.data as Float32Array).filter(
            (_, index) => Math.floor(index / keys) % keys === keys - 1,
          );
          expect(largestError(rows, last.data as Float32Array)).toBeLessThan(TOLERANCE);
        }
      }
      }
    });

    it("is compared with the files that are there", async () => {
      const { createHash } = await import("node:crypto");
      const { sha256 } = JSON.parse(readFileSync(path.join(folderOf(fixture), "reference.json"), "utf8")) as {
        sha256: Record<string, string>;
      };
      for (const [name, hash] of Object.entries(sha256)) {
        const file = path.join(exampleOf(fixture), name);
        expect(existsSync(file)).toBe(true);
        expect(createHash("sha256").update(readFileSync(file)).digest("hex"), name).toBe(hash);
      }
    });
  });

describe("the ego-attention network", () => {
  it("is the cross attention that its manifest says, so that it has no distance", async () => {
    const client = newClient();
    const summary = await client.open(path.join(root, "examples/ego-attention-dqn/model.onnx"), "full");
    expect(summary.sites.map(({ kind }) => kind)).toEqual(["cross"]);
    const capture = await client.capture({ ...onCpu, input: null });
    expect(capture.sites[0]).toMatchObject({ kind: "cross", heads: 4 });
    expect(capture.sites[0]!.figures[0]!.map(({ distanceTokens }) => distanceTokens)).toEqual([null, null, null, null]);
  });
});
