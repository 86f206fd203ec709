// Inputs of one number that a person moves: a return-to-go, by the slider's choice or --set.
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adjustableInputs, withValues } from "../../../src/engine/inputs/adjust-input";
import { writeNpz } from "../../../src/inputs/arrays";
import { exampleModel, newClient, onCpu, root, temporaryFolder } from "./harness";

describe("an adjustable input", () => {
  it("has the recorded value at first, and another map with another value", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const recorded = await client.capture(onCpu);
    expect(recorded.recording.adjustable).toEqual([
      { input: "returns_to_go", name: "return to go", from: 0, to: 1, step: 0.05, unit: "", value: 0.75 },
    ]);
    const at = async (value: number, name = "returns_to_go") =>
      client.capture({ ...onCpu, input: { set: { [name]: value } } });
    const moved = await at(0.25, "return to go");
    expect(moved.recording.adjustable![0]!.value).toBeCloseTo(0.25, 6);
    expect(moved.notices).toContain("return to go was set to 0.25.");
    expect(moved.input.label).toBe(recorded.input.label);
    const entropies = ({ sites }: typeof moved) =>
      sites[0]!.figures[0]!.map(({ entropyNats }) => entropyNats);
    expect(entropies(moved)).not.toEqual(entropies(recorded));
    expect(entropies(await at(0.75))).toEqual(entropies(recorded));
    await expect(at(1, "temperature")).rejects.toMatchObject({
      code: "inputMismatch",
      detail: "The model has no input temperature whose value can be set.",
    });
  });
});

describe("setting a value", () => {
  const array = (dtype: string, data: Float32Array | BigInt64Array, dims: number[]) => ({
    dtype,
    data,
    dims,
  });
  const feeds = new Map([
    ["r", array("float32", Float32Array.from([3, 2, 1, 8, 8, 5]), [2, 3])],
    ["n", array("int64", BigInt64Array.from([4n]), [1])],
  ]);
  const said = (how: "fill" | "shift") => ({
    version: 1 as const,
    inputs: { adjustable: [{ input: "r", range: [0, 10] as [number, number], how }] },
  });

  it("fills the input, or moves each sample along with its first number", () => {
    expect([...withValues(feeds, { r: 7 }, said("fill")).get("r")!.data]).toEqual([7, 7, 7, 7, 7, 7]);
    expect([...withValues(feeds, { r: 7 }, said("shift")).get("r")!.data]).toEqual([7, 6, 5, 7, 7, 4]);
    expect([...withValues(feeds, { n: 6.6 }, undefined).get("n")!.data]).toEqual([7n]);
    expect([...feeds.get("r")!.data]).toEqual([3, 2, 1, 8, 8, 5]);
  });

  it("has a step of a hundredth where none is said", () => {
    expect(adjustableInputs(feeds, said("fill"))).toEqual([
      { input: "r", name: "r", from: 0, to: 10, step: 0.1, unit: "", value: 3 },
    ]);
  });
});

describe("arrays of other names", () => {
  it("are given to the inputs that they are mapped to", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(path.join(root, "test/corpus/bert-torchscript17-eager.onnx"), model);
    const file = path.join(folder, "others.npz");
    const dims = [1, 4];
    const ones = BigInt64Array.from([1n, 1n, 1n, 1n]);
    writeFileSync(
      file,
      writeNpz(
        new Map([
          ["words", { data: BigInt64Array.from([3n, 4n, 5n, 6n]), dims }],
          ["seen", { data: ones, dims }],
          ["kinds", { data: ones.map(() => 0n), dims }],
        ]),
      ),
    );
    const client = newClient();
    const { inputs } = await client.open(model, "full");
    const arrays = Object.fromEntries(
      inputs.map(({ name }) => [name, /mask/.test(name) ? "seen" : /type/.test(name) ? "kinds" : "words"]),
    );
    await expect(client.capture({ ...onCpu, input: { file } })).rejects.toMatchObject({
      code: "inputMissing",
    });
    const { sites } = await client.capture({ ...onCpu, input: { file, arrays } });
    expect(sites[0]).toMatchObject({ queries: 4, keys: 4 });
  });
});
