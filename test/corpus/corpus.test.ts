// Exports of models that this repository did not write, captured by its command line, against PyTorch's own maps.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpz, type NamedArray } from "../../src/inputs/arrays";

interface Row {
  readonly file: string;
  /** Inputs and reference maps; null where there is nothing to capture. */
  readonly arrays: string | null;
  readonly expectedSites: number;
  readonly kinds: readonly ("self" | "cross")[];
  /** Softmaxes in the graph that are no attention. */
  readonly otherSoftmaxes: number;
  /** Not so where a sink takes a share of every row. */
  readonly rowsSumToOne: boolean;
  readonly sha256: string;
}

interface Listing {
  readonly sites: readonly { readonly id: string; readonly kind: string }[];
  readonly notSupported: readonly unknown[];
  readonly otherSoftmaxes: readonly unknown[];
}

const TOLERANCE = 1e-5;
const here = fileURLToPath(new URL(".", import.meta.url));
const program = fileURLToPath(new URL("../../bin/attention-lens.mjs", import.meta.url));
const { models } = JSON.parse(readFileSync(join(here, "corpus.json"), "utf8")) as { models: Row[] };

const run = promisify(execFile);
const attentionLens = (...words: string[]) => run(process.execPath, [program, ...words]);
const readArrays = async (path: string) => readNpz(await readFile(path), path);
const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Listing;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corpus-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(models.filter((row) => row.expectedSites > 0))("$file", (row) => {
  it("gives every map of PyTorch, and no other", async () => {
    const arrays = join(here, row.arrays ?? "");
    const maps = join(folder, `${row.file}.npz`);
    const json = join(folder, `${row.file}.json`);
    const model = await modelOf(row);
    await attentionLens(
      "capture",
      model,
      "--inputs",
      arrays,
      "--out",
      maps,
      "--json",
      json,
      "--provider",
      "cpu",
    );

    const { sites, notSupported, otherSoftmaxes } = await readJson(json);
    expect(sites.map((site) => site.id)).toEqual(row.kinds.map((_, index) => siteName(index)));
    expect(sites.map((site) => site.kind)).toEqual(row.kinds);
    expect(notSupported).toEqual([]);
    expect(otherSoftmaxes).toHaveLength(row.otherSoftmaxes);

    const [captured, reference] = await Promise.all([readArrays(maps), readArrays(arrays)]);
    expect([...captured.keys()].sort()).toEqual(row.kinds.map((_, index) => siteName(index)));
    const differences = row.kinds.map((_, index) =>
      difference(captured.get(siteName(index)), reference.get(`ref/${siteName(index)}`)),
    );
    expect(differences.filter(({ shapes }) => shapes[0] !== shapes[1])).toEqual([]);
    expect(Math.max(...differences.map(({ map }) => map))).toBeLessThanOrEqual(TOLERANCE);
    if (row.rowsSumToOne)
      expect(Math.max(...differences.map(({ rowSum }) => rowSum))).toBeLessThanOrEqual(TOLERANCE);
  });
});

describe.each(models.filter((row) => row.expectedSites === 0))("$file", (row) => {
  it("holds no attention, and its softmaxes are listed apart", async () => {
    const json = join(folder, `${row.file}.json`);
    await attentionLens("inspect", await modelOf(row), "--json", json);
    const { sites, notSupported, otherSoftmaxes } = await readJson(json);
    expect(sites).toEqual([]);
    expect(notSupported).toEqual([]);
    expect(otherSoftmaxes).toHaveLength(row.otherSoftmaxes);
  });
});

/** The model's path, once its bytes are known to be those that the references belong to. */
async function modelOf(row: Row): Promise<string> {
  const path = join(here, row.file);
  const digest = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  expect(digest, "sha256 of the model").toBe(row.sha256);
  return path;
}

function siteName(index: number): string {
  return `site_${String(index).padStart(3, "0")}`;
}

/** Largest absolute differences: of a probability, and of a captured row's sum from 1. NaN counts as infinite. */
function difference(
  captured: NamedArray | undefined,
  reference: NamedArray | undefined,
): { shapes: [string, string]; map: number; rowSum: number } {
  const shapes: [string, string] = [String(captured?.dims), String(reference?.dims)];
  if (!captured || !reference || shapes[0] !== shapes[1]) return { shapes, map: Infinity, rowSum: Infinity };
  const actual = captured.data as Float32Array;
  const wanted = reference.data as Float32Array;
  const keys = captured.dims.at(-1) ?? 0;
  let map = 0;
  let rowSum = 0;
  for (let row = 0; row < actual.length; row += keys) {
    let sum = 0;
    for (let cell = row; cell < row + keys; cell++) {
      sum += actual[cell]!;
      map = larger(map, Math.abs(actual[cell]! - wanted[cell]!));
    }
    rowSum = larger(rowSum, Math.abs(sum - 1));
  }
  return { shapes, map, rowSum };
}

function larger(a: number, b: number): number {
  return Number.isNaN(b) ? Infinity : Math.max(a, b);
}
