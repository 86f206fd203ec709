/** Captures of the examples beside the maps of their frameworks. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { unzipSync, zipSync } from "fflate";
import { expect } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import type { InputChoice } from "../../../src/shared/input-choice";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

/** An example's model, and the maps that its framework itself computed for it. */
export function example(name: string) {
  const bytes = readFileSync(path.join(root, `test/fixtures/${name}/reference.npz`));
  return {
    model: path.join(root, `examples/${name}/model.onnx`),
    reference: readNpz(bytes, "reference.npz"),
    /** The fixture's other input, under the model's own names, as a file. */
    otherInput(prefix: string): InputChoice {
      const entries = Object.entries(unzipSync(bytes)).filter(([entry]) => entry.startsWith(prefix));
      const file = path.join(temporaryFolder(), "other.npz");
      writeFileSync(
        file,
        zipSync(Object.fromEntries(entries.map(([entry, data]) => [entry.slice(prefix.length), data]))),
      );
      return { file };
    },
  };
}

export async function capturedMaps(model: string, input: InputChoice | null) {
  const client = newClient();
  await client.open(model, "full");
  const capture = await client.capture({ ...onCpu, input });
  const out = path.join(temporaryFolder(), "out.npz");
  await client.writeData({ format: "npz", file: out, command: "" });
  return { capture, maps: readNpz(readFileSync(out), "out.npz") };
}

type Arrays = ReturnType<typeof readNpz>;

export function expectEqual(maps: Arrays, reference: Arrays, names: readonly string[], prefix = "") {
  for (const name of names) {
    const [map, wanted] = [maps.get(name)!, reference.get(prefix + name)!];
    expect(map.dims, name).toEqual(wanted.dims);
    let most = 0;
    wanted.data.forEach((value: unknown, index: number) => {
      most = Math.max(most, Math.abs(Number(value) - Number(map.data[index])));
    });
    expect(most, name).toBeLessThan(1e-5);
  }
}

export const ids = (count: number) =>
  Array.from({ length: count }, (_, index) => `site_${String(index).padStart(3, "0")}`);
