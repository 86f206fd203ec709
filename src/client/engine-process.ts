/** One engine process and its connection. Knows how to start, end and watch it; nothing of models. */
import { type ChildProcess, fork } from "node:child_process";
import os from "node:os";
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from "vscode-jsonrpc/node";
import type { DecodedFrame, EncodedFrame } from "../shared/video-frame";

export interface EngineOptions {
  /** Path of the engine's bundle (`dist/engine/main.cjs`). */
  readonly entry: string;
  /** Another Node than the one that runs this (setting `attentionLens.engine.nodePath`). */
  readonly nodePath?: string | undefined;
  /** Threads of ONNX Runtime; default: cores − 1, at least 1. */
  readonly threads?: number | undefined;
  /** Memory that a run may take; default: what is free. */
  readonly memoryLimitBytes?: number | undefined;
  /** Multiplies the sizes beyond which an input is refused; 1 when left out. */
  readonly inputLimitFactor?: number | undefined;
  /** Longest that a capture may take, in ms; 0 for no limit. Default: `ATTENTION_LENS_RUN_TIMEOUT` in s, else 10 min. */
  readonly runTimeoutMs?: number | undefined;
  /** Decodes a frame of a video before ffmpeg is asked: a view that is open. */
  readonly decodeFrame?: ((encoded: EncodedFrame) => Promise<DecodedFrame>) | undefined;
  /** False in an untrusted workspace: the engine only scans, and never loads ONNX Runtime. */
  readonly trusted: boolean;
  /** Receives what the engine writes to stderr. */
  readonly log: (line: string) => void;
}

export interface EngineProcess {
  readonly pid: number | undefined;
  readonly connection: MessageConnection;
  /** Ends the process at once; `exited` follows. */
  kill(): void;
  /** Resolves when the process is gone, with how it ended ("signal SIGSEGV", "exit code 1"). */
  readonly exited: Promise<string>;
  /** How it ended; undefined while it runs. Known before the calls that wait for it are rejected. */
  readonly ended: string | undefined;
  /** Whether its last words were that memory ran out. */
  readonly outOfMemory: boolean;
}

/** What V8 and the C++ library write before they abort. */
const OUT_OF_MEMORY = /heap out of memory|Allocation failed|bad_alloc|Cannot allocate memory|out of memory/i;
/** The last lines of stderr may come after the exit, by this much. */
const LAST_WORDS_MS = 250;

export function startEngine(options: EngineOptions): EngineProcess {
  const threads = Math.max(1, options.threads ?? os.availableParallelism() - 1);
  const child: ChildProcess = fork(options.entry, [], {
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
    ...(options.nodePath ? { execPath: options.nodePath } : {}),
    env: {
      ...process.env,
      // A desktop VS Code runs extensions in Electron; its binary acts as plain Node with this.
      ELECTRON_RUN_AS_NODE: "1",
      ATTENTION_LENS_TRUSTED: options.trusted ? "1" : "0",
      ATTENTION_LENS_THREADS: String(threads),
      ...(options.inputLimitFactor
        ? { ATTENTION_LENS_INPUT_LIMIT_FACTOR: String(options.inputLimitFactor) }
        : {}),
      ...(options.memoryLimitBytes ? { ATTENTION_LENS_MEMORY_LIMIT: String(options.memoryLimitBytes) } : {}),
    },
  });
  if (child.pid !== undefined) {
    try {
      os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // The process may be gone already, or the platform may forbid it; speed is all that is at stake.
    }
  }
  let outOfMemory = false;
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = (lines.pop() ?? "").slice(0, 10_000);
      for (const line of lines) {
        if (stream === child.stderr && OUT_OF_MEMORY.test(line)) outOfMemory = true;
        options.log(line);
      }
    });
    stream?.on("end", () => rest && options.log(rest));
  }
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  // A broken pipe is reported through `exited`; without a listener it would be an uncaught error of the host.
  connection.onError(([error]) => options.log(`connection: ${error.message}`));
  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code}`;
      child.once("close", () => resolve(how));
      setTimeout(() => resolve(how), LAST_WORDS_MS);
    });
  }).then((how) => {
    ended = how;
    connection.dispose();
    return how;
  });
  connection.listen();
  return {
    pid: child.pid,
    connection,
    kill: () => child.kill("SIGKILL"),
    exited,
    get ended() {
      return ended;
    },
    get outOfMemory() {
      return outOfMemory;
    },
  };
}
