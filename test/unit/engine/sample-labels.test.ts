// Prompts and recorded samples that make one batch: each has labels of its own, in the capture and in what is exported.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import { defaultSpec } from "../../../src/shared/figure/figure-spec";
import { axisOfEntry, sampleOf } from "../../../src/shared/sample-axis";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const bert = path.join(root, "test/corpus/bert-torchscript17-eager.onnx");

const words = "<pad> <unk> the cat sat on mat a dog ran".split(" ");
const vocabulary = {
  version: "1.0",
  padding: { pad_token: "<pad>", pad_id: 0 },
  added_tokens: words.slice(0, 2).map((content, id) => ({ id, content, special: true, normalized: false })),
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    unk_token: "<unk>",
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};

/** A model of sentences beside a tokenizer; with a manifest, where one is given. */
function sentenceModel(manifest?: object): string {
  const folder = temporaryFolder();
  const model = path.join(folder, "model.onnx");
  copyFileSync(bert, model);
  writeFileSync(path.join(folder, "tokenizer.json"), JSON.stringify(vocabulary));
  if (manifest) writeFileSync(path.join(folder, "model.attention.json"), JSON.stringify(manifest));
  return model;
}

const prompts = ["the cat sat on the mat", "a dog ran", "the dog sat"];

describe("several prompts as one batch", () => {
  it("each have their own tokens and padding, in the maps' axes and in every export", async () => {
    const model = sentenceModel();
    const client = newClient();
    await client.open(model, "full");
    const one = async (text: string) => {
      const { axes, sites } = await client.capture({ ...onCpu, input: { text } });
      return axes[sites[0]!.keyAxis]!.labels;
    };
    const alone = [await one(prompts[0]!), await one(prompts[1]!), await one(prompts[2]!)];
    const capture = await client.capture({ ...onCpu, input: { text: prompts } });
    const site = capture.sites[0]!;
    expect(site.batch).toBe(3);
    const axis = capture.axes[site.keyAxis]!;
    const padding = alone.map((labels) => site.keys - labels.length);
    expect(padding[0]).toBe(0);
    expect(padding[1]).toBeGreaterThan(0);
    alone.forEach((labels, sample) => {
      const own = axisOfEntry(axis, sample, site.batch);
      expect(own.labels.slice(0, labels.length)).toEqual(labels);
      expect(own.padding ?? []).toHaveLength(padding[sample]!);
      expect(own).toMatchObject({ id: axis.id, from: "tokenizer", segments: axis.segments });
    });
    expect(capture.notices.join(" ")).toContain(
      `Texts are padded to ${site.keys} tokens: text 1 has ${alone[1]!.length}, text 2 has ${alone[2]!.length}.`,
    );

    const folder = temporaryFolder();
    const file = (name: string) => path.join(folder, name);
    await client.writeData({ format: "npz", file: file("maps.npz"), command: "test" });
    const written = readNpz(readFileSync(file("maps.npz")), "maps.npz").get("key_labels/site_000")!;
    expect(written).toMatchObject({ dtype: "string", dims: [3, site.keys] });
    expect((written.data as string[]).slice(site.keys, site.keys + alone[1]!.length)).toEqual(alone[1]);
    await client.writeData({ format: "json", file: file("maps.json"), command: "test" });
    const document = JSON.parse(readFileSync(file("maps.json"), "utf8")) as {
      axes: { samples: { labels: string[]; padding: number[] }[] }[];
    };
    expect(document.axes[site.keyAxis]!.samples.map((own) => own.padding.length)).toEqual(padding);
    expect(document.axes[site.keyAxis]!.samples[2]!.labels).toContain("dog");

    const drawn = async (sample: number) => {
      const spec = { ...defaultSpec, view: "tokens" as const, sites: [0], heads: [0], sample };
      await client.writeFigure({ spec, format: "svg", file: file(`${sample}.svg`), command: "test" });
      return readFileSync(file(`${sample}.svg`), "utf8");
    };
    expect(await drawn(0)).toMatch(/>\s*cat\s*</);
    expect(await drawn(1)).not.toMatch(/>\s*cat\s*</);
    expect(await drawn(1)).toMatch(/>\s*ran\s*</);
  });

  it("each have their own tokens and padding where a manifest names the segments", async () => {
    const model = sentenceModel({
      version: 1,
      segments: [{ name: "words", role: "text", labels: { ids: "input_ids" }, mask: "attention_mask" }],
    });
    const client = newClient();
    await client.open(model, "full");
    const { axes, sites } = await client.capture({ ...onCpu, input: { text: prompts } });
    const axis = axes[sites[0]!.keyAxis]!;
    expect(axis.from).toBe("manifest");
    expect(axis.samples!.map(({ labels }) => labels.includes("cat"))).toEqual([true, false, false]);
    expect(axis.samples!.map(({ padding = [] }) => padding.length > 0)).toEqual([false, true, true]);
  });
});

describe("recorded samples", () => {
  it("are each labelled by what was recorded of them", async () => {
    const model = sentenceModel({
      version: 1,
      inputs: { file: "recorded.npz" },
      segments: [{ name: "words", role: "text", labels: { array: "input_ids", template: "#{value}" } }],
    });
    const ids = BigInt64Array.from([5n, 6n, 7n, 8n, 9n, 10n]);
    const ones = BigInt64Array.from([1n, 1n, 1n, 1n, 1n, 1n]);
    const dims = [3, 2];
    const arrays = new Map([
      ["input_ids", { data: ids, dims }],
      ["attention_mask", { data: ones, dims }],
      ["token_type_ids", { data: ones.map(() => 0n), dims }],
    ]);
    writeFileSync(path.join(path.dirname(model), "recorded.npz"), writeNpz(arrays));
    const client = newClient();
    await client.open(model, "full");
    const labels = async (samples: number[] | undefined) => {
      const { axes, sites } = await client.capture({ ...onCpu, input: samples ? { samples } : null });
      const [site] = sites;
      const axis = axes[site!.keyAxis]!;
      return Array.from({ length: site!.batch }, (_, entry) => axisOfEntry(axis, entry, site!.batch).labels);
    };
    const each = [
      ["#5", "#6"],
      ["#7", "#8"],
      ["#9", "#10"],
    ];
    expect(await labels(undefined)).toEqual(each);
    expect(await labels([2, 0])).toEqual([each[2], each[0]]);
    expect(await labels([1])).toEqual([each[1]]);
  });
});

describe("the sample of an entry of a batch axis", () => {
  it("is the outer axis, with windows or time steps within it", () => {
    expect([0, 3, 4, 11].map((entry) => sampleOf(entry, 12, 3))).toEqual([0, 0, 1, 2]);
    expect(sampleOf(5, 7, 3)).toBe(0);
    expect(sampleOf(5, 7, 1)).toBe(0);
  });
});

describe("a text whose tokens the model does not have", () => {
  it("is refused by the input and the id", async () => {
    const model = sentenceModel();
    const wordpiece = path.join(root, "test/fixtures/tokenizers/wordpiece/tokenizer.json");
    copyFileSync(wordpiece, path.join(path.dirname(model), "tokenizer.json"));
    const client = newClient();
    await client.open(model, "full");
    await expect(client.capture({ ...onCpu, input: { text: "the cat sat" } })).rejects.toMatchObject({
      code: "inputMismatch",
      detail: expect.stringMatching(
        /^input_ids holds \d+, and the table that it indexes has 32 rows, from 0\.$/,
      ) as string,
    });
  });
});
