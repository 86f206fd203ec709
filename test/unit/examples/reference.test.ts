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
  readonly dims: readonly number[];
  readonly sites: number;
}

const fixtures: Readonly<Record<string, readonly Case[]>> = {
  "ego-attention-dqn": [
    { model: "model.onnx", prefix: "", dims: [-1, 4, 1, 15], sites: 1 },
    { model: "untrained.onnx", prefix: "untrained/", dims: [-1, 4, 1, 15], sites: 1 },
  ],
  "algorithm-distillation": [
    { model: "model.onnx", prefix: "", dims: [1, 4, 240, 240], sites: 4 },
    { model: "model.onnx", prefix: "short/", dims: [1, 4, 51, 51], sites: 4 },
  ],
};

const folderOf = (example: string) => path.join(root, "test/fixtures", example);

/** The inputs of a case as a file of their own, with the names that the model gives them. */
function inputsOf(example: string, prefix: string): string {
  const entries = Object.entries(unzipSync(readFileSync(path.join(folderOf(example), "reference.npz"))));
  const own = entries.filter(([name]) => name.startsWith(`${prefix}inputs/`));
  const chosen = own.length > 0 ? own : entries.filter(([name]) => name.startsWith("inputs/"));
  const file = path.join(temporaryFolder(), "inputs.npz");
  writeFileSync(
    file,
    zipSync(Object.fromEntries(chosen.map(([name, bytes]) => [name.replace(/^.*inputs\//, ""), bytes]))),
  );
  return file;
}

async function captured(model: string, inputs: string): Promise<ReadonlyMap<string, NamedArray>> {
  const client = newClient();
  await client.open(model, "full");
  await client.capture({ ...onCpu, input: { file: inputs } });
  const out = path.join(temporaryFolder(), "out.npz");
  await client.writeData({ format: "npz", file: out, command: "" });
  return readNpz(readFileSync(out), "out.npz");
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

for (const [example, cases] of Object.entries(fixtures))
  describe(`a capture of ${example}`, () => {
    const reference = readNpz(readFileSync(path.join(folderOf(example), "reference.npz")), "reference.npz");

    it.each(cases)("equals PyTorch's own maps: $model $prefix", async ({ model, prefix, dims, sites }) => {
      const maps = await captured(path.join(root, "examples", example, model), inputsOf(example, prefix));
      const names = Array.from({ length: sites }, (_, site) => `site_${String(site).padStart(3, "0")}`);
      expect([...maps.keys()]).toEqual(names);
      for (const name of names) {
        const map = maps.get(name)!;
        const wanted = reference.get(prefix + name)!;
        expect(map.dims.slice(1)).toEqual(dims.slice(1));
        expect(map.dims[0]).toBe(wanted.dims[0]);
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
    });

    it("is compared with the files that are there", async () => {
      const { createHash } = await import("node:crypto");
      const { sha256 } = JSON.parse(readFileSync(path.join(folderOf(example), "reference.json"), "utf8")) as {
        sha256: Record<string, string>;
      };
      for (const [name, hash] of Object.entries(sha256)) {
        const file = path.join(root, "examples", example, name);
        expect(existsSync(file)).toBe(true);
        expect(createHash("sha256").update(readFileSync(file)).digest("hex"), name).toBe(hash);
      }
    });
  });
