// Captures every model of the tables and writes docs/coverage.md; `scripts/corpus.mjs --coverage` starts it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineClient } from "../../src/client/engine-client";
import { measure, type Measured, type Row } from "./measure";

interface TableRow extends Row {
  readonly family?: string;
  readonly exporter?: string;
  readonly opset?: number;
  readonly attention?: string;
  readonly operator?: string;
  readonly case?: string;
  readonly form?: string;
  readonly types?: readonly string[];
  readonly blind?: boolean;
  /** What was wrong when the model was first tried. */
  readonly missedAtFirst?: string;
}
interface Table {
  readonly models: readonly TableRow[];
  readonly versions?: Readonly<Record<string, string>>;
  readonly notExported?: readonly { readonly name: string; readonly why: string }[];
  readonly notMade?: readonly { readonly name: string; readonly why: string }[];
}
interface Result {
  readonly row: TableRow;
  readonly measured: Measured;
}
interface Part {
  readonly name: string;
  readonly table: Table;
  readonly results: readonly Result[];
}

const [root = ".", file = "coverage.md"] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "coverage-"));
const client = new EngineClient({
  entry: join(root, "dist/engine/main.cjs"),
  trusted: true,
  log: () => undefined,
});

/** The third set is not captured here: it was counted once, by `make_blind_third.py` and the same for exports. */
const thirdBlindTest = `A third set came from someone who had read the README, the pages on inputs and files and the table above, but not how attention is found here; some of it was written after the first results were seen, and the layout of some references was settled by comparing, by the rule that leading axes are one with the batch: 122 exports of architectures of transformers (TorchScript 11 to 17, dynamo 18 to 23), 81 optimised, float16, int8 and converted forms of them, and 83 inventions (\`make_blind_third.py\` makes and checks those of PyTorch and onnx). Of the 286 models, 31 were misses at first and 11 are now; no map of a right export or invention is further from its reference than 7e-6. All were run again after the last change. What was mended: a softmax whose parts meet values of their own, heads put in front of the batch, keys and values that are parameters, division after the values, distances as scores, softmaxes side by side, weights without a softmax (sparsemax, entmax, ReLU), one head before an axis of blocks, nodes listed in any order, sizes that traced exports compute. What remains:

- a softmax in blocks of keys with a running maximum: nothing is listed for it, as no tensor holds the map;
- banded maps built by skewing (Longformer, LED): named as attention whose layout cannot be followed;
- neighbourhoods cut from an image, distances of single numbers: listed among other softmaxes, as is pooling by learned scores (gated pooling of a bag, self-attentive sentences, BiDAF's query to context), which is not counted as attention elsewhere on this page;
- keys of their own for each query: the queries are one with the batch. The values are right;
- the middle one of Nyström's three softmaxes, which meets no values, is captured too; the combining weights of soft experts are named and not captured.`;

void write().finally(() => {
  client.dispose();
  rmSync(scratch, { recursive: true, force: true });
});

