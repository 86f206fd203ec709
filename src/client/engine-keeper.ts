/**
 * Keeps the engine process of one model: starts it when a call needs it, opens the model in it first, and ends it on
 * cancel, at a time limit, and when nothing was asked for long. What a process that ended owed is rejected with why.
 */
import os from "node:os";
import { type Phase, phaseLabels } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import { bytes as formatBytes } from "../shared/format";
import {
  decoderContract,
  type EngineContract,
  engineContract,
  engineNotifications,
} from "../shared/protocol";
import { caller, type Caller, listen, serve } from "../shared/rpc";
import { type EngineOptions, type EngineProcess, startEngine } from "./engine-process";

/** Crashes in a row after which the engine is not started again by itself. */
const CRASH_LIMIT = 3;

interface Running {
  readonly process: EngineProcess;
  readonly call: Caller<EngineContract>;
  /** Why the process was ended on purpose; undefined when it ended by itself. */
  endedBecause: "cancelled" | "disposed" | "late" | undefined;
  /** How far it came, to say what it was at when it ended. */
  phases: readonly Phase[];
  /** The model that this process has opened or is opening; undefined before the first call needs it. */
  opened: Promise<unknown> | undefined;
}

/** A model as it was opened, to be opened again in another process. */
export interface OpenedAs {
  readonly path: string;
  readonly mode: "full" | "scan";
}

export class EngineKeeper {
  readonly #options: EngineOptions;
  #running: Running | undefined;
  #crashes = 0;
  #disposed = false;
  #calls = 0;
  #opened: OpenedAs | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Called for every step of opening and capturing. */
  onProgress: (phases: readonly Phase[]) => void = () => undefined;
  /** Called once for a process that ended by itself, after the pending calls were rejected. */
  onCrash: (error: AttentionError) => void = () => undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Process id of the engine, undefined while none runs. */
  get pid(): number | undefined {
    return this.#running?.process.pid;
  }

  /** Open a model by `act`; every later process opens it first, so one call is enough. */
  open<T>(model: OpenedAs, act: (call: Caller<EngineContract>) => Promise<T>): Promise<T> {
    this.#opened = model;
    return this.call(act, "opens");
  }

  /** A call that is ended with its process when it takes longer than a capture may. */
  async limited<T>(act: (call: Caller<EngineContract>) => Promise<T>): Promise<T> {
    const limitMs = this.#runTimeoutMs();
    // A loop that never ends can be neither interrupted nor asked.
    const limit = limitMs > 0 ? setTimeout(() => void this.#stop("late"), limitMs) : undefined;
    try {
      return await this.call(act);
    } finally {
      clearTimeout(limit);
    }
  }

  /** The engine did what it is for: crashes are counted anew. */
  worked(): void {
    this.#crashes = 0;
  }

  /** Stop what runs: pending calls reject with `cancelled`, and the next call starts a new process. */
  async cancel(): Promise<void> {
    await this.#stop("cancelled");
  }

  async #stop(why: "cancelled" | "late"): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.endedBecause = why;
    this.#running = undefined;
    running.process.kill();
    await running.process.exited;
  }

  /** Start afresh, whatever happened before: clears the back-off after crashes. */
  async restart(): Promise<void> {
    this.#crashes = 0;
    await this.cancel();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#idle);
    const running = this.#running;
    this.#running = undefined;
    if (running) {
      running.endedBecause = "disposed";
      running.process.kill();
    }
  }

