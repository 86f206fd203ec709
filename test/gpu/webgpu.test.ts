// The GPU path on a software adapter (`npm test -- webgpu` names its Vulkan driver): the same numbers as on CPU,
// chosen only when asked for. It says nothing of a real GPU's speed.
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz } from "../../src/inputs/arrays";
import { exampleModel, newClient, onCpu, root, temporaryFolder } from "../unit/engine/harness";

describe("WebGPU", () => {
  it("captures the example as PyTorch computed it", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const capture = await client.capture({ ...onCpu, provider: "webgpu" });
    expect(capture.provider).toMatchObject({ used: "webgpu", asked: "webgpu", refused: [] });
    const out = path.join(temporaryFolder(), "out.npz");
    await client.writeData({ format: "npz", file: out, command: "" });
    const reference = readNpz(
      readFileSync(path.join(root, "test/fixtures/decision-transformer/reference.npz")),
      "reference.npz",
    );
    for (const [name, map] of readNpz(readFileSync(out), "out.npz")) {
      const wanted = reference.get(name)!.data as Float32Array;
      const error = Math.max(
        ...Array.from(map.data as Float32Array, (value, cell) => Math.abs(value - wanted[cell]!)),
      );
      expect(error, name).toBeLessThan(1e-4);
    }
    for (const site of capture.sites) expect(site.validity).toBe("score");
  });

  it("is in the table of providers, called software where it is", async () => {
    const row = (await newClient().providers()).find(({ name }) => name === "webgpu");
    expect(row).toMatchObject({ available: true, detail: expect.stringMatching(/tiny run/) as string });
  });

  it("falls back to CPU, and says why, when its driver fails at create", async () => {
    const before = { ...process.env };
    for (const name of ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]) process.env[name] = "/nowhere/no-driver.json";
    try {
      const client = newClient();
      await client.open(exampleModel, "full");
      const { provider } = await client.capture({ ...onCpu, provider: "webgpu" });
      expect(provider.used).toBe("cpu");
      expect(provider.refused).toEqual([
        { name: "webgpu", reason: expect.stringMatching(/adapter/i) as string },
      ]);
    } finally {
      for (const name of ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]) restore(name, before[name]);
    }
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}
