/** The host against a `vscode` written by hand: sharing of documents, views, commands, trust, settings. */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as vscode from "vscode";
import { AttentionError } from "../../../src/shared/errors";
import { seen, TabInputCustom, TabInputText, Uri, window, workspace } from "./fake-vscode";
import { HostBench, Panel, type TestChannel, until, wait } from "./host-bench";

const { openFromEnvironment } = await import("../../../src/extension/launch");

let bench: HostBench;
let folder: string;
let log: TestChannel;
let documents: HostBench["documents"];
let provider: HostBench["provider"];
let engines: HostBench["engines"];

const file = (name: string) => bench.file(name);
const at = (index: number) => bench.engine(index);
const openEditor = (name: string) => bench.open(name);
const answer = (engine = at(-1)) => bench.answer(engine);
const run = (name: string, argument?: unknown) => bench.run(name, argument);

beforeEach(() => {
  bench = new HostBench();
  ({ folder, log, documents, provider, engines } = bench);
});
afterEach(() => bench.dispose());

describe("documents", () => {
  it("share one engine between all editors of a model, and end it with the last", async () => {
    const [first, second] = [documents.acquire(file("a.onnx")), documents.acquire(file("a.onnx"))];
    // A busy machine is slow to look at the file; a second engine would come right after the first.
    await until(() => engines.length > 0);
    await wait();
    expect(second.document).toBe(first.document);
    expect(engines).toHaveLength(1);
    first.dispose();
    first.dispose();
    expect(at(0).disposed).toBe(false);
    second.dispose();
    expect(at(0).disposed).toBe(true);
    expect(documents.documents).toEqual([]);
    expect(seen.watchers.every(({ disposed }) => disposed)).toBe(true);
  });

  it("have an engine each for two models", async () => {
    documents.acquire(file("a.onnx"));
    documents.acquire(file("b.onnx"));
    await until(() => engines.length === 2);
    expect(engines).toHaveLength(2);
  });

  it("leave nothing behind after fifty times open and close", async () => {
    const before = seen.listeners;
    for (let round = 0; round < 50; round++) (await openEditor("a.onnx")).close();
    expect(documents.documents).toEqual([]);
    expect(seen.listeners).toBe(before);
    expect(engines.filter(({ disposed }) => !disposed)).toEqual([]);
  });

  it("watch the folder by file names, which may hold the characters of a pattern", async () => {
    writeFileSync(path.join(folder, "[a] {b}.onnx"), "model");
    const { document } = documents.acquire(file("[a] {b}.onnx"));
    await wait();
    await answer();
    expect(seen.watchers[0]!.pattern).toMatchObject({ pattern: "*", base: { path: folder } });
    writeFileSync(path.join(folder, "[a] {b}.onnx"), "changed");
    seen.watchers[0]!.changed.fire(Uri.file(path.join(folder, "other.txt")));
    await wait();
    expect(document.state).toMatchObject({ stale: null });
    seen.watchers[0]!.changed.fire(Uri.file(path.join(folder, "[a] {b}.onnx")));
    await wait(30);
    expect(document.state).toMatchObject({ stale: expect.stringContaining("changed on disk") });
  });

  it("scan without trust, and run when it is granted, without a reload", async () => {
    workspace.isTrusted = false;
    const { document } = documents.acquire(file("a.onnx"));
    await wait();
    expect(at(0).options.trusted).toBe(false);
    await answer();
    expect(document.state.status).toBe("restricted");
    seen.grantTrust();
    await wait();
    expect(at(0).disposed).toBe(true);
    expect(at(1).options.trusted).toBe(true);
    await answer();
    expect(document.state.status).toBe("ready");
  });

  it("run again when the provider is changed, and in a new engine when its settings are", async () => {
    const { document } = documents.acquire(file("a.onnx"));
    await wait();
    await answer();
    seen.set("provider", "webgpu");
    await wait();
    expect(engines).toHaveLength(1);
    await answer();
    expect(at(0).captures.at(-1)!.provider).toBe("webgpu");
    seen.settings["engine.nodePath"] = "/opt/node";
    seen.set("engine.threads", 3);
    await wait();
    expect(at(1).options).toMatchObject({ threads: 3, nodePath: "/opt/node" });
    await answer();
    expect(document.state.status).toBe("ready");
  });

  it("take settings that do not fit for not set", async () => {
    Object.assign(seen.settings, { provider: "abacus", providerOrder: "cpu", "engine.threads": -3 });
    documents.acquire(file("a.onnx"));
    await wait();
    expect(at(0).options.threads).toBeUndefined();
    await answer();
    expect(at(0).captures[0]!.provider).toBe("auto");
  });
});

