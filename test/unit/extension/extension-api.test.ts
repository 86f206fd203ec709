/** What other extensions can do. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { seen, Uri, workspace } from "./fake-vscode";
import { HostBench, wait } from "./host-bench";
import { sampleCapture, sampleModel } from "./samples";

const { extensionApi } = await import("../../../src/extension/extension-api");

let bench: HostBench;
beforeEach(() => void (bench = new HostBench()));
afterEach(() => bench.dispose());

async function capture(model: ReturnType<ReturnType<typeof extensionApi>["open"]>) {
  const capturing = model.capture();
  await wait();
  bench.engine().opens[0]!.resolve(sampleModel("a.onnx"));
  await wait();
  bench.engine().captures[0]!.resolve(sampleCapture(1));
  bench.engine().holds = 1;
  return capturing;
}

it("gives figures of every head, tokens, and maps as typed arrays", async () => {
  const model = extensionApi(bench.documents).open(bench.file("a.onnx"));
  const { sites, provider, map } = await capture(model);
  expect(provider).toBe("cpu");
  expect(sites.map(({ name, heads }) => [name, heads])).toEqual([
    ["blocks.0.attn", 4],
    ["blocks.1.attn", 4],
  ]);
  expect(sites[1]!.figures[0]![2]!.normalisedEntropy).toBeCloseTo(0.6);
  expect(sites[0]!.keyLabels).toHaveLength(6);
  const { queries, keys, cells } = await map(sites[0]!, 0);
  expect([queries, keys, cells.length]).toEqual([6, 6, 36]);
  expect([...cells.subarray(0, 7)]).toEqual([1, -1, -1, -1, -1, -1, 0.5]);
});

it("ends the engine when the model is closed", async () => {
  const model = extensionApi(bench.documents).open(bench.file("a.onnx"));
  await capture(model);
  model.close();
  expect(bench.engine().disposed).toBe(true);
});

it("runs nothing in a workspace that is not trusted", async () => {
  const model = extensionApi(bench.documents).open(bench.file("a.onnx"));
  workspace.isTrusted = false;
  await expect(model.capture()).rejects.toMatchObject({ code: "untrusted" });
});

it("shows a model in the editor, and refuses what is not a file", async () => {
  const api = extensionApi(bench.documents);
  await api.show(bench.file("a.onnx"));
  expect(seen.executed[0]![0]).toBe("vscode.openWith");
  expect(() => api.open(Uri.parse("git:/a.onnx") as never)).toThrow("not a file system of this machine");
});
