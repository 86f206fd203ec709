/** Next to the source: the line is revealed and marked, follows the selection, and never takes the keyboard. */
import { mkdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Capture } from "../../../src/shared/capture";
import { FakeEditor, seen, Uri, window, workspace } from "./fake-vscode";
import { HostBench, wait } from "./host-bench";
import { sampleCapture } from "./samples";

let bench: HostBench;
beforeEach(() => {
  bench = new HostBench();
  workspace.workspaceFolders = [{ uri: Uri.file(bench.folder) }];
  bench.write("model.py", "def attend(): ...\n");
});
afterEach(() => bench.dispose());

/** Sites at lines 11 and 21 of a file, counted from 1. */
function withSource(file = "net/model.py"): Capture {
  const capture = sampleCapture();
  const sites = capture.sites.map((site, index) => ({ ...site, source: { file, line: 11 + index * 10 } }));
  return { ...capture, sites };
}

const source = () => Uri.file(bench.path("model.py"));
const marked = (editor: FakeEditor) => editor.decorations.map(({ range }) => range.start.line);

describe("Go to Source", () => {
  it("reveals the line beside the view, which keeps the keyboard", async () => {
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.select({ site: 1, head: 2 });
    await bench.run("goToSource");
    expect(seen.reveals).toHaveLength(1);
    const [{ uri, options }] = seen.reveals as [(typeof seen.reveals)[number]];
    expect(uri.path).toBe(source().path);
    expect(options).toMatchObject({ viewColumn: -2, preserveFocus: true });
    expect(options.selection.start).toMatchObject({ line: 20, character: 4 });
    expect(marked(window.visibleTextEditors[0]!)).toEqual([20]);
    expect(window.visibleTextEditors[0]!.decorations[0]!.renderOptions.after.contentText).toBe(
      "L1H2 · H / ln n 0.60",
    );
  });

  it("uses a group that is there, and the one where the file is open", async () => {
    seen.groups = [
      { viewColumn: 1, tabs: [] },
      { viewColumn: 2, tabs: [] },
    ];
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.select({});
    await bench.run("goToSource");
    expect(seen.reveals[0]!.options.viewColumn).toBe(1);
    seen.showEditors(new FakeEditor(source(), 3));
    await bench.run("goToSource");
    expect(seen.reveals[1]!.options.viewColumn).toBe(3);
  });

  it("is what the view's link asks for", async () => {
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.send("run", { command: "goToSource" }, 7);
    await wait();
    expect(seen.reveals).toHaveLength(1);
    expect(panel.sent.find(({ id }) => id === 7)).toMatchObject({ result: null });
  });

  it("says so where the export kept no line", async () => {
    await bench.show();
    await bench.run("goToSource");
    expect(seen.reveals).toEqual([]);
    expect(seen.messages[0]!.text).toContain("kept no source line for blocks.0.attn");
  });

  it("never leaves the workspace, through a link either", async () => {
    const { panel } = await bench.show(withSource("/etc/passwd"));
    await panel.select({});
    await bench.run("goToSource");
    expect(seen.messages[0]!.text).toContain("/etc/passwd is not in this workspace");
    mkdirSync(bench.path("net"));
    symlinkSync(tmpdir(), bench.path("net/outside"));
    expect(seen.reveals).toEqual([]);
    bench.dispose();

    bench = new HostBench();
    workspace.workspaceFolders = [{ uri: Uri.file(bench.folder) }];
    symlinkSync("/etc/hostname", bench.path("hosts.py"));
    await (await bench.show(withSource("hosts.py"))).panel.select({});
    await bench.run("goToSource");
    expect(seen.reveals).toEqual([]);
  });
});

describe("the marked line", () => {
  it("follows the selection in a source that is in sight, and scrolls to it", async () => {
    const editor = new FakeEditor(source(), 1);
    seen.showEditors(editor);
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.select({ site: 0 });
    expect(marked(editor)).toEqual([10]);
    await panel.select({ site: 1 });
    expect(marked(editor)).toEqual([20]);
    expect(editor.revealed).toEqual([10, 20]);
    expect(seen.reveals, "no editor was opened").toEqual([]);
  });

  it("does not scroll when another head of the same layer is selected", async () => {
    const editor = new FakeEditor(source(), 1);
    seen.showEditors(editor);
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.select({ head: 1 });
    await panel.select({ head: 2 });
    expect(editor.revealed).toEqual([10]);
    expect(editor.decorations[0]!.renderOptions.after.contentText).toContain("L0H2");
  });

  it("opens nothing by itself, and nothing again that was closed", async () => {
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.select({ site: 1 });
    expect(seen.reveals).toEqual([]);
    await bench.run("goToSource");
    seen.showEditors();
    await panel.select({ site: 0 });
    expect(seen.reveals).toHaveLength(1);
  });

  it("goes when the view is closed", async () => {
    const editor = new FakeEditor(source(), 1);
    seen.showEditors(editor);
    seen.found = [source()];
    const { panel, close } = await bench.show(withSource());
    await panel.select({ site: 1 });
    expect(marked(editor)).toEqual([20]);
    close();
    await wait();
    expect(marked(editor)).toEqual([]);
  });

  it("stays inside a file that has become shorter", async () => {
    const editor = new FakeEditor(source(), 1, 5);
    seen.showEditors(editor);
    seen.found = [source()];
    const { panel } = await bench.show(withSource());
    await panel.select({ site: 1 });
    expect(marked(editor)).toEqual([4]);
  });
});

it("tells by a context key whether there is a line to go to", async () => {
  await (await bench.show()).panel.select({});
  expect(seen.contexts["attentionLens.source"]).toBe(false);
  bench.dispose();
  bench = new HostBench();
  await (await bench.show(withSource())).panel.select({});
  expect(seen.contexts["attentionLens.source"]).toBe(true);
});
