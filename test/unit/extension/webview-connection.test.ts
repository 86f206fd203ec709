import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AttentionError } from "../../../src/shared/errors";
import type { Page } from "../../../src/shared/page";
import type { DecodedFrame, EncodedFrame } from "../../../src/shared/video-frame";
import { FrameDecoders } from "../../../src/extension/frame-decoders";
import { WebviewConnection } from "../../../src/extension/webview-connection";
import { DocumentBench, TestLog, settle } from "./fake-engine";
import { samplePage } from "./samples";

interface Reply {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { data?: { code: string } };
}

let sent: Reply[];
let receive: (message: unknown) => void;
let connection: WebviewConnection;
let log: TestLog;
let failures: string[];
let selections: unknown[];
let acts: string[];
/** Lets a test hold a page back until the webview is another one. */
let beforePage: Promise<void> | undefined;
const bench = new DocumentBench();

beforeEach(() => {
  sent = [];
  failures = [];
  selections = [];
  acts = [];
  beforePage = undefined;
  log = new TestLog();
  connection = new WebviewConnection(
    {
      postMessage: async (message) => (sent.push(message as Reply), true),
      onDidReceiveMessage: (listener) => ((receive = listener), { dispose: () => undefined }),
    },
    {
      requests: {
        connect: () => bench.state,
        readPage: async (request) => {
          await beforePage;
          return samplePage(request);
        },
        readRow: () => Promise.reject(new Error("unexpected")),
        readGrid: () => Promise.reject(new Error("unexpected")),
        readHead: () => Promise.reject(new Error("unexpected")),
        readThumbnails: () => Promise.reject(new Error("unexpected")),
        readFrame: () => Promise.reject(new Error("unexpected")),
        tokenize: () => Promise.reject(new Error("unexpected")),
        listArrays: () => Promise.reject(new Error("unexpected")),
        stop: () => null,
        chooseInput: () => null,
        browse: () => null,
        readVideo: () => Promise.reject(new Error("unexpected")),
        keepFile: () => Promise.reject(new Error("unexpected")),
        cancel: () => (acts.push("cancel"), null),
        runPlanned: ({ choice }) => (acts.push(`runPlanned ${choice}`), null),
        retry: () => (acts.push("retry"), null),
        captureAll: () => null,
        captureScores: () => (acts.push("captureScores"), null),
        selectProvider: () => null,
        manageTrust: () => null,
        showLog: () => null,
        confirmGrid: () => null,
        run: ({ command }) => (acts.push(command), null),
        copyText: ({ text }) => (acts.push(`copy ${text}`), null),
      },
      selected: (selection) => selections.push(selection),
      failed: (message) => failures.push(message),
    },
    log,
  );
});
afterEach(() => connection.dispose());

const ask = async (id: number, method: string, params: unknown) => {
  receive({ jsonrpc: "2.0", id, method, params });
  await settle();
  return sent.find((message) => message.id === id);
};

it("answers connect with the state, and pages with an exact ArrayBuffer", async () => {
  expect((await ask(0, "connect", {}))?.result).toMatchObject({ status: "opening", name: "actor.onnx" });
  const page = (await ask(1, "readPage", bench.page(1)))?.result as Page;
  expect(page.cells).toBeInstanceOf(ArrayBuffer);
  expect(page.cells.byteLength).toBe(144);
});

it("tells states and commands only to a page that has connected", async () => {
  connection.sendState(bench.state);
  connection.sendCommand("nextHead");
  expect(sent).toEqual([]);
  await ask(0, "connect", {});
  connection.sendCommand("nextHead");
  connection.sendState(bench.state);
  await settle();
  expect(sent.slice(1).map(({ method }) => method)).toEqual(["command", "state"]);
});

it("drops the reply to a page that is gone: the next page counts from 0 again", async () => {
  let release = (): void => undefined;
  beforePage = new Promise((resolve) => (release = resolve));
  await ask(0, "connect", {});
  receive({ jsonrpc: "2.0", id: 1, method: "readPage", params: bench.page(1) });
  await settle();
  connection.pageGone();
  sent = [];
  await ask(0, "connect", {});
  release();
  await settle();
  expect(sent.map(({ id }) => id)).toEqual([0]);
});

it("starts anew with every connect, also without being told that the page is gone", async () => {
  let release = (): void => undefined;
  beforePage = new Promise((resolve) => (release = resolve));
  await ask(0, "connect", {});
  receive({ jsonrpc: "2.0", id: 1, method: "readPage", params: bench.page(1) });
  await settle();
  await ask(0, "connect", {});
  release();
  await settle();
  expect(sent.filter(({ id }) => id === 1)).toEqual([]);
});

