/** P11: while the model runs, the extension host's event loop stays free. This process stands for the host. */
import { EngineClient } from "../../src/client/engine-client";
import { captureModel } from "../../src/engine/capture";
import { openModel } from "../../src/engine/model/open-model";
import { Phases } from "../../src/engine/phases";
import type { Capture } from "../../src/shared/capture";
import type { CaptureRequest } from "../../src/shared/protocol";
import { type Spread, spreadOf } from "../harness";
import { slowRun } from "../models";
import type { Bar, Setting } from "./bar";

const TICK_MS = 5;
/** A run shorter than this says nothing of a bar of 5 %. */
const SHORTEST_RUN_MS = 2000;
const PRODUCTS = 72;
const IDLE_MS = 500;
const onCpu: CaptureRequest = { provider: "cpu", providerOrder: [], input: null, sites: null };

interface Watched<T> {
  readonly result: T;
  /** Longest time between two ticks of a timer of 5 ms. */
  readonly longestGapMs: number;
  /** Time that this process computed: what is left of a gap was waiting for a core. */
  readonly cpuMs: number;
}

export const eventLoop: Bar = {
  name: "P11",
  measure: async (setting) => {
    const capture = setting.variant === "product" ? captureInEngine(setting) : captureHere();
    const gaps: number[] = [];
    const runs: number[] = [];
    const idle: number[] = [];
    const computed: number[] = [];
    try {
      let { file } = slowRun(setting.models, PRODUCTS);
      let ms = runMs((await capture.of(file)).phases);
      for (let products = PRODUCTS; ms < SHORTEST_RUN_MS;) {
        products *= 2;
        file = slowRun(setting.models, products).file;
        ms = runMs((await capture.of(file)).phases);
      }
      for (let turn = 0; turn < setting.pairs; turn++) {
        idle.push((await watched(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)))).longestGapMs);
        const { result, longestGapMs, cpuMs } = await watched(() => capture.of(file));
        gaps.push(longestGapMs);
        computed.push(cpuMs);
        runs.push(runMs(result.phases));
      }
    } finally {
      capture.end();
    }
    const spread = spreadOf(gaps.map((gap, turn) => gap / runs[turn]!));
    const [gap, run, still, cpu] = [gaps, runs, idle, computed].map(spreadOf) as [
      Spread,
      Spread,
      Spread,
      Spread,
    ];
    return [
      {
        id: "P11",
        title: "longest gap of the host's event loop / duration of the run",
        value: spread.median,
        bar: 0.05,
        unit: "ratio",
        hard: false,
        spread,
        note: `gap ${gap.median.toFixed(0)} ms (at most ${gap.max.toFixed(0)}) in a run of ${(run.median / 1000).toFixed(2)} s; a timer of ${TICK_MS} ms; with nothing to do: ${still.median.toFixed(0)} ms (at most ${still.max.toFixed(0)}); the host computed for ${cpu.median.toFixed(0)} ms`,
      },
    ];
  },
};

function captureInEngine({ engine }: Setting) {
  const client = new EngineClient({ entry: engine, trusted: true, log: () => undefined });
  return {
    of: async (file: string): Promise<Capture> => {
      await client.open(file, "full");
      return client.capture(onCpu);
    },
    end: () => client.dispose(),
  };
}

/** Slowed on purpose: what the engine does, on the host's own event loop. */
function captureHere() {
  const phases = () => new Phases(() => undefined);
  return {
    of: async (file: string): Promise<Capture> => {
      const opened = openModel(file, phases());
      try {
        return (await captureModel(opened, onCpu, 1, phases())).capture;
      } finally {
        opened.file.close();
      }
    },
    end: () => undefined,
  };
}

async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const cpu = process.cpuUsage();
  let last = performance.now();
  let longestGapMs = 0;
  const tick = () => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
  };
  const timer = setInterval(tick, TICK_MS);
  try {
    const result = await work();
    tick();
    const { user, system } = process.cpuUsage(cpu);
    return { result, longestGapMs, cpuMs: (user + system) / 1000 };
  } finally {
    clearInterval(timer);
  }
}

function runMs(phases: Capture["phases"]): number {
  return phases.find(({ name }) => name === "run")?.ms ?? NaN;
}
