/** `npm run bench`: measures the bars in turn with a control, prints a table, writes `bench/results.json`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { gpu } from "../src/engine/run/providers";
import type { Bar, Setting } from "./bars/bar";
import { firstView } from "./bars/p04-first-view";
import { allHeads } from "./bars/p06-all-heads";
import { panAndZoom } from "./bars/p07-pan-zoom";
import { firstDraw } from "./bars/p08-first-draw";
import { canvasRedraw } from "./bars/p09-canvas";
import { pageBytes } from "./bars/p10-page-bytes";
import { eventLoop } from "./bars/p11-event-loop";
import { heap } from "./bars/p12-heap";
import { steps } from "./bars/p13-steps";
import { rebuilt } from "./bars/p14-rebuilt";
import { open } from "./bars/p15-open";
import { Control } from "./control";
import { type BarResult, exitCodeOf, holds, isValid, PAIRS, verdictOf } from "./harness";
import { transformer } from "./models";
import { measureOpening, type Opening } from "./opening";
import { barTable, controlLine, openingTable, type Results, resultsDocument, slowedTable } from "./report";

const bars: readonly Bar[] = [
  firstView,
  allHeads,
  panAndZoom,
  firstDraw,
  canvasRedraw,
  pageBytes,
  eventLoop,
  heap,
  steps,
  rebuilt,
  open,
];
const OPENING = "opening";
const QUICK_PAIRS = 3;
/** Few are enough for what must fail by far. */
const SLOWED_PAIRS = 3;

const root = process.cwd();
const models = path.join(root, ".cache/bench/models");
const engine = path.join(root, "dist/engine/main.cjs");
const example = path.join(root, "examples/decision-transformer/model.onnx");

void main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      save: { type: "boolean", default: false },
      slowed: { type: "boolean", default: false },
    },
  });
  const names = [...bars.map((bar) => bar.name), OPENING];
  const wanted = values.only?.split(",") ?? names;
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`There is no bar ${unknown.join(", ")}; there are: ${names.join(", ")}.`);

  const chosen = bars.filter((bar) => wanted.includes(bar.name));
  if (values.slowed) return slowedExitCode(await measureSlowed(chosen));

  const pairs = values.quick ? QUICK_PAIRS : PAIRS;
  const loadBefore = os.loadavg()[0]!;
  const control = new Control(controlModel(), pairs, chosen.length + (wanted.includes(OPENING) ? 2 : 0));
  const results: BarResult[] = [];
  const failures: string[] = [];
  for (const bar of chosen) {
    await control.measure();
    console.log(`measuring ${bar.name} …`);
    try {
      results.push(...(await bar.measure(setting(pairs, "product"))));
    } catch (error) {
      // What the other bars took half an hour for is not lost.
      failures.push(
        `${bar.name} was not measured: ${error instanceof Error ? error.message : String(error)}`,
      );
      console.error(failures.at(-1));
    }
  }
  const openings: Opening[] = [];
  if (wanted.includes(OPENING)) {
    const subjects = [
      ["example (decision transformer)", example],
      ["12 layers × 12 heads, width 768, T = 128", controlModel()],
    ] as const;
    for (const [name, file] of subjects) {
      await control.measure();
      console.log(`measuring the opening: ${name} …`);
      openings.push(await measureOpening(name, file, engine, pairs));
    }
  }
  const slowed = values.quick ? [] : await measureSlowed(chosen);

  for (const opening of openings) console.log(`\n${openingTable(opening)}`);
  if (results.length > 0) console.log(`\n${barTable(results, control.spread)}`);
  console.log(`\n${machine()}\n${controlLine(control.spread)}`);
  // What is committed has all its pairs, and was judged: in a void run that are bytes and memory alone.
  if (!values.quick && (values.save || values.only === undefined)) {
    const file = path.join(root, "bench/results.json");
    const load = [loadBefore, os.loadavg()[0]!] as const;
    const run = { machine: machine(), date: new Date().toISOString(), load, control: control.spread };
    const judged = results.filter((result) => verdictOf(result, control.spread) !== "void");
    const earlier = values.only === undefined ? null : readResults(file);
    const timed = isValid(control.spread) ? openings : [];
    const document = resultsDocument({ ...run, bars: judged, openings: timed, slowed }, earlier);
    writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
    console.log(`written: bench/results.json (${judged.map(({ id }) => id).join(", ")})`);
  }
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) return 1;
  return Math.max(exitCodeOf(results, control.spread), slowedExitCode(slowed)) as 0 | 1 | 2;
}

/** The results of earlier runs, null where there are none. */
function readResults(file: string): Results | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : null;
}

function setting(pairs: number, variant: Setting["variant"]): Setting {
  return { pairs, variant, models, engine };
}

async function measureSlowed(chosen: readonly Bar[]): Promise<BarResult[]> {
  const results: BarResult[] = [];
  for (const bar of chosen) {
    console.log(`measuring ${bar.name}, slowed on purpose …`);
    results.push(...(await bar.measure(setting(SLOWED_PAIRS, "slowed"))));
  }
  if (results.length > 0) console.log(`\n${slowedTable(results)}`);
  return results;
}

/** 1 when a bar holds for what was slowed on purpose: it would see nothing. */
function slowedExitCode(slowed: readonly BarResult[]): 0 | 1 {
  return slowed.some(holds) ? 1 : 0;
}

function controlModel(): string {
  return transformer(models, { layers: 12, heads: 12, width: 768, tokens: 128 }).file;
}

function machine(): string {
  const { present } = gpu();
  const runtime = path.join(root, "node_modules/onnxruntime-node/package.json");
  const { version } = JSON.parse(readFileSync(runtime, "utf8")) as { version: string };
  return [
    `${os.availableParallelism()} cores`,
    `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    present ? "a GPU" : "no GPU",
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `ONNX Runtime ${version}`,
  ].join(", ");
}