describe("a failure", () => {
  it("is told by the view alone when it is seen", async () => {
    await openEditor("a.onnx");
    at(0).opens[0]!.reject(new AttentionError("notOnnx", "It is a zip archive."));
    await wait();
    expect(documents.documents[0]!.state.status).toBe("error");
    expect(seen.messages).toEqual([]);
  });

  it("of a hidden model is told once", async () => {
    const { panel } = await openEditor("a.onnx");
    await answer();
    panel.show(false);
    at(0).onCrash(new AttentionError("engineCrashed", "The process ended with signal SIGSEGV."));
    at(0).onCrash(new AttentionError("engineCrashed", "The process ended with signal SIGSEGV."));
    expect(seen.messages).toHaveLength(1);
    expect(seen.messages[0]!.text).toContain("a.onnx: The engine stopped");
  });

  it("of a command is told once, with the log at hand", async () => {
    seen.press = "Show Log";
    await run("visualize", Uri.file(path.join(folder, "missing.pt")));
    await wait();
    expect(seen.messages).toEqual([
      { kind: "error", text: expect.stringContaining("The file does not exist"), buttons: ["Show Log"] },
    ]);
    expect(log.shows).toBe(1);
  });
});

describe("the editor", () => {
  it("loads only the bundle, and draws the state that the page asks for", async () => {
    const { panel } = await openEditor("a.onnx");
    expect(panel.webview.options.enableScripts).toBe(true);
    expect(panel.webview.options.localResourceRoots?.map(String)).toEqual(["file:///extension/dist/webview"]);
    expect(panel.webview.html).toContain('src="https://file/extension/dist/webview/main.js"');
    panel.received.fire({ jsonrpc: "2.0", id: 0, method: "connect", params: {} });
    await wait();
    expect(panel.sent[0]).toMatchObject({ id: 0, result: { status: "opening", name: "a.onnx" } });
    await answer();
    expect(panel.sent.at(-1)).toMatchObject({ method: "state", params: { status: "ready" } });
  });

  it("tells nothing to a page that is hidden", async () => {
    const { panel } = await openEditor("a.onnx");
    panel.received.fire({ jsonrpc: "2.0", id: 0, method: "connect", params: {} });
    await wait();
    panel.show(false);
    panel.sent.length = 0;
    await answer();
    expect(panel.sent).toEqual([]);
  });

  it("says so, without scripts, where the model is not a file of this machine", async () => {
    const document = provider.openCustomDocument(Uri.parse("git:/project/a.onnx") as unknown as vscode.Uri);
    const panel = new Panel();
    provider.resolveCustomEditor(document, panel as unknown as vscode.WebviewPanel);
    expect(panel.webview.options).toEqual({ enableScripts: false, localResourceRoots: [] });
    expect(panel.webview.html).toContain("not a file on this machine");
    expect(engines).toEqual([]);
  });

  it("tells an error of the page's own once, and logs each", async () => {
    const { panel } = await openEditor("a.onnx");
    panel.received.fire({ jsonrpc: "2.0", id: 0, method: "connect", params: {} });
    await wait();
    for (const message of ["no canvas", "no canvas again"]) {
      panel.received.fire({ jsonrpc: "2.0", method: "failed", params: { message } });
    }
    await wait();
    expect(seen.messages).toHaveLength(1);
    expect(log.lines.filter((line) => line.includes("no canvas"))).toHaveLength(2);
  });

  it("sets the keys' context while it is active, and the status bar while it is seen", async () => {
    const { panel, close } = await openEditor("a.onnx");
    await answer();
    expect(seen.contexts).toMatchObject({ "attentionLens.focus": true, "attentionLens.open": true });
    expect(seen.contexts["attentionLens.captured"]).toBe(true);
    expect(seen.statusBar).toMatchObject({ visible: true, text: "$(table) Attention: 8 heads, CPU, 41 ms" });
    panel.show(true, false);
    expect(seen.contexts).toMatchObject({ "attentionLens.focus": false, "attentionLens.open": true });
    expect(seen.statusBar.visible).toBe(true);
    close();
    expect(new Set(Object.values(seen.contexts))).toEqual(new Set([false]));
    expect(seen.statusBar.visible).toBe(false);
  });
});