async function write(): Promise<void> {
  const corpus = await part("Corpus", "test/corpus", "corpus.json");
  const larger = await part("Larger set, on demand", ".cache/corpus/large", "corpus.json");
  const parts = [
    {
      ...corpus,
      name: "Exports, optimised and quantised graphs",
      results: corpus.results.filter(({ row }) => !row.blind),
    },
    {
      ...corpus,
      name: "Blind test",
      results: [...corpus.results, ...larger.results].filter(({ row }) => row.blind),
    },
    { ...larger, results: larger.results.filter(({ row }) => !row.blind) },
    await part("Operators and hand-written graphs", "test/operators", "index.json"),
    await part("onnx's own Attention cases", ".cache/corpus/onnx", "index.json"),
  ];
  const [exports, blind, large, operators, cases] = parts as [Part, Part, Part, Part, Part];
  const text = [
    "# Coverage",
    "",
    "Made by `npm run corpus:make -- --coverage`; do not edit. Every model of the tables is opened and captured on the CPU, and its maps are compared with references in which this repository's code had no part: hooks in PyTorch, JAX's own values, NumPy, onnx's reference implementation, and for int8 the quantised model's own tensors. A model is right when everything is: the sites, their kinds, order and shapes, the softmaxes that are no attention, and every probability (within 1e-5; 2e-3 in half precision, 8e-3 in bfloat16, 5e-3 in int8).",
    "",
    ...summary(parts),
    "",
    "## Misses",
    "",
    ...misses(parts),
    "",
    "## Blind test",
    "",
    `Models in the styles of other authors: one set by someone who had not read how attention is found here (\`make_blind.py\`), and one that was written down before it was tried (\`make_blind_more.py\`). All of them are listed. When they were first tried, ${blind.results.filter(({ row }) => row.missedAtFirst).length} of ${blind.results.length} were misses; what was wrong then stands beside what they are now.`,
    "",
    ...table(
      ["model", "by", "form", "sites", "error", "method", "result", "missed at first"],
      blind.results.map(blindRow),
    ),
    "",
    thirdBlindTest,
    "",
    "## By family",
    "",
    ...table(
      ["family", "by", "form", "models", "sites", "largest error", "method", "misses"],
      families([...exports.results, ...large.results]),
    ),
    "",
    "## By operator",
    "",
    ...table(
      ["operator", "forms", "sites", "largest error", "method", "misses"],
      byOperator(operators.results),
    ),
    "",
    "## onnx's own Attention cases",
    "",
    ...nodeCases(cases),
    "",
    "## What exporters refused",
    "",
    ...[exports, large].flatMap(({ table: { notExported = [] } }) =>
      notExported.map(({ name, why }) => `- ${name}: ${clean(why)}`),
    ),
    "",
    "## Versions",
    "",
    ...versions(parts),
    "",
  ];
  writeFileSync(file, text.join("\n"));
  const missed = parts.flatMap(({ results }) => results).filter(isMiss);
  console.log(`${parts.flatMap(({ results }) => results).length} models, ${missed.length} misses`);
}

async function part(name: string, folder: string, index: string): Promise<Part> {
  const where = join(root, folder);
  let read: Table = { models: [] };
  try {
    read = JSON.parse(readFileSync(join(where, index), "utf8")) as Table;
  } catch {
    console.log(`${folder}/${index} is not there: ${name} is left out`);
  }
  const results: Result[] = [];
  for (const row of read.models) {
    const measured = await measure(client, row, where, join(scratch, "maps.npz")).catch(failed);
    results.push({ row, measured });
    if (measured.failures.length > 0) console.log(`${row.file}: ${measured.failures.join("; ")}`);
  }
  return { name, table: read, results };
}

/** A capture that ended with an error, after which the engine is started anew. */
async function failed(error: unknown): Promise<Measured> {
  await client.restart();
  const words = error instanceof Error ? error.message : String(error);
  return {
    failures: [words],
    sites: 0,
    methods: [],
    notSupported: [],
    otherSoftmaxes: [],
    error: null,
  };
}

function isMiss({ measured }: Result): boolean {
  return measured.failures.length > 0;
}

function summary(parts: readonly Part[]): string[] {
  const rows = parts
    .filter(({ results }) => results.length > 0)
    .map(({ name, results }) => {
      const right = results.filter((result) => !isMiss(result));
      const sites = results.reduce((sum, { row }) => sum + row.expectedSites, 0);
      return [
        name,
        results.length,
        sites,
        right.length,
        results.length - right.length,
        exact(right),
        loose(right),
      ];
    });
  return table(
    ["set", "models", "sites expected", "right", "misses", "largest error, float32", "half, int8"],
    rows,
  );
}

const isExact = ({ row }: Result) => (row.tolerance ?? 1e-5) <= 1e-5;
const exact = (results: readonly Result[]) => largest(results.filter(isExact));
const loose = (results: readonly Result[]) => largest(results.filter((result) => !isExact(result)));

