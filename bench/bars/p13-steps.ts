/** P13: a step of a long episode costs what one of a short episode does, through the engine's process as in the view. */
import { readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import path from "node:path";
import { EngineClient } from "../../src/client/engine-client";
import { type Episode, episode, type EpisodeKind, episodeKinds } from "../episodes";
import { type BarResult, inTurn, ratiosOf, spreadOf } from "../harness";
import type { Bar, Setting } from "./bar";

const LONG = 5000;
const SHORT = 500;
/** Steps of one measurement, whose mean counts. */
const STEPS = 5;
const BAR = 1.1;
const MB = 1e6;

export const steps: Bar = {
  name: "P13",
  measure: async (setting) => {
    const results: BarResult[] = [];
    for (const kind of episodeKinds) results.push(...(await measure(kind, setting)));
    return results;
  },
};

interface Measured {
  readonly ms: number;
  readonly bytes: number | null;
}

async function measure(kind: EpisodeKind, { pairs, variant, models, engine }: Setting): Promise<BarResult[]> {
  const walks: Walk[] = [];
  try {
    for (const length of [LONG, SHORT])
      walks.push(await Walk.begin(await episode(models, kind, length), engine, variant === "slowed"));
    const [long, short] = walks as [Walk, Walk];
    const measured = await inTurn(
      pairs,
      () => long.steps(),
      () => short.steps(),
    );
    const ratio = ratiosOf(measured.map(({ a, b }) => ({ a: a.ms, b: b.ms })));
    const ms = (each: readonly Measured[]) => spreadOf(each.map((one) => one.ms)).median.toFixed(1);
    const longMs = ms(measured.map(({ a }) => a));
    const shortMs = ms(measured.map(({ b }) => b));
    const words = { stored: "npz, stored", compressed: "npz, compressed", frames: "folder of frames" }[kind];
    const name = kind === "stored" ? "P13" : `P13.${kind}`;
    const memory = [long, short].map((walk) => walk.memoryMb()).map((mb) => mb?.toFixed(0) ?? "?");
    const bytes = measured.flatMap(({ a, b }) =>
      a.bytes === null || b.bytes === null ? [] : [{ a: a.bytes, b: b.bytes }],
    );
    const perStep = (values: readonly number[]) => Math.round(spreadOf(values).median / STEPS);
    const read =
      bytes.length === 0
        ? "bytes not counted by this system"
        : `${perStep(bytes.map(({ a }) => a))} of ${perStep(bytes.map(({ b }) => b))} bytes read a step`;
    const time: BarResult = {
      id: name,
      title: `a step of an episode of ${LONG} / of ${SHORT}: ${words}`,
      value: ratio.median,
      bar: BAR,
      unit: "ratio",
      hard: false,
      spread: ratio,
      note: `${longMs} ms of ${shortMs} ms, the mean of ${STEPS} steps; ${read}; the first step ${long.firstMs.toFixed(0)} ms of ${short.firstMs.toFixed(0)} ms; the engine's largest resident set ${memory[0]} MB of ${memory[1]} MB`,
    };
    // What a compressed array was unpacked to lies in memory or in a file, and a list of names is no read.
    if (kind !== "stored" || bytes.length === 0) return [time];
    const ratios = ratiosOf(bytes);
    return [
      time,
      {
        id: `${name}.bytes`,
        title: `bytes read for a step of an episode of ${LONG} / of ${SHORT}: ${words}`,
        value: ratios.max,
        bar: BAR,
        unit: "ratio",
        hard: true,
        spread: ratios,
        note: `${read}, the engine's own count of reads; the worst of all`,
      },
    ];
  } finally {
    for (const walk of walks) walk.end();
  }
}

/** An engine that goes through an episode, no step of it twice. */
class Walk {
  readonly #client: EngineClient;
  readonly #episode: Episode;
  readonly #slowed: boolean;
  #at = 0;
  firstMs = 0;

  private constructor(client: EngineClient, of: Episode, slowed: boolean) {
    this.#client = client;
    this.#episode = of;
    this.#slowed = slowed;
  }

  /** Opens the model and takes its first steps, of which the very first loads it. */
  static async begin(of: Episode, entry: string, slowed: boolean): Promise<Walk> {
    const client = new EngineClient({ entry, trusted: true, log: () => undefined });
    await client.open(of.model, "full");
    const walk = new Walk(client, of, slowed);
    const started = performance.now();
    await walk.#step();
    walk.firstMs = performance.now() - started;
    await walk.steps();
    return walk;
  }

  async steps(): Promise<Measured> {
    const before = this.#bytesRead();
    const started = performance.now();
    for (let step = 0; step < STEPS; step++) await this.#step();
    const ms = (performance.now() - started) / STEPS;
    const after = this.#bytesRead();
    return { ms, bytes: before === null || after === null ? null : after - before };
  }

  async #step(): Promise<void> {
    if (this.#slowed) slowDown(this.#episode.source);
    // Steps far apart, each once: 7 and the lengths have no common divisor.
    const step = (this.#at++ * 7) % this.#episode.steps;
    const capture = await this.#client.capture({
      provider: "cpu",
      providerOrder: [],
      input: { step },
      fallback: true,
      sites: null,
    });
    const { steps } = capture.recording;
    if (steps?.count !== this.#episode.steps || steps.index !== step || capture.sites.length !== 4)
      throw new Error(`Step ${step} of ${this.#episode.steps} came as ${steps?.index} of ${steps?.count}.`);
  }

  /** Largest resident set of the engine's process so far; null where the system does not tell. */
  memoryMb(): number | null {
    const kilobytes = field(`/proc/${this.#client.pid}/status`, "VmHWM");
    return kilobytes === null ? null : (kilobytes * 1024) / MB;
  }

  #bytesRead(): number | null {
    return field(`/proc/${this.#client.pid}/io`, "rchar");
  }

  end(): void {
    this.#client.dispose();
  }
}

/** What was changed just now cannot be known from before, so it is read again, all of it; and of frames every one is. */
function slowDown(source: string): void {
  utimesSync(source, new Date(), new Date());
  if (statSync(source).isDirectory())
    for (const name of readdirSync(source)) readFileSync(path.join(source, name));
}

function field(file: string, name: string): number | null {
  if (process.platform !== "linux") return null;
  const found = new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1];
  return found === undefined ? null : Number(found);
}