describe("Visualize Attention", () => {
  const opened = () => seen.executed.filter(([command]) => command === "vscode.openWith");
  const openedAt = (name: string, viewColumn: number) => [
    ["vscode.openWith", file(name), "attentionLens.editor", { viewColumn }],
  ];

  it("opens beside the source that is being edited", async () => {
    seen.activeTab = { input: new TabInputText(Uri.file("/project/model.py")) };
    await run("visualize", file("a.onnx"));
    expect(opened()).toEqual(openedAt("a.onnx", -2));
  });

  it("opens in the active group where no source is edited", async () => {
    await run("visualize", file("a.onnx"));
    expect(opened()).toEqual(openedAt("a.onnx", -1));
  });

  it("goes to where the model is open already", async () => {
    const input = new TabInputCustom(file("a.onnx") as unknown as Uri, "attentionLens.editor");
    seen.groups = [{ viewColumn: 3, tabs: [{ input }] }];
    seen.activeTab = { input: new TabInputText(Uri.file("/project/model.py")) };
    await run("visualize", file("a.onnx"));
    expect(opened()).toEqual(openedAt("a.onnx", 3));
  });

  it("asks which model when none is active, the nearest to the source first", async () => {
    seen.found = [Uri.file("/project/x/model.onnx"), Uri.file("/project/y/model.onnx")];
    window.activeTextEditor = { document: { uri: Uri.file("/project/y/model.py") } };
    seen.pick = (items) => items[0];
    await run("visualize");
    expect(seen.picks[0]!.items.map((item) => (item as { label: string }).label)).toEqual([
      "y/model.onnx",
      "x/model.onnx",
    ]);
    expect(opened()[0]![1]).toBe(seen.found[1]);
  });

  it("takes the only model without asking, and says so when there is none", async () => {
    seen.found = [Uri.file("/project/x/model.onnx")];
    await run("visualize");
    expect(seen.picks).toEqual([]);
    expect(opened()).toHaveLength(1);
    seen.found = [];
    await run("visualize");
    expect(seen.messages[0]!.text).toContain("no .onnx model in this workspace");
  });

  it("takes nothing but a URI for its argument", async () => {
    for (const argument of ["/etc/passwd", { scheme: "file", fsPath: "/etc/passwd" }, 7]) {
      await run("visualize", argument);
    }
    expect(opened()).toEqual([]);
  });

  it("refuses what is not a file of this machine", async () => {
    await run("visualize", Uri.parse("vscode-vfs:/repo/model.onnx"));
    expect(seen.messages[0]!.text).toContain("vscode-vfs: is not a file system of this machine");
  });

  it("on a checkpoint opens the model beside it", async () => {
    writeFileSync(path.join(folder, "b.pth.tar"), Buffer.from("800495", "hex"));
    await run("visualize", file("b.pth.tar"));
    expect(opened()[0]![1]).toMatchObject({ path: path.join(folder, "b.onnx") });
  });

  it("on a checkpoint alone says what it is and shows how to export it", async () => {
    for (const name of ["a.onnx", "b.onnx"]) rmSync(path.join(folder, name));
    writeFileSync(path.join(folder, "actor.msgpack"), Buffer.from([0x81, 0xa6, ...Buffer.from("params")]));
    seen.press = "Show How";
    await run("visualize", file("actor.msgpack"));
    await wait();
    expect(seen.messages[0]!.text).toContain(
      "actor.msgpack is a MessagePack checkpoint, as Flax writes them.",
    );
    expect(seen.shown[0]).toContain("from jax2onnx import to_onnx");
    expect(opened()).toEqual([]);
  });

  it("opens an ONNX model under another ending as what it is", async () => {
    writeFileSync(path.join(folder, "model.bin"), Buffer.from([8, 8, 0x12, 1, 65]));
    await run("visualize", file("model.bin"));
    expect(opened()).toHaveLength(1);
  });
});

describe("other commands", () => {
  it("act in the view that was active last, also while its source is edited", async () => {
    const { panel } = await openEditor("a.onnx");
    panel.received.fire({ jsonrpc: "2.0", id: 0, method: "connect", params: {} });
    await answer();
    panel.show(true, false);
    await run("nextHead");
    await wait();
    expect(panel.sent.at(-1)).toMatchObject({ method: "command", params: { command: "nextHead" } });
  });

  it("ask for a model where none is seen", async () => {
    await run("nextHead");
    await run("restartEngine");
    expect(seen.messages.map(({ kind }) => kind)).toEqual(["information", "information"]);
  });

  it("choose a provider with an engine of its own, and write the setting", async () => {
    seen.pick = (items) => items.find((item) => (item as { choice: string }).choice === "cpu");
    await run("selectProvider");
    expect(seen.written).toEqual([["provider", "cpu", 1]]);
    expect(at(0).disposed).toBe(true);
  });

  it("choose no provider without trust", async () => {
    workspace.isTrusted = false;
    await run("selectProvider");
    expect(engines).toEqual([]);
    expect(seen.messages[0]!.text).toContain("not trusted");
  });
});

describe("the environment", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("opens nothing by itself", async () => {
    await openFromEnvironment();
    expect([...seen.shown, ...seen.executed]).toEqual([]);
  });

  it("opens source on the left and model on the right when it says so", async () => {
    workspace.workspaceFolders = [{ uri: Uri.file("/project") }];
    vi.stubEnv("ATTENTION_LENS_SOURCE", "model.py");
    vi.stubEnv("ATTENTION_LENS_OPEN", "/models/a.onnx");
    await openFromEnvironment();
    expect(seen.shown).toEqual(["file:///project/model.py"]);
    expect(seen.executed[0]).toMatchObject([
      "vscode.openWith",
      { path: "/models/a.onnx" },
      "attentionLens.editor",
      { viewColumn: 2 },
    ]);
  });
});
