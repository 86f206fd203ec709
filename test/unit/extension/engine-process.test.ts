/** A document on real engine processes, which answer from samples: crash, cancel, close. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EngineClient } from "../../../src/client/engine-client";
import { AttentionDocument } from "../../../src/extension/document";
import { TestInputs, TestLog } from "./fake-engine";

let folder: string;
let entry: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "engine "));
  entry = path.join(folder, "main.cjs");
  await build({
    entryPoints: [path.join(import.meta.dirname, "stub-engine.ts")],
    outfile: entry,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Opened {
  document: AttentionDocument;
  clients: EngineClient[];
  states: string[];
  log: TestLog;
}

function open(name: string, nodePath?: string): Opened {
  const clients: EngineClient[] = [];
  const log = new TestLog();
  const document = new AttentionDocument(`/models/${name}.onnx`, {
    trusted: true,
    recipe: { provider: "auto", providerOrder: [] },
    askAboveBytes: 0,
    inputs: new TestInputs(),
    log,
    createEngine: () => {
      const client = new EngineClient({ entry, nodePath, trusted: true, log: (line) => log.info(line) });
      clients.push(client);
      return client;
    },
  });
  const states: string[] = [];
  document.onDidChange((state) => states.push(state.status === "error" ? state.error.code : state.status));
  return { document, clients, states, log };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 40 && alive(pid); tries++) await wait(25);
  return !alive(pid);
}

async function until(states: readonly string[], status: string): Promise<void> {
  for (let tries = 0; tries < 400 && !states.includes(status); tries++) await wait(10);
}

it("shows a model and reads its pages as exact buffers", async () => {
  const { document } = open("actor");
  await document.load();
  expect(document.state.status).toBe("ready");
  const request = { generation: 1, handle: "g1.site_000", batch: 0, head: 0 };
  const window = { queryStart: 0, queryEnd: 6, keyStart: 0, keyEnd: 6, maxRows: 6, maxColumns: 6 };
  const page = await document.readPage({ ...request, ...window, pooling: "max" });
  expect(page.cells.byteLength).toBe(page.rows * page.columns * 4);
  expect(new Float32Array(page.cells)[1]).toBe(-1);
  document.dispose();
});

it("survives a native crash with one error, and opens the next model", async () => {
  const crashed = open("crash");
  await crashed.document.load();
  await wait(100);
  expect(crashed.states.filter((state) => state === "engineCrashed")).toHaveLength(1);
  const detail = "The process ended with signal SIGSEGV.";
  expect(crashed.document.state).toMatchObject({ error: { code: "engineCrashed", detail } });
  const next = open("actor");
  await next.document.load();
  expect(next.document.state.status).toBe("ready");
  crashed.document.dispose();
  next.document.dispose();
});

it("says which Node could not be started", async () => {
  const { document, clients } = open("actor", "/no/such/node");
  await document.load();
  expect(document.state).toMatchObject({
    error: { code: "engineCrashed", detail: expect.stringContaining("/no/such/node could not be started") },
  });
  expect(clients[0]!.pid).toBeUndefined();
  document.dispose();
});

it("is not started a fourth time by itself, and is by Restart Engine", async () => {
  const { document, clients } = open("crash");
  for (let tries = 0; tries < 3; tries++) await document.load();
  await document.load();
  expect(document.state).toMatchObject({ error: { code: "engineBackoff" } });
  expect(clients).toHaveLength(1);
  await document.restart();
  expect(document.state).toMatchObject({ error: { code: "engineCrashed" } });
  document.dispose();
});

it("cancels a run that blocks its thread within half a second", async () => {
  const { document, clients, states } = open("slow");
  void document.load();
  await until(states, "opening");
  await wait(400);
  const pid = clients[0]!.pid!;
  const started = Date.now();
  await document.cancel();
  await until(states, "cancelled");
  expect(Date.now() - started).toBeLessThan(500);
  expect(await gone(pid)).toBe(true);
  document.dispose();
});

it("ends the process when the model is closed in a run, and says nothing afterwards", async () => {
  const { document, clients, states, log } = open("slow");
  void document.load();
  await until(states, "opening");
  await wait(400);
  const pid = clients[0]!.pid!;
  document.dispose();
  expect(await gone(pid)).toBe(true);
  await wait(50);
  expect(new Set(states)).toEqual(new Set(["opening"]));
  expect(log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
});

it("tells within a second that an idle engine was killed, and opens again", async () => {
  const { document, clients, states } = open("actor");
  await document.load();
  const started = Date.now();
  process.kill(clients[0]!.pid!, "SIGKILL");
  await until(states, "engineCrashed");
  expect(Date.now() - started).toBeLessThan(1000);
  await document.load();
  expect(document.state.status).toBe("ready");
  document.dispose();
});

it("captures again when the engine was ended after idle time", async () => {
  const { document, clients, states } = open("actor");
  await document.load();
  await clients[0]!.cancel();
  states.length = 0;
  const handle = "g1.site_000";
  const head = { handle, generation: 1, batch: 0, head: 0 };
  await expect(document.readHead(head)).rejects.toMatchObject({ code: "stale" });
  for (let tries = 0; tries < 400 && !document.state.status.startsWith("ready"); tries++) await wait(10);
  for (let tries = 0; tries < 400; tries++) {
    if (document.state.status === "ready" && document.state.stale === null) break;
    await wait(10);
  }
  expect(document.state).toMatchObject({ status: "ready", stale: null, capture: { generation: 2 } });
  await expect(document.readHead({ ...head, generation: 2 })).resolves.toMatchObject({ generation: 2 });
  expect(new Set(states)).toEqual(new Set(["ready"]));
  document.dispose();
});

it("leaves no process behind after many models were opened and closed", async () => {
  const pids: number[] = [];
  for (let round = 0; round < 10; round++) {
    const { document, clients } = open("actor");
    await document.load();
    pids.push(clients[0]!.pid!);
    document.dispose();
  }
  for (const pid of pids) expect(await gone(pid)).toBe(true);
});
