/** From right-click to the first heatmap, by phase, against plain ONNX Runtime: create and run. Reported without a bar. */
import os from "node:os";
import { EngineClient } from "../src/client/engine-client";
import { type PhaseName, phaseLabels } from "../src/shared/capture";
import { inTurn, ratiosOf, type Spread, spreadOf } from "./harness";
import { runTask } from "./run-task";
import type { Ran } from "./tasks";

/** The engine's own limit, given to plain ONNX Runtime too. */
export const threads = Math.max(1, os.availableParallelism() - 1);

/** Steps in order: the engine's phases, and what lies around them. */
export type Step = "start" | PhaseName | "send" | "page";

export interface Opening {
  readonly model: string;
  readonly pairs: number;
  /** Milliseconds from the start of the engine's process to the first page in the host. */
  readonly total: Spread;
  readonly steps: Readonly<Record<Step, Spread>>;
  /** Plain ONNX Runtime in a process of its own, milliseconds. */
  readonly plain: Readonly<Record<"load" | "create" | "run", Spread>>;
  /** Total / (create + run). */
  readonly ratio: Spread;
}

/** Words of the steps for the table. */
export const stepLabels: Readonly<Record<Step, string>> = {
  start: "Start engine",
  ...phaseLabels,
  send: "Send figures",
  page: "First page",
};

export async function measureOpening(
  model: string,
  file: string,
  engine: string,
  pairs: number,
): Promise<Opening> {
  const product = () => open(file, engine);
  const plain = () => runTask({ kind: "createAndRun", file, threads }, { lowPriority: true });
  await product();
  await plain();
  const measured = await inTurn(pairs, product, plain);
  const steps = (Object.keys(stepLabels) as Step[]).map(
    (step) => [step, spreadOf(measured.map(({ a }) => a.steps[step]))] as const,
  );
  const plainSpread = (value: (ran: Ran) => number) => spreadOf(measured.map(({ b }) => value(b)));
  return {
    model,
    pairs,
    total: spreadOf(measured.map(({ a }) => a.total)),
    steps: Object.fromEntries(steps) as Record<Step, Spread>,
    plain: {
      load: plainSpread((ran) => ran.loadMs),
      create: plainSpread((ran) => ran.createMs),
      run: plainSpread((ran) => ran.runMs),
    },
    ratio: ratiosOf(measured.map(({ a, b }) => ({ a: a.total, b: b.createMs + b.runMs }))),
  };
}

async function open(file: string, engine: string): Promise<{ total: number; steps: Record<Step, number> }> {
  const started = performance.now();
  const client = new EngineClient({ entry: engine, trusted: true, log: () => undefined });
  try {
    await client.open(file, "full");
    const opened = performance.now();
    const capture = await client.capture({ provider: "cpu", providerOrder: [], input: null, sites: null });
    const captured = performance.now();
    const site = capture.sites[0]!;
    await client.readPage({
      ...{ handle: site.handle, generation: capture.generation, batch: 0, head: 0 },
      ...{ queryStart: 0, queryEnd: site.queries, keyStart: 0, keyEnd: site.keys },
      ...{ maxRows: 512, maxColumns: 512, pooling: "max" },
    });
    const ended = performance.now();
    const phase = Object.fromEntries(capture.phases.map(({ name, ms }) => [name, ms ?? 0])) as Record<
      PhaseName,
      number
    >;
    return {
      total: ended - started,
      steps: {
        start: opened - started - phase.read - phase.find,
        ...phase,
        send: captured - opened - phase.instrument - phase.load - phase.run - phase.reduce,
        page: ended - captured,
      },
    };
  } finally {
    client.dispose();
  }
}
