import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import { difference } from "./generation-reference";
import { newClient, onCpu, root, temporaryFile } from "./harness";

const folder = path.join(root, "test/fixtures/generation/gqa");
const reference = readNpz(readFileSync(path.join(folder, "reference.npz")), "reference");
const prompt = reference.get("prompt")!.data as BigInt64Array;
const ids = Array.from(reference.get("ids")!.data as BigInt64Array, Number);
/** Tokens that the caches of buffer.onnx hold. */
const BUFFER = 24;

/** The first tokens of the finished text, and the mask that the model of growing caches takes. */
function promptFile(model: string, length = prompt.length) {
  const dims = [1, length];
  const input_ids = { data: BigInt64Array.from(ids.slice(0, length), BigInt), dims };
  const mask = { data: new BigInt64Array(length).fill(1n), dims };
  const arrays = model === "growing.onnx" ? { input_ids, attention_mask: mask } : { input_ids };
  return temporaryFile("prompt.npz", writeNpz(new Map(Object.entries(arrays))));
}

describe.each([
  ["growing.onnx", 32],
  ["buffer.onnx", BUFFER - prompt.length + 1],
])("a generation with GroupQueryAttention in %s", (model, made) => {
  it("is PyTorch's own, and so is the attention of each step, rebuilt and proven", async () => {
    const client = newClient();
    await client.open(path.join(folder, model), "full");
    const input = { file: promptFile(model), generate: { tokens: 32 } };
    const last = await client.capture({ ...onCpu, input });
    expect(last.recording.steps!.labels).toEqual(
      ids.slice(prompt.length, prompt.length + made).map((id) => `#${id}`),
    );
    expect(last.notices.join(" ").includes(`the caches hold ${BUFFER} tokens`)).toBe(made < 32);
    for (const step of [0, 1, 2, 9, made - 1]) {
      const capture = await client.capture({ ...onCpu, input: { ...input, step } });
      const keys = prompt.length + step;
      const queries = step === 0 ? prompt.length : 1;
      for (const site of capture.sites) {
        expect([site.queries, site.keys, site.method]).toEqual([queries, keys, "rebuilt"]);
        expect(site.error).toBeLessThan(1e-5);
      }
      expect(await difference(client, capture, capture.sites, reference.get("self")!, keys)).toBeLessThan(
        1e-5,
      );
    }
  });

  it("opens on what is made up, its lengths those of the tokens", async () => {
    const client = newClient();
    await client.open(path.join(folder, model), "full");
    const capture = await client.capture({ ...onCpu, input: { dims: { sequence_length: 5 } } });
    expect(capture.sites.map(({ queries, keys }) => [queries, keys])).toEqual([
      [5, 5],
      [5, 5],
    ]);
    expect((await client.capture(onCpu)).sites[0]!.queries).toBe(model === "buffer.onnx" ? BUFFER : 32);
  });
});

it("a text that is longer than the caches is refused with both numbers", async () => {
  const client = newClient();
  await client.open(path.join(folder, "buffer.onnx"), "full");
  const input = { file: promptFile("buffer.onnx", BUFFER + 1), generate: { tokens: 2 } };
  await expect(client.capture({ ...onCpu, input })).rejects.toMatchObject({
    code: "inputMismatch",
    detail: "The text has 25 tokens, and past_key_values.0.key holds 24.",
  });
});
