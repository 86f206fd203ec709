/** P10: a page costs its cells. Bytes of the reply as the engine sends it, for windows of a captured map. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { engineContract } from "../../src/shared/protocol";
import { caller } from "../../src/shared/rpc";
import type { Page } from "../../src/shared/page";
import { spreadOf } from "../harness";
import { transformer } from "../models";
import type { Bar, Setting } from "./bar";

const BAR = 1.05;
/** Sides of the windows; 512² is about what a screen shows. */
const SIDES = [64, 256, 512] as const;
const SIZE = { layers: 1, heads: 4, width: 64, tokens: 640 } as const;

interface Reply {
  readonly result: Page;
}

export const pageBytes: Bar = {
  name: "P10",
  measure: async (setting) => {
    const engine = fork(setting.engine, [], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, ATTENTION_LENS_TRUSTED: "1", ATTENTION_LENS_THREADS: "1" },
    });
    try {
      return [await measure(engine, setting)];
    } finally {
      engine.kill("SIGKILL");
    }
  },
};

async function measure(engine: ChildProcess, { pairs, variant, models }: Setting) {
  // The messages themselves, before the connection takes them apart.
  let last: unknown;
  engine.on("message", (message) => (last = message));
  const connection = createMessageConnection(new IPCMessageReader(engine), new IPCMessageWriter(engine));
  connection.listen();
  const call = caller(connection, engineContract);
  await call.open({ path: transformer(models, SIZE).file, mode: "full" });
  const capture = await call.capture({ provider: "cpu", providerOrder: [], input: null, sites: null });
  const site = capture.sites[0]!;
  const backingBytes = site.heads * site.queries * site.keys * 4;

  const bySide = new Map<number, number[]>(SIDES.map((side) => [side, []]));
  const written: number[] = [];
  let overhead = 0;
  for (let turn = 0; turn < pairs; turn++) {
    for (const side of SIDES) {
      const start = Math.floor(((SIZE.tokens - side) * turn) / Math.max(1, pairs - 1));
      const before = bytesWritten(engine);
      const page = await call.readPage({
        ...{ handle: site.handle, generation: capture.generation, batch: 0, head: turn % site.heads },
        ...{ queryStart: start, queryEnd: start + side, keyStart: start, keyEnd: start + side },
        ...{ maxRows: side, maxColumns: side, pooling: "max" },
      });
      const after = bytesWritten(engine);
      const cells = page.rows * page.columns * Float32Array.BYTES_PER_ELEMENT;
      if (page.rows !== side || page.cells.byteLength !== cells)
        throw new Error(`A page of ${side}² came as ${page.rows} × ${page.columns}.`);
      const bytes = wireBytes(variant === "product" ? last : withBackingBuffer(last as Reply, backingBytes));
      bySide.get(side)!.push(bytes / cells);
      overhead = Math.max(overhead, bytes - cells);
      if (before !== null && after !== null) written.push((after - before) / bytes);
    }
  }
  connection.dispose();
  const ratios = SIDES.map((side) => ({ side, spread: spreadOf(bySide.get(side)!) }));
  const smallest = Math.ceil(Math.sqrt(overhead / (BAR - 1) / Float32Array.BYTES_PER_ELEMENT));
  const all = spreadOf([...bySide.values()].flat());
  return {
    id: "P10",
    title: "bytes on the wire for a page / bytes of its cells",
    value: all.max,
    bar: BAR,
    unit: "ratio",
    hard: true,
    spread: all,
    note: [
      `largest of ${ratios.map(({ side, spread }) => `${side}²: ${spread.max.toFixed(5)}`).join(", ")}`,
      `at most ${overhead} bytes beside the cells, so pages of ${smallest}² and more meet the bar`,
      ...(written.length > 0 && variant === "product"
        ? [
            `the engine's own count of bytes written is ${spreadOf(written).max.toFixed(4)} of the message's at most`,
          ]
        : []),
    ].join("; "),
  };
}

/** Bytes of a message on the process channel: Node's structured clone behind a length of 4 bytes. */
function wireBytes(message: unknown): number {
  const bytes = serialize(message);
  // A message that cannot be read back is not what was sent.
  deserialize(bytes);
  return bytes.length + 4;
}

/** Slowed on purpose: the cells are a view, and its whole backing buffer travels. */
function withBackingBuffer(reply: Reply, bytes: number): Reply {
  return { ...reply, result: { ...reply.result, cells: new ArrayBuffer(bytes) } };
}

/** Bytes that the engine has written so far, by the system's count; null where it keeps none. */
function bytesWritten({ pid }: ChildProcess): number | null {
  const file = `/proc/${pid}/io`;
  if (!existsSync(file)) return null;
  const found = /^wchar: (\d+)/m.exec(readFileSync(file, "utf8"))?.[1];
  return found === undefined ? null : Number(found);
}
