// One row of a table of models: opened and captured by the engine, and held against its references.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineClient } from "../../src/client/engine-client";
import { readNpz, type NamedArray } from "../../src/inputs/arrays";

export interface Row {
  readonly file: string;
  /** Inputs and reference maps; null where there is nothing to capture. */
  readonly arrays: string | null;
  readonly expectedSites: number;
  readonly kinds: readonly string[];
  /** Softmaxes in the graph that are no attention. Null: not counted. */
  readonly otherSoftmaxes?: number | null;
  /** Not so where a sink takes a share of every row. */
  readonly rowsSumToOne?: boolean;
  readonly sha256?: string;
  /** Of a probability; 1e-5 where nothing is said. */
  readonly tolerance?: number;
  /** What `notSupported` must say, where a form can't be captured and that is right. */
  readonly notSupportedReason?: string | null;
  /** Why the product does not give this row's maps yet. */
  readonly knownMiss?: string;
}

export interface Measured {
  /** What differs from the row, in words; empty where nothing does. */
  readonly failures: readonly string[];
  readonly sites: number;
  readonly methods: readonly string[];
  readonly notSupported: readonly string[];
  readonly otherSoftmaxes: readonly string[];
  /** Largest error of a probability; null where no map was compared. */
  readonly error: number | null;
}

const TOLERANCE = 1e-5;
/** Of a rebuilt operator's output, relative to its largest value; half precision counts. */
const LARGEST_OUTPUT_ERROR = 5e-3;

/**
 * @param folder where the row's files are
 * @param scratch a file that may be overwritten
 */
export async function measure(
  client: EngineClient,
  row: Row,
  folder: string,
  scratch: string,
): Promise<Measured> {
  const model = join(folder, row.file);
  const failures: string[] = [];
  const expect = (what: string, got: unknown, wanted: unknown) => {
    if (String(got) !== String(wanted)) failures.push(`${what}: ${got}, expected ${wanted}`);
  };
  if (row.sha256 !== undefined) expect("sha256 of the model", await digestOf(model), row.sha256);

  const found = await client.open(model, "full");
  const notSupported = found.notSupported.map(({ reason }) => reason);
  const otherSoftmaxes = found.otherSoftmaxes.map(({ reason }) => reason);
  if (row.notSupportedReason) {
    if (!notSupported.some((reason) => reason.includes(row.notSupportedReason ?? "")))
      failures.push(`not refused because of "${row.notSupportedReason}"`);
  } else if (notSupported.length > 0) {
    failures.push(`not supported: ${[...new Set(notSupported)].join("; ")}`);
  }
  if (typeof row.otherSoftmaxes === "number")
    expect("other softmaxes", otherSoftmaxes.length, row.otherSoftmaxes);
  expect("sites", found.sites.length, row.notSupportedReason ? 0 : row.expectedSites);
  const result = { failures, notSupported, otherSoftmaxes, sites: found.sites.length };
  if (found.sites.length === 0 || row.arrays === null) return { ...result, methods: [], error: null };

  const arrays = join(folder, row.arrays);
  const { sites } = await client.capture({
    provider: "cpu",
    providerOrder: [],
    input: { file: arrays },
    sites: null,
  });
  await client.writeData({ format: "npz", file: scratch, command: "" });
  const [maps, references] = await Promise.all([readArrays(scratch), readArrays(arrays)]);
  expect("kinds", sites.map(({ kind }) => kind).join(" "), row.kinds.join(" "));
  expect(
    "captured",
    sites.map(({ id }) => id).join(" "),
    row.kinds.map((_, index) => siteName(index)).join(" "),
  );
  const names = [...maps.keys()].filter((name) => name.startsWith("site_"));
  expect("arrays", names.sort().join(" "), sites.map(({ id }) => id).join(" "));

  let error: number | null = null;
  for (const [index] of row.kinds.entries()) {
    const id = siteName(index);
    const [map, reference] = [maps.get(id), references.get(`ref/${id}`)];
    if (!map || !reference) continue;
    if (String(map.dims) !== String(reference.dims)) {
      failures.push(`shape of ${id}: [${map.dims}], expected [${reference.dims}]`);
      continue;
    }
    const difference = differenceOf(map, reference);
    error = Math.max(error ?? 0, difference.map);
    if (difference.map > (row.tolerance ?? TOLERANCE))
      failures.push(`${id} differs by ${difference.map.toExponential(1)}`);
    if (row.rowsSumToOne && difference.rowSum > (row.tolerance ?? TOLERANCE))
      failures.push(`a row of ${id} sums to 1 ± ${difference.rowSum.toExponential(1)}`);
  }
  for (const { id, error: rebuilt } of sites)
    if (rebuilt !== null && rebuilt > LARGEST_OUTPUT_ERROR)
      failures.push(`${id}: its operator's output differs by ${rebuilt.toExponential(1)}`);
  return { ...result, methods: [...new Set(sites.map(({ method }) => method))], error };
}

async function readArrays(path: string): Promise<Map<string, NamedArray>> {
  return readNpz(await readFile(path), path);
}

async function digestOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

function siteName(index: number): string {
  return `site_${String(index).padStart(3, "0")}`;
}

/**
 * Largest absolute differences: of a probability, and of a captured row's sum from 1. A NaN of the map counts as
 * infinite; where the reference is NaN, the row is undefined and not compared.
 */
function differenceOf(captured: NamedArray, reference: NamedArray): { map: number; rowSum: number } {
  const actual = captured.data as Float32Array;
  const wanted = reference.data as Float32Array;
  const keys = captured.dims.at(-1) ?? 0;
  let map = 0;
  let rowSum = 0;
  for (let row = 0; row < actual.length; row += keys) {
    if (Number.isNaN(wanted[row])) continue;
    let sum = 0;
    for (let cell = row; cell < row + keys; cell++) {
      sum += actual[cell]!;
      map = larger(map, Math.abs(actual[cell]! - wanted[cell]!));
    }
    rowSum = larger(rowSum, Math.abs(sum - 1));
  }
  return { map, rowSum };
}

function larger(a: number, b: number): number {
  return Number.isNaN(b) ? Infinity : Math.max(a, b);
}
