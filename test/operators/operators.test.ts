// Every fused operator and every way to write attention by hand, against maps computed in NumPy from the specification.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineClient } from "../../src/client/engine-client";
import { readNpz, type NamedArray } from "../../src/inputs/arrays";
import type { CapturedSite } from "../../src/shared/capture";

interface Row {
  readonly file: string;
  /** The model's inputs under their names, and `ref/site_000` …: [B, H, T, S], NaN where a row is undefined. */
  readonly arrays: string;
  readonly operator: string;
  readonly case: string;
  readonly expectedSites: number;
  readonly kinds: readonly ("self" | "cross")[];
  /** The operator hides its map, so that it must be computed again. */
  readonly rebuilt: boolean;
  readonly kernelOnCpu: boolean;
  readonly tolerance: number;
  /** Why the form can't be captured, when that is right. */
  readonly notSupportedReason: string | null;
  /** What the product says of a form that it should capture and does not yet: a miss. */
  readonly notYet?: string;
  readonly sha256: string;
  readonly arraysSha256: string;
}

/** From this tolerance on, a row is of float16. */
const HALF = 2e-3;
const LARGEST_ERROR = 1e-3;
const LARGEST_HALF_ERROR = 5e-3;

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const { models } = JSON.parse(readFileSync(join(here, "index.json"), "utf8")) as { models: Row[] };

let client: EngineClient;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "operators-"));
  client = new EngineClient({
    entry: join(root, "dist/engine/main.cjs"),
    trusted: true,
    log: () => undefined,
  });
});
afterAll(async () => {
  client.dispose();
  await rm(folder, { recursive: true, force: true });
});

it("has the models and arrays that were checked when they were made", () => {
  const digest = (file: string) =>
    createHash("sha256")
      .update(readFileSync(join(here, file)))
      .digest("hex");
  for (const row of models) {
    expect(digest(row.file), row.file).toBe(row.sha256);
    expect(digest(row.arrays), row.arrays).toBe(row.arraysSha256);
  }
});

describe.each(models.filter((row) => row.notYet !== undefined))("$file", (row) => {
  it(`${row.operator}: ${row.case}, still a miss that says so; where it is none, take its notYet out`, async () => {
    const { sites, notSupported } = await client.open(join(here, row.file), "full");
    expect(sites).toEqual([]);
    expect(notSupported.map(({ reason }) => reason).join("; ")).toContain(row.notYet);
  });
});

describe.each(
  models.filter(
    (row) => row.expectedSites > 0 && row.notSupportedReason === null && row.notYet === undefined,
  ),
)("$file", (row) => {
  it(`${row.operator}: ${row.case}`, async () => {
    const { sites, maps } = await captured(row);
    expect(sites.map(({ id }) => id)).toEqual(row.kinds.map((_, index) => siteName(index)));
    expect(sites.map(({ kind }) => kind)).toEqual(row.kinds);

    const references = await arraysOf(join(here, row.arrays));
    for (const { id } of sites) {
      const [map, reference] = [maps.get(id), references.get(`ref/${id}`)];
      expect(map?.dims, "shape").toEqual(reference?.dims);
      expect(difference(map, reference), "largest error of a probability").toBeLessThanOrEqual(row.tolerance);
    }
    if (row.rebuilt) for (const site of sites) checkProof(site, row);
  });
});

describe.each(models.filter((row) => row.notSupportedReason !== null))("$file", (row) => {
  it(`${row.operator}: ${row.case}, with a reason`, async () => {
    const { sites, notSupported } = await client.open(join(here, row.file), "full");
    expect(sites).toEqual([]);
    expect(notSupported.map(({ reason }) => reason)).toEqual([
      expect.stringContaining(row.notSupportedReason ?? ""),
    ]);
  });
});

describe.each(models.filter((row) => row.expectedSites === 0 && row.notSupportedReason === null))(
  "$file",
  (row) => {
    it(`${row.operator}: ${row.case}, no attention`, async () => {
      const { sites, notSupported } = await client.open(join(here, row.file), "full");
      expect(sites).toEqual([]);
      expect(notSupported, notSupported.map(({ reason }) => reason).join("; ")).toEqual([]);
    });
  },
);

/** Sites and maps of one run on the row's own input. */
async function captured(
  row: Row,
): Promise<{ sites: readonly CapturedSite[]; maps: ReadonlyMap<string, NamedArray> }> {
  const { notSupported } = await client.open(join(here, row.file), "full");
  expect(notSupported, notSupported.map(({ reason }) => reason).join("; ")).toEqual([]);
  const { sites } = await client.capture({
    provider: "cpu",
    providerOrder: [],
    input: { file: join(here, row.arrays) },
    sites: null,
  });
  const npz = join(folder, row.arrays);
  await client.writeData({ format: "npz", file: npz, command: "" });
  return { sites, maps: await arraysOf(npz) };
}

/** A map that was computed again is compared with the operator's output, or says that it could not be. */
function checkProof({ error, proven, note }: CapturedSite, row: Row): void {
  if (row.kernelOnCpu) {
    expect(error, "error against the operator's output").toBeLessThanOrEqual(
      row.tolerance >= HALF ? LARGEST_HALF_ERROR : LARGEST_ERROR,
    );
    expect(proven).toBe(true);
  } else {
    expect(note).toContain("not compared");
  }
}

async function arraysOf(path: string): Promise<Map<string, NamedArray>> {
  return readNpz(await readFile(path), path);
}

function siteName(index: number): string {
  return `site_${String(index).padStart(3, "0")}`;
}

/** Largest absolute difference where the reference is defined; NaN in the map counts as infinite. */
function difference(map: NamedArray | undefined, reference: NamedArray | undefined): number {
  if (!map || !reference) return Infinity;
  const actual = map.data as Float32Array;
  let largest = 0;
  (reference.data as Float32Array).forEach((wanted, cell) => {
    if (Number.isNaN(wanted)) return;
    const distance = Math.abs((actual[cell] ?? NaN) - wanted);
    largest = Number.isNaN(distance) ? Infinity : Math.max(largest, distance);
  });
  return largest;
}