function misses(parts: readonly Part[]): string[] {
  const lines = parts.flatMap(({ results }) =>
    results.filter(isMiss).map(({ row, measured }) => {
      const reason = row.knownMiss ? ` ${sentence(row.knownMiss)}.` : "";
      return `- **${row.file}**:${reason} ${clean(measured.failures.slice(0, 3).join("; "))}`;
    }),
  );
  return lines.length > 0 ? lines : ["None."];
}

function blindRow({ row, measured }: Result): unknown[] {
  const name = row.file.replace("blind-", "").replace(".onnx", "");
  const by = `${row.exporter}, opset ${row.opset}`;
  const result = measured.failures.length === 0 ? "right" : (row.knownMiss ?? measured.failures[0]);
  return [
    name,
    by,
    row.attention,
    row.expectedSites,
    shown(measured.error),
    measured.methods.join(", "),
    result,
    row.missedAtFirst ?? "",
  ];
}

function families(results: readonly Result[]): unknown[][] {
  const keyed = grouped(results, ({ row }) =>
    [row.family, `${row.exporter}, opset ${row.opset}`, row.attention].join("\n"),
  );
  return [...keyed.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, group]) => [
      ...key.split("\n"),
      group.length,
      sitesOf(group),
      largest(group),
      methods(group),
      missed(group),
    ]);
}

function byOperator(results: readonly Result[]): unknown[][] {
  const keyed = grouped(results, ({ row }) => row.operator ?? "");
  return [...keyed.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => [
      name,
      group.length,
      sitesOf(group),
      largest(group),
      methods(group),
      missed(group),
    ]);
}

function nodeCases({ table: { models, notMade = [] }, results }: Part): string[] {
  if (results.length === 0) return ["Not made: run `npm run corpus:make` first."];
  const right = results.filter((result) => !isMiss(result)).length;
  const reasons = grouped(notMade, ({ why }) => why);
  return [
    `Of the ${models.length + notMade.length} cases of onnx's backend tests, ${right} are right.`,
    ...[...reasons.entries()].map(([why, group]) => `${group.length} could not be written: ${clean(why)}.`),
    "",
    ...table(
      ["form", "opset", "cases", "largest error", "method", "misses"],
      [...grouped(results, ({ row }) => `${row.form}\n${row.opset}`).entries()].map(([key, group]) => [
        ...key.split("\n"),
        group.length,
        largest(group),
        methods(group),
        missed(group),
      ]),
    ),
  ];
}

function versions(parts: readonly Part[]): string[] {
  const { version } = JSON.parse(
    readFileSync(join(root, "node_modules/onnxruntime-node/package.json"), "utf8"),
  ) as { version: string };
  const made: Record<string, string> = Object.assign(
    {},
    ...parts.map(({ table: { versions: each = {} } }) => each),
  );
  const names = Object.entries(made).map(([name, each]) => `${name} ${each.replace("+cpu", "")}`);
  return [`Captured with onnxruntime-node ${version}. Made with ${names.sort().join(", ")}.`];
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function sitesOf(results: readonly Result[]): number {
  return results.reduce((sum, { row }) => sum + row.expectedSites, 0);
}

function missed(results: readonly Result[]): string {
  const count = results.filter(isMiss).length;
  return count === 0 ? "" : String(count);
}

function methods(results: readonly Result[]): string {
  return [...new Set(results.flatMap(({ measured }) => measured.methods))].sort().join(", ");
}

function largest(results: readonly Result[]): string {
  const errors = results.flatMap(({ measured: { error } }) => (error === null ? [] : [error]));
  return errors.length === 0 ? "" : shown(Math.max(...errors));
}

function shown(error: number | null): string {
  if (error === null) return "";
  return error === 0 ? "0" : error.toExponential(0);
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Without folders of this machine, and in one line. */
function clean(words: string): string {
  return words.replaceAll(root, ".").replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}

function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const line = (cells: readonly unknown[]) => `| ${cells.map((cell) => String(cell ?? "")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)];
}
