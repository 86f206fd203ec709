import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import { difference } from "./generation-reference";
import { newClient, onCpu, root, temporaryFile } from "./harness";

const folder = path.join(root, "test/fixtures/generation/merged");

it("a merged decoder shows each layer once, and its attention at each step is that of a full pass without a cache", async () => {
  const reference = readNpz(readFileSync(path.join(folder, "reference.npz")), "reference");
  const prompt = reference.get("prompt")!.data as BigInt64Array;
  const ids = Array.from(reference.get("ids")!.data as BigInt64Array, Number);
  const full = reference.get("self")!;
  const dims = [1, prompt.length];
  const file = temporaryFile(
    "prompt.npz",
    writeNpz(
      new Map([
        ["input_ids", { data: prompt, dims }],
        ["attention_mask", { data: prompt.map(() => 1n), dims }],
        ["position_ids", { data: prompt.map((_, at) => BigInt(at)), dims }],
      ]),
    ),
  );
  const client = newClient();
  const model = await client.open(path.join(folder, "decoder_model_merged.onnx"), "full");
  expect(model.sites.map(({ name, layer, heads }) => [name, layer, heads])).toEqual([
    ["model.transformer.h.0.attn", 0, 2],
    ["model.transformer.h.1.attn", 1, 2],
  ]);
  const input = { file, generate: { tokens: 32 } };
  const last = await client.capture({ ...onCpu, input, scores: true });
  expect(last.recording.steps!.labels).toEqual(ids.slice(prompt.length).map((id) => `#${id}`));
  expect(last.notices.join(" ")).not.toContain("not run");
  for (const step of [0, 1, 2, 17, 31]) {
    const capture = await client.capture({ ...onCpu, input: { ...input, step }, scores: true });
    const keys = prompt.length + step;
    const queries = step === 0 ? prompt.length : 1;
    expect(capture.sites.map((site) => [site.queries, site.keys, site.validity])).toEqual([
      [queries, keys, "score"],
      [queries, keys, "score"],
    ]);
    expect(capture.sites[0]!.scores).not.toBeNull();
    expect(await difference(client, capture, capture.sites, full, keys)).toBeLessThan(1e-5);
  }
});
