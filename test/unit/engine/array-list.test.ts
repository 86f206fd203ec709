// The arrays of a file and how they fit the inputs: what the table that maps them shows.
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type NpzEntry, writeNpz } from "../../../src/inputs/arrays";
import type { ArrayList } from "../../../src/shared/array-mapping";
import { suggestArrays } from "../../../src/shared/suggest-arrays";
import { exampleModel, newClient, onCpu, root, temporaryFolder } from "./harness";

const bert = path.join(root, "test/corpus/bert-torchscript17-eager.onnx");

const ints = (dims: readonly number[], value = 1n) => ({
  data: BigInt64Array.from({ length: dims.reduce((all, dim) => all * dim, 1) }, () => value),
  dims,
});
const floats = (dims: readonly number[]) => ({
  data: new Float32Array(dims.reduce((all, dim) => all * dim, 1)),
  dims,
});

const fitOf = (list: ArrayList, input: string, array: string) =>
  list.inputs.find(({ name }) => name === input)!.fits[list.arrays.find(({ name }) => name === array)!.kind]!;

describe("the arrays of a file", () => {
  const file = (arrays: Record<string, NpzEntry>) => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(bert, model);
    const file = path.join(folder, "others.npz");
    writeFileSync(file, writeNpz(new Map(Object.entries(arrays))));
    return { model, file };
  };

  it("are listed with what fits, why the others do not, and what is to be done on the way", async () => {
    const { model, file: others } = file({
      words: ints([1, 4]),
      many: ints([6, 1, 4]),
      wide: { data: Int32Array.of(1, 1, 1, 1), dims: [1, 4] },
      pixels: floats([1, 4]),
      row: ints([4]),
      block: ints([1, 2, 2, 2]),
    });
    const client = newClient();
    await client.open(model, "full");
    const list = await client.listArrays({ file: others });
    expect(list.name).toBe("others.npz");
    expect(list.arrays.map(({ name }) => name)).toEqual(["words", "many", "wide", "pixels", "row", "block"]);
    expect(list.inputs.map(({ name, own }) => [name, own])).toContainEqual(["input_ids", null]);
    const fit = (array: string) => fitOf(list, "input_ids", array);
    expect(fit("words")).toEqual({ problem: null, note: null });
    expect(fit("many")).toEqual({ problem: null, note: "6 samples along its first axis" });
    expect(fit("wide")).toEqual({ problem: null, note: "converted from int32" });
    expect(fit("pixels")).toEqual({ problem: "the type differs", note: null });
    // An axis of one sample that the file lacks is filled up.
    expect(fit("row").problem).toBeNull();
    expect(fit("block")).toEqual({ problem: "rank 4 instead of 2", note: null });
    expect(list.problem).toMatch(/^The input input_ids wants int64/);
  });

  it("can be run where the list says so, and not where it says why not", async () => {
    const { model, file: others } = file({
      words: ints([1, 4], 3n),
      seen: ints([1, 4]),
      short: ints([1, 3]),
      kinds: ints([1, 4], 0n),
    });
    const client = newClient();
    const { inputs } = await client.open(model, "full");
    const mapping = (mask: string) =>
      Object.fromEntries(
        inputs.map(({ name }) => [name, /mask/.test(name) ? mask : /type/.test(name) ? "kinds" : "words"]),
      );
    for (const mask of ["seen", "short", "none"]) {
      const arrays = mapping(mask);
      const { problem } = await client.listArrays({ file: others, arrays });
      const run = client.capture({ ...onCpu, input: { file: others, arrays } });
      if (mask === "seen") {
        expect(problem).toBeNull();
        expect((await run).notices).toContainEqual(
          expect.stringMatching(/^Arrays were mapped: .*is given seen/),
        );
      } else {
        expect(problem).not.toBeNull();
        await expect(run).rejects.toMatchObject({ detail: problem });
      }
    }
    await expect(
      client.capture({ ...onCpu, input: { file: others, arrays: { inputids: "words" } } }),
    ).rejects.toMatchObject({
      code: "inputMismatch",
      detail: "The model has no input inputids to give an array to.",
    });
  });

  it("of the manifest's own recording are those of a sample, at a step", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const list = await client.listArrays({ file: null });
    expect(list.problem).toBeNull();
    const names = list.arrays.map(({ name }) => name);
    expect(names).toContain("returns_to_go");
    expect(
      names.filter((name) => name.startsWith("episode_")),
      "those of other samples",
    ).toEqual([]);
    expect(list.inputs.map(({ own }) => own)).not.toContain(null);
    const problem = async (arrays: Record<string, string>) =>
      (await client.listArrays({ file: null, arrays })).problem;
    expect(await problem({ actions: "states" })).toMatch(/^The input actions wants/);
    const captured = await client.capture({ ...onCpu, input: { arrays: { actions: "actions" } } });
    expect(captured.recording.episodes.length).toBeGreaterThan(0);
  });

  it("are asked for where there is a recording", async () => {
    const { model } = file({});
    const client = newClient();
    await client.open(model, "full");
    await expect(client.listArrays({ file: null })).rejects.toMatchObject({ code: "inputMissing" });
    await expect(client.listArrays({ file: "/none.npz" })).rejects.toMatchObject({ code: "fileNotFound" });
  });
});

describe("what is suggested", () => {
  const kinds = [
    { dtype: "int64", dims: [1, 4] },
    { dtype: "float32", dims: [1, 4, 3] },
    { dtype: "float64", dims: [1, 4, 3] },
  ];
  const fits = (exact: number, converted: number | null = null) =>
    kinds.map((_, kind) => ({
      problem: kind === exact || kind === converted ? null : "no",
      note: kind === converted ? "converted" : null,
    }));
  const list = (
    arrays: Record<string, number>,
    inputs: Record<string, ReturnType<typeof fits>>,
  ): ArrayList => ({
    ...{ name: "a.npz", kinds, left: 0, problem: null },
    arrays: Object.entries(arrays).map(([name, kind]) => ({ name, kind })),
    inputs: Object.entries(inputs).map(([name, own]) => ({
      ...{ name, dtype: "x", dims: null, otherwise: null },
      own: name in arrays ? name : null,
      fits: own,
    })),
  });
  const proposed = (...asked: Parameters<typeof list>) =>
    Object.fromEntries(
      [...suggestArrays(list(...asked))].map(([input, { array, by }]) => [input, `${by} ${array}`]),
    );

  it("is called like the input but for case and punctuation, or so by the last part of its path", () => {
    expect(proposed({ InputIds: 0, "obs/mask": 0 }, { input_ids: fits(0), mask: fits(0) })).toEqual({
      input_ids: "name InputIds",
      mask: "name obs/mask",
    });
    expect(proposed({ InputIds: 1 }, { input_ids: fits(0) }), "it has to fit").toEqual({});
  });

  it("is the only one left that fits, as it is before converted", () => {
    expect(proposed({ a: 0, b: 1, c: 2 }, { ids: fits(0), states: fits(1, 2) })).toEqual({
      ids: "shape a",
      states: "shape b",
    });
    expect(proposed({ a: 0, states: 1 }, { ids: fits(0), states: fits(1) })).toEqual({ ids: "shape a" });
  });

  it("is nothing where two arrays would do, or two inputs", () => {
    expect(proposed({ a: 0, b: 0 }, { ids: fits(0) })).toEqual({});
    expect(proposed({ a: 0 }, { ids: fits(0), mask: fits(0) })).toEqual({});
  });
});