  #runTimeoutMs(): number {
    const seconds = process.env["ATTENTION_LENS_RUN_TIMEOUT"];
    const asked = this.#options.runTimeoutMs ?? (seconds ? Number(seconds) * 1000 : RUN_TIMEOUT_MS);
    return Number.isFinite(asked) && asked >= 0 ? Math.min(asked, MAX_TIMER_MS) : RUN_TIMEOUT_MS;
  }

  #late(): AttentionError {
    const seconds = Math.round(this.#runTimeoutMs() / 100) / 10;
    return new AttentionError("runFailed", `It had not ended after ${seconds} s and was stopped.`, {
      fix:
        "A loop in the model may never end; else use a shorter input or fewer sites, or set another limit: " +
        "ATTENTION_LENS_RUN_TIMEOUT in seconds, 0 for none.",
    });
  }

  async call<T>(act: (call: Caller<EngineContract>) => Promise<T>, opens?: "opens"): Promise<T> {
    clearTimeout(this.#idle);
    const running = this.#ensure();
    this.#calls += 1;
    try {
      if (opens) return await this.#opening(running, act(running.call));
      // Calls that arrive together at a process that was started again share one opening.
      if (this.#opened) await (running.opened ?? this.#opening(running, running.call.open(this.#opened)));
      return await act(running.call);
    } finally {
      this.#calls -= 1;
      // A long run is not idleness, whatever else was answered meanwhile.
      if (this.#calls === 0 && !this.#disposed) {
        clearTimeout(this.#idle);
        this.#idle = setTimeout(() => void this.cancel(), IDLE_MS);
        this.#idle.unref();
      }
    }
  }

  /** Remember the opening as the process's; one that failed is tried again by the next call. */
  async #opening<T>(running: Running, opening: Promise<T>): Promise<T> {
    running.opened = opening;
    try {
      return await opening;
    } catch (error) {
      if (running.opened === opening) running.opened = undefined;
      throw error;
    }
  }

  #ensure(): Running {
    if (this.#disposed) throw new AttentionError("cancelled", "The model was closed.");
    if (this.#crashes >= CRASH_LIMIT) throw new AttentionError("engineBackoff");
    if (this.#running) return this.#running;
    const engine = startEngine(this.#options);
    const running: Running = {
      process: engine,
      call: caller(engine.connection, engineContract, () => this.#lost(running)),
      endedBecause: undefined,
      opened: undefined,
      phases: [],
    };
    this.#running = running;
    const { decodeFrame = () => Promise.resolve({ status: "refused" as const, why: "" }) } = this.#options;
    serve(engine.connection, decoderContract, { decodeFrame: (encoded) => decodeFrame(encoded) });
    listen(
      engine.connection,
      engineNotifications,
      "progress",
      ({ phases }) => {
        running.phases = phases;
        this.onProgress(phases);
      },
      (error) => this.#options.log(error.message),
    );
    void engine.exited.then((how) => {
      if (running.endedBecause !== undefined) return;
      this.#running = undefined;
      this.#crashes += 1;
      this.#options.log(`engine ended: ${how}`);
      this.onCrash(this.#lost(running));
    });
    return running;
  }

  #lost(running: Running): AttentionError {
    if (running.endedBecause === "cancelled") return new AttentionError("cancelled");
    if (running.endedBecause === "disposed") return new AttentionError("cancelled", "The model was closed.");
    if (running.endedBecause === "late") return this.#late();
    const { ended, outOfMemory } = running.process;
    if (outOfMemory) return outOfMemoryError(running.phases);
    const { nodePath } = this.#options;
    if (nodePath && ended?.startsWith("spawn ")) {
      return new AttentionError("engineCrashed", `${nodePath} could not be started (${ended}).`, {
        fix: "Name a Node.js of version 20 or newer, or none for the one that comes with the program.",
      });
    }
    return new AttentionError("engineCrashed", ended === undefined ? "" : `The process ended with ${ended}.`);
  }
}

/** What was needed, as far as it was known, against what is there. */
function outOfMemoryError(phases: readonly Phase[]): AttentionError {
  const at =
    phases.find((phase) => phase.state === "active") ?? phases.find((phase) => phase.state === "pending");
  const needed = phases.map((phase) => /needs about [\d.,]+ \w+/.exec(phase.detail)?.[0]).find(Boolean);
  return new AttentionError(
    "memory",
    `The engine's process ran out of memory${at ? ` at “${phaseLabels[at.name]}”` : ""}: ` +
      `${needed ? `the run ${needed}` : "what it needs is not known"}, and ${formatBytes(availableMemory())} is free.`,
  );
}

function availableMemory(): number {
  return (process as { availableMemory?: () => number }).availableMemory?.() ?? os.freemem();
}

/** After this long without a call the engine gives its memory back (`decisions.md` 1). */
const IDLE_MS = 10 * 60 * 1000;
/** A capture that takes longer is stopped. */
const RUN_TIMEOUT_MS = 10 * 60 * 1000;
/** Timers of Node hold no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;