describe("forged messages", () => {
  const page = bench.page(1);
  it.each([
    ["a handle that is an object", "readPage", { ...page, handle: { toString: "x" } }],
    ["a negative range", "readPage", { ...page, queryStart: -1 }],
    ["a fractional head", "readPage", { ...page, head: 0.5 }],
    ["an oversized page", "readPage", { ...page, maxRows: 1e9 }],
    ["NaN", "readPage", { ...page, keyEnd: Number.NaN }],
    ["a missing field", "readRow", { handle: "x" }],
    ["a handle of a megabyte", "readHead", { handle: "x".repeat(1e6), generation: 1, batch: 0, head: 0 }],
  ])("%s is refused by its schema", async (_name, method, params) => {
    await ask(0, "connect", {});
    expect((await ask(1, method, params))?.error?.data?.code).toBe("badMessage");
  });

  it.each([
    ["null", null],
    ["a string", "connect"],
    ["an array", [1, 2]],
    ["no version", { id: 1, method: "cancel", params: {} }],
    ["positional parameters", { jsonrpc: "2.0", id: 1, method: "cancel", params: [{}, {}] }],
    ["no parameters", { jsonrpc: "2.0", id: 1, method: "cancel" }],
    ["a reply", { jsonrpc: "2.0", id: 1, result: {} }],
    ["a numeric method", { jsonrpc: "2.0", id: 1, method: 7, params: {} }],
    ["a cancel of nothing", { jsonrpc: "2.0", method: "$/cancelRequest", params: {} }],
    ["more than a message has", { jsonrpc: "2.0", id: 1, method: "cancel", params: {}, extra: 1 }],
    ["an id that is an object", { jsonrpc: "2.0", id: {}, method: "cancel", params: {} }],
  ])("%s is not heard, and the next message is", async (_name, message) => {
    await ask(0, "connect", {});
    expect(() => receive(message)).not.toThrow();
    await settle();
    expect(acts).toEqual([]);
    expect(log.lines.some((line) => line.includes("refused"))).toBe(true);
    expect((await ask(2, "retry", {}))?.result).toBeNull();
  });

  it("cannot call what is not in the contract", async () => {
    await ask(0, "connect", {});
    for (const method of ["constructor", "__proto__", "open", "writeData"]) {
      expect((await ask(method.length + 100, method, {}))?.error).toBeDefined();
    }
  });

  it("does not pollute prototypes", async () => {
    await ask(0, "connect", {});
    const params = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    await ask(1, "cancel", params);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("reports notifications that do not fit to the log, not to the listener", async () => {
    await ask(0, "connect", {});
    receive({ jsonrpc: "2.0", method: "selected", params: { site: "x" } });
    receive({ jsonrpc: "2.0", method: "failed", params: { message: "x".repeat(20_000) } });
    receive({ jsonrpc: "2.0", method: "failed", params: { message: "canvas lost" } });
    await vi.waitFor(() => expect(failures).toEqual(["canvas lost"]));
    expect(selections).toEqual([]);
    expect(log.lines.filter((line) => line.startsWith("warn"))).toHaveLength(2);
  });
});

it("says nothing to a webview that was disposed", async () => {
  await ask(0, "connect", {});
  connection.dispose();
  sent = [];
  connection.sendState(bench.state);
  await settle();
  expect(sent).toEqual([]);
});

describe("a frame of a video", () => {
  const encoded: EncodedFrame = {
    codec: "vp8",
    description: null,
    ...{ width: 2, height: 2, colour: { matrix: "smpte170m", fullRange: false } },
    samples: [{ bytes: 3, key: true, rank: 0 }],
    data: new Uint8Array([1, 2, 3]).buffer,
    rank: 0,
  };
  const refused = { status: "refused", why: "it has no decoder for it" } as const;
  const question = () => sent.find(({ method }) => method === "decodeFrame");

  it("is asked of the page, as soon as it has connected", async () => {
    const answer = connection.decodeFrame(encoded);
    await settle();
    expect(sent).toEqual([]);
    await ask(0, "connect", {});
    await settle();
    expect(question()?.params).toEqual(encoded);
    receive({ jsonrpc: "2.0", id: question()?.id, result: refused });
    expect(await answer).toEqual(refused);
    // The same reply again belongs to no question.
    receive({ jsonrpc: "2.0", id: question()?.id, result: refused });
    expect(log.lines.filter((line) => line.includes("refused a message"))).toHaveLength(1);
  });

  it("is not waited for when the page is gone, or answers something else", async () => {
    await ask(0, "connect", {});
    const lost = connection.decodeFrame(encoded);
    await settle();
    connection.pageGone();
    await expect(lost).rejects.toMatchObject({ code: "cancelled" });
    sent = [];
    await ask(0, "connect", {});
    const forged = connection.decodeFrame(encoded);
    await settle();
    const pixels = { format: "I420", width: -1, height: 2, planes: [] };
    receive({ jsonrpc: "2.0", id: question()?.id, result: { status: "decoded", pixels } });
    await expect(forged).rejects.toMatchObject({ code: "badMessage" });
  });

  it("is asked of the views that are shown, one after the other", async () => {
    const decoders = new FrameDecoders();
    const asked: string[] = [];
    const view = (name: string, visible: boolean, decodeFrame: () => Promise<DecodedFrame>) =>
      decoders.add({ visible, decodeFrame: () => (asked.push(name), decodeFrame()) });
    expect(await decoders.decodeFrame(encoded)).toMatchObject({ status: "refused" });
    view("hidden", false, () => Promise.reject(new Error("unexpected")));
    const closed = view("closed", true, () => Promise.reject(new Error("unexpected")));
    view("lost", true, () => Promise.reject(new AttentionError("cancelled")));
    view("plain", true, () => Promise.resolve(refused));
    closed.dispose();
    expect(await decoders.decodeFrame(encoded)).toEqual(refused);
    expect(asked).toEqual(["lost", "plain"]);
  });
});
