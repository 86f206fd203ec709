/** Samples, steps, passes and windows in one array each, in any order of axes, and the labels that go with them. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import type { Manifest } from "../../../src/inputs/manifest/schema";
import { recordedInput } from "../../../src/inputs/recorded-input";
import { openSamples, type SampleSet } from "../../../src/inputs/sample-set";
import { tokenAxis } from "../../../src/inputs/token-axes";
import { temporaryFolder } from "../engine/harness";

const input = { name: "x", dtype: "float32", dims: ["batch", 3, 2] };

/** An array whose values say where they stand: 100 · first + 10 · second … */
function counted(...dims: number[]) {
  const count = dims.reduce((all, dim) => all * dim, 1);
  const data = Float32Array.from({ length: count }, (_, at) => {
    let [value, rest] = [0, at];
    [...dims].reverse().forEach((dim, place) => {
      value += (rest % dim) * 10 ** place;
      rest = Math.floor(rest / dim);
    });
    return value;
  });
  return { dtype: "float32", dims, data };
}

const sets: SampleSet[] = [];
afterEach(() => {
  for (const set of sets.splice(0)) set.close();
});

function read(
  arrays: Record<string, ReturnType<typeof counted> | { dtype: string; dims: number[]; data: string[] }>,
  manifest: Omit<Manifest, "version">,
  choice: Parameters<typeof recordedInput>[3] = {},
) {
  const folder = temporaryFolder();
  const file = path.join(folder, "recorded.npz");
  writeFileSync(file, writeNpz(new Map(Object.entries(arrays)) as Parameters<typeof writeNpz>[0]));
  const set = openSamples({ folder, file, samples: manifest.samples });
  sets.push(set);
  const made = recordedInput([input], { version: 1, ...manifest }, set, choice);
  const [labels] = made.arrays;
  const axis = labels && manifest.segments ? tokenAxis(manifest.segments, 3, labels) : null;
  const { data = [], dims = [] } = made.given.get("x") ?? {};
  return { first: Number(data[0]), dims, chosen: made.chosen, axis, set };
}

describe("steps and samples", () => {
  it.each([
    ["samples first", 0, counted(4, 5, 3, 2), 2300],
    ["steps first", 1, counted(5, 4, 3, 2), 3200],
  ])("are told apart, %s", (_, axis, x, first) => {
    const labels = { ...x, dims: x.dims.slice(0, 3), data: x.data.filter((__, at) => at % 2 === 0) };
    const {
      first: value,
      dims,
      chosen,
      axis: tokens,
    } = read(
      { x, names: labels },
      {
        samples: { axis },
        steps: { axis: "time", inputs: ["x"] },
        segments: [{ name: "token", role: "other", labels: { array: "names", template: "{value}" } }],
      },
      { episode: 2, step: 3 },
    );
    expect(dims).toEqual([1, 3, 2]);
    expect(value).toBe(first);
    expect(chosen.steps).toMatchObject({ count: 5, index: 3 });
    expect(tokens).toMatchObject({ problem: null });
    expect(tokens!.axis.labels).toEqual([first, first + 10, first + 20].map(String));
  });

  it("have passes after them", () => {
    const { first, chosen } = read(
      { x: counted(4, 6, 3, 2) },
      { samples: { axis: 0 }, passes: { axis: "pass", inputs: ["x"] } },
      { episode: 1, pass: 4 },
    );
    expect(chosen.passes).toMatchObject({ count: 6, index: 4 });
    expect(first).toBe(1400);
  });

  it("begin with the sample that is named, by what it is called", () => {
    const lab = { dtype: "string", dims: [4], data: ["a", "b", "c", "d"] };
    const arrays = { x: counted(4, 3, 2), lab };
    expect(read(arrays, { samples: { axis: 0, label: "lab", first: "c" } }).first).toBe(200);
    const { first, set } = read(arrays, { samples: { axis: 0, label: "lab", first: "z" } });
    expect(first).toBe(0);
    expect(set.notices).toEqual(["There is no sample z, which samples.first names: the first is shown."]);
  });
});

describe("labels of a window", () => {
  const manifest = {
    steps: { axis: "time", windows: { x: { length: 3, pad: true } } },
    segments: [{ name: "token", role: "other" as const, labels: { array: "at", template: "t{value}" } }],
  };
  const arrays = { x: counted(7, 2), at: counted(7) };

  it("are those of its steps, the last at the last token", () => {
    expect(read(arrays, manifest, { step: 5 }).axis).toMatchObject({
      axis: { labels: ["t3", "t4", "t5"] },
      problem: null,
    });
    expect(read(arrays, manifest, { step: 1 }).axis!.axis.labels).toEqual(["token 0", "t0", "t1"]);
  });

  it("are those of the step that is shown for a token beside it", () => {
    const segments = [
      { name: "past", role: "other" as const, count: 2, label: "p{i}" },
      { name: "now", role: "other" as const, labels: { array: "at", template: "t{value}" } },
    ];
    expect(read(arrays, { ...manifest, segments }, { step: 5 }).axis!.axis.labels).toEqual([
      "p0",
      "p1",
      "t5",
    ]);
  });
});

describe("labels of another number than the tokens", () => {
  const segments = [{ name: "token", role: "other" as const, labels: { array: "at", template: "{value}" } }];

  it("are said to be", () => {
    const { axis } = read({ x: counted(1, 3, 2), at: counted(2, 3) }, { segments });
    expect(axis!.problem).toBe(
      "The labels of token are in at, which has [2, 3] for 3 tokens: the first are used.",
    );
    const short = read({ x: counted(1, 3, 2), at: counted(2) }, { segments }).axis!;
    expect(short.problem).toMatch(/\[2\] for 3 tokens: the others are numbered/);
    expect(short.axis.labels).toEqual(["0", "1", "token 2"]);
  });

  it("are right where a turn is not over yet", () => {
    const turns = [
      {
        name: "history",
        interleave: [
          { name: "state", role: "state" as const },
          { name: "action", role: "action" as const, labels: { array: "at", template: "a{value}" } },
        ],
      },
    ];
    const { axis } = read({ x: counted(1, 3, 2), at: counted(2) }, { segments: turns });
    expect(axis).toMatchObject({ problem: null, axis: { labels: ["state 0", "a0", "state 1"] } });
  });
});
