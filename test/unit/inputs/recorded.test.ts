import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type ArrayData, writeNpz } from "../../../src/inputs/arrays";
import { manifestSchema } from "../../../src/inputs/manifest/schema";
import { recordedInput } from "../../../src/inputs/recorded-input";
import { openSamples } from "../../../src/inputs/sample-set";
import type { InputChoice } from "../../../src/shared/input-choice";
import type { TensorSignature } from "../../../src/shared/model";
import { temporaryFolder } from "../engine/harness";

const counted = (...dims: number[]) => ({
  data: Float32Array.from({ length: dims.reduce((all, dim) => all * dim, 1) }, (_, at) => at),
  dims,
});
type Arrays = Record<string, { data: Exclude<ArrayData, string[]>; dims: number[] }>;

function recording(
  arrays: Arrays,
  inputs: TensorSignature[],
  manifest: object = {},
  choice: InputChoice = {},
) {
  const folder = temporaryFolder();
  const file = path.join(folder, "recorded.npz");
  writeFileSync(file, writeNpz(new Map(Object.entries(arrays))));
  const said = manifestSchema.parse({ version: 1, inputs: { file: "recorded.npz" }, ...manifest });
  const set = openSamples({ folder, file, samples: said.samples });
  const made = recordedInput(inputs, said, set, choice);
  const values = Object.fromEntries(
    [...made.given].map(([name, { data, dims }]) => [name, { dims, data: Array.from(data as Float32Array) }]),
  );
  return { ...made, values };
}
const x = (...dims: (number | string)[]): TensorSignature[] => [{ name: "x", dtype: "float32", dims }];

describe("samples along a first axis that the model has not", () => {
  it("are one at a time, the first without a choice, and that is told", () => {
    const { values, notices, chosen } = recording({ x: counted(4, 1, 2) }, x(1, 2));
    expect(values["x"]).toEqual({ dims: [1, 2], data: [0, 1] });
    expect(notices).toEqual(["The recording has 4 samples along its first axis; sample 0 is shown."]);
    expect(chosen.samples).toEqual({ count: 4, shown: [0] });
    expect(recording({ x: counted(4, 1, 2) }, x(1, 2), {}, { samples: [3] }).values["x"]!.data).toEqual([
      6, 7,
    ]);
  });

  it("make a batch where the model takes any, and are all there without a choice", () => {
    const any = recording({ x: counted(4, 2) }, x("batch", 2), {}, { samples: [1, 3] });
    expect(any.values["x"]).toEqual({ dims: [2, 2], data: [2, 3, 6, 7] });
    expect(recording({ x: counted(4, 2) }, x("batch", 2)).values["x"]!.dims).toEqual([4, 2]);
    expect(() => recording({ x: counted(4, 2) }, x(1, 2), {}, { samples: [1, 3] })).toThrow(/batch of 1/);
    expect(() => recording({ x: counted(4, 2) }, x("batch", 2), {}, { samples: [4] })).toThrow(
      /no sample 4; the recording has 4/,
    );
  });
});

describe("steps of an episode", () => {
  const manifest = {
    steps: {
      axis: "time step",
      inputs: ["x"],
      windows: { past: { length: 3 } },
      rewards: "rewards",
      actions: { array: "actions", names: ["left", "right"] },
    },
  };
  const arrays: Arrays = {
    x: counted(5, 2),
    past: counted(5, 1),
    rewards: counted(5),
    actions: { data: BigInt64Array.from([0n, 1n, 0n, 1n, 1n]), dims: [5] },
  };
  const inputs: TensorSignature[] = [...x(1, 2), { name: "past", dtype: "float32", dims: [1, 3, 1] }];

  it("are runs of their own: the step's slice, and a window of the last ones", () => {
    const { values, chosen } = recording(arrays, inputs, manifest, { step: 3 });
    expect(values["x"]).toEqual({ dims: [1, 2], data: [6, 7] });
    expect(values["past"]).toEqual({ dims: [1, 3, 1], data: [1, 2, 3] });
    expect(chosen.steps).toEqual({
      name: "time step",
      count: 5,
      index: 3,
      labels: ["left", "right", "left", "right", "right"],
    });
    expect(chosen.values).toEqual([
      { name: "action", value: "right" },
      { name: "reward", value: 3 },
    ]);
  });

  it("before the first are zeros in a window, and beyond the last there are none", () => {
    expect(recording(arrays, inputs, manifest, { step: 1 }).values["past"]!.data).toEqual([0, 0, 1]);
    expect(() => recording(arrays, inputs, manifest, { step: 5 })).toThrow(
      /no time step 5; there are 5, from 0/,
    );
  });
});

describe("named samples", () => {
  it("are told by the names of arrays, with their fields", () => {
    const arrays = {
      "a/x": counted(1, 2),
      "b/x": { ...counted(1, 2), data: Float32Array.from([5, 6]) },
      "a/return": counted(1),
      "b/return": { data: Float32Array.from([9]), dims: [1] },
    };
    const manifest = { samples: { arrays: "{sample}/{array}", fields: { return: "return" } } };
    const { values, chosen } = recording(arrays, x(1, 2), manifest, { episode: "b" });
    expect(values["x"]!.data).toEqual([5, 6]);
    expect(chosen.episodes.map(({ name, fields }) => [name, fields["return"]])).toEqual([
      ["a", 0],
      ["b", 9],
    ]);
    expect(chosen.episode).toBe(1);
    const kinds = ["first", "last", "sum", "mean", "min", "max"] as const;
    const fields = Object.fromEntries(kinds.map((of) => [of, { array: "x", of }]));
    const several = recording(arrays, x(1, 2), { samples: { arrays: "{sample}/{array}", fields } }, {});
    expect(several.chosen.episodes[1]?.fields).toEqual({
      first: 5,
      last: 6,
      sum: 11,
      mean: 5.5,
      min: 5,
      max: 6,
    });
    expect(() => recording(arrays, x(1, 2), manifest, { episode: "c" })).toThrow(
      /no episode c; there are a, b/,
    );
  });

  it("are files of a folder tree, with their groups", () => {
    const folder = temporaryFolder();
    for (const [group, name, value] of [
      ["won", "e2", 2],
      ["won", "e10", 10],
      ["lost", "e1", 1],
    ] as const) {
      mkdirSync(path.join(folder, "episodes", group), { recursive: true });
      writeFileSync(
        path.join(folder, "episodes", group, `${name}.npz`),
        writeNpz(new Map([["x", { data: Float32Array.from([value, value]), dims: [1, 2] }]])),
      );
    }
    const said = manifestSchema.parse({ version: 1, samples: { files: "episodes/{group}/{sample}.npz" } });
    const set = openSamples({ folder, file: undefined, samples: said.samples });
    expect(set.episodes.map(({ group, name }) => `${group} ${name}`)).toEqual([
      "lost e1",
      "won e2",
      "won e10",
    ]);
    expect([...recordedInput(x(1, 2), said, set, { episode: "e10" }).given.get("x")!.data]).toEqual([10, 10]);
    set.close();
  });
});
