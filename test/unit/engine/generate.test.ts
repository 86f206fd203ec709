import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import type { EngineClient } from "../../../src/client/engine-client";
import type { GenerateChoice } from "../../../src/shared/input-choice";
import { cells } from "./generation-reference";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const folder = path.join(root, "test/fixtures/generation");

/** A model of the fixtures with its prompt as an npz, in a folder of its own. */
function prepared(name: string) {
  const place = temporaryFolder();
  const model = path.join(place, `${name}.onnx`);
  copyFileSync(path.join(folder, `${name}.onnx`), model);
  const reference = readNpz(readFileSync(path.join(folder, `${name}.npz`)), name);
  const prompt = reference.get("prompt")!.data as BigInt64Array;
  const dims = [1, prompt.length];
  const inputs = new Map([
    ["input_ids", { data: prompt, dims }],
    ["attention_mask", { data: prompt.map(() => 1n), dims }],
    ["position_ids", { data: prompt.map((_, at) => BigInt(at)), dims }],
  ]);
  const file = path.join(place, "prompt.npz");
  writeFileSync(file, writeNpz(inputs));
  return { place, model, file, prompt, reference };
}

describe.each(["gpt2", "llama"])("32 tokens of a tiny %s with caches", (name) => {
  it("are PyTorch's own, and the attention of each step is that of a full pass without a cache", async () => {
    const { model, file, prompt, reference } = prepared(name);
    const ids = Array.from(reference.get("ids")!.data as BigInt64Array, Number);
    const { data: full, dims } = reference.get("attentions")!;
    const [layers, heads, length] = dims as [number, number, number];
    const client = newClient();
    await client.open(model, "full");
    const input = { file, generate: { tokens: 32 } };
    const last = await client.capture({ ...onCpu, input });
    expect(last.recording.steps).toMatchObject({ name: "token", count: 32, index: 31 });
    expect(last.recording.steps!.labels).toEqual(ids.slice(prompt.length).map((id) => `#${id}`));
    let worst = 0;
    let compared = 0;
    for (const step of [0, 1, 2, 15, 30, 31]) {
      const capture = await client.capture({ ...onCpu, input: { ...input, step } });
      const keys = prompt.length + step;
      const queries = step === 0 ? prompt.length : 1;
      expect(capture.sites.map((site) => [site.queries, site.keys])).toEqual(
        Array.from({ length: layers }, () => [queries, keys]),
      );
      for (let layer = 0; layer < layers; layer++)
        for (let head = 0; head < heads; head++) {
          const map = await cells(client, capture, capture.sites[layer]!, head);
          for (let query = 0; query < queries; query++)
            for (let key = 0; key < keys; key++) {
              const row = keys - queries + query;
              const wanted = (full as Float32Array)[((layer * heads + head) * length + row) * length + key]!;
              // Keys after the query are masked.
              const value = Math.max(0, map[query * keys + key]!);
              worst = Math.max(worst, Math.abs(value - wanted));
              compared += 1;
            }
        }
    }
    expect(compared).toBeGreaterThan(500);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe("a generation", () => {
  const run = async (client: EngineClient, file: string, generate: GenerateChoice) =>
    (await client.capture({ ...onCpu, input: { file, generate } })).recording.steps!.labels!.join(" ");

  it("that is drawn with a seed is the same each time, and another with another seed", async () => {
    const { model, file } = prepared("gpt2");
    const client = newClient();
    await client.open(model, "full");
    const first = await run(client, file, { tokens: 8, sample: true, seed: 3 });
    expect(await run(client, file, { tokens: 8, sample: true, seed: 4 })).not.toBe(first);
    expect(await run(client, file, { tokens: 8, sample: true, seed: 3 })).toBe(first);
    // At a low temperature only the likeliest token is left.
    const greedy = await run(client, file, { tokens: 8 });
    expect(await run(client, file, { tokens: 8, sample: true, seed: 3, temperature: 0.001 })).toBe(greedy);
  });

  it("ends where the configuration beside the model says that a text ends", async () => {
    const { model, file, place, reference, prompt } = prepared("llama");
    const ids = Array.from(reference.get("ids")!.data as BigInt64Array, Number).slice(prompt.length);
    writeFileSync(path.join(place, "config.json"), JSON.stringify({ eos_token_id: 0 }));
    const client = newClient();
    await client.open(model, "full");
    const { recording } = await client.capture({ ...onCpu, input: { file, generate: { tokens: 32 } } });
    expect(recording.steps!.count).toBe(ids.indexOf(0) + 1);
  });

  it("loads the model once, keeps what it made, and says that it can write", async () => {
    const { model, file } = prepared("gpt2");
    const client = newClient();
    await client.open(model, "full");
    const details: string[] = [];
    client.onProgress = (phases) => details.push(phases.find(({ name }) => name === "load")!.detail);
    const generate = { tokens: 6 };
    await client.capture({ ...onCpu, input: { file, generate } });
    expect(new Set(details.filter((text) => text.includes("loaded before"))).size).toBe(1);
    details.length = 0;
    const again = await client.capture({ ...onCpu, input: { file, generate, step: 2 } });
    expect(details).toEqual([]);
    expect(again.recording).toMatchObject({ generates: true, steps: { index: 2, count: 6 } });
  });

  it("begins with a text where a tokenizer lies beside the model, and labels every token with its text", async () => {
    const { model, place } = prepared("gpt2");
    // A tokenizer of three letters: its ids are below the model's 97.
    mkdirSync(place, { recursive: true });
    const vocab = { "<end>": 0, a: 1, b: 2, c: 3 };
    writeFileSync(
      path.join(place, "tokenizer.json"),
      JSON.stringify({
        version: "1.0",
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        model: {
          type: "BPE",
          vocab,
          merges: [],
          unk_token: null,
          dropout: null,
          continuing_subword_prefix: null,
          end_of_word_suffix: null,
          fuse_unk: false,
          byte_fallback: false,
        },
      }),
    );
    const client = newClient();
    await client.open(model, "full");
    const capture = await client.capture({
      ...onCpu,
      input: { text: "abcab", generate: { tokens: 3 }, step: 0 },
    });
    const axis = capture.axes[capture.sites[0]!.keyAxis]!;
    expect(axis.labels).toEqual(["a", "b", "c", "a", "b"]);
    expect(axis.from).toBe("tokenizer");
    expect(capture.recording.prompt).toEqual({ text: ["abcab"], textPair: null });
    const later = await client.capture({
      ...onCpu,
      input: { text: "abcab", generate: { tokens: 3 }, step: 2 },
    });
    expect(later.sites[0]!.keys).toBe(7);
    expect(later.axes[later.sites[0]!.keyAxis]!.labels.slice(0, 5)).toEqual(["a", "b", "c", "a", "b"]);
    expect(later.axes[later.sites[0]!.queryAxis]!.labels).toHaveLength(1);
    expect(await client.tokenize({ text: "cab", textPair: null })).toMatchObject({
      tokens: [
        { text: "c", id: 3 },
        { text: "a", id: 1 },
        { text: "b", id: 2 },
      ],
      from: "tokenizer.json",
    });
  });
});
