import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import type { Capture } from "../../../src/shared/capture";
import type { InputChoice } from "../../../src/shared/input-choice";
import type { EngineClient } from "../../../src/client/engine-client";
import { cells, difference } from "./generation-reference";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const folder = path.join(root, "test/fixtures/generation/t5");
const files = [
  "encoder_model.onnx",
  "decoder_model.onnx",
  "decoder_with_past_model.onnx",
  "decoder_model_merged.onnx",
] as const;
type File = (typeof files)[number];
const reference = readNpz(readFileSync(path.join(folder, "reference.npz")), "reference");
const text = reference.get("text")!.data as BigInt64Array;
const ids = Array.from(reference.get("ids")!.data as BigInt64Array, Number);

/** A folder with these parts of the model, its configuration, and the encoder's text as an npz. */
function prepared(...parts: File[]) {
  const place = temporaryFolder();
  for (const file of [...parts, "config.json"]) copyFileSync(path.join(folder, file), path.join(place, file));
  const dims = [1, text.length];
  const file = path.join(place, "text.npz");
  const inputs = { input_ids: { data: text, dims }, attention_mask: { data: text.map(() => 1n), dims } };
  writeFileSync(file, writeNpz(new Map(Object.entries(inputs))));
  return { place, file };
}

/** A tokenizer whose vocabulary is one letter for each id, "a" being 5. */
function writeTokenizer(place: string) {
  const vocab = {
    "<pad>": 0,
    "</s>": 1,
    "<unk>": 2,
    ...Object.fromEntries([..."abcdefghij"].map((letter, at) => [letter, at + 5])),
  };
  const model = {
    ...{ type: "BPE", vocab, merges: [], unk_token: "<unk>", dropout: null, fuse_unk: false },
    ...{ continuing_subword_prefix: null, end_of_word_suffix: null, byte_fallback: false },
  };
  const rest = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
  };
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, "tokenizer.json"), JSON.stringify({ version: "1.0", ...rest, model }));
}

/** The sites of the file that is open, without those of the encoder beside it. */
const decoders = ({ sites }: Capture) => sites.filter(({ id }) => !id.startsWith("encoder_"));

const opened: [string, File, File[]][] = [
  ["one decoder without a cache, run on the whole text", "decoder_model.onnx", ["encoder_model.onnx"]],
  [
    "a decoder whose sibling has the cache",
    "decoder_model.onnx",
    ["encoder_model.onnx", "decoder_with_past_model.onnx"],
  ],
  [
    "a decoder with a cache, whose sibling reads the prompt",
    "decoder_with_past_model.onnx",
    ["encoder_model.onnx", "decoder_model.onnx"],
  ],
  ["a merged decoder", "decoder_model_merged.onnx", ["encoder_model.onnx"]],
];

describe.each(opened)("32 tokens of a tiny T5 from %s", (_, model, beside) => {
  it("are PyTorch's own, and so is the attention of each step, to itself and to the encoder", async () => {
    const { place, file } = prepared(model, ...beside);
    const client = newClient();
    await client.open(path.join(place, model), "full");
    const input = { file, generate: { tokens: 32 } };
    const last = await client.capture({ ...onCpu, input });
    expect(last.recording.steps).toMatchObject({ name: "token", count: 32, index: 31 });
    expect(last.recording.steps!.labels).toEqual(ids.slice(1).map((id) => `#${id}`));
    expect(last.notices).toContain("encoder_model.onnx was run first.");
    const whole = beside.length === 1 && model === "decoder_model.onnx";
    for (const step of [0, 1, 2, 9, 31]) {
      const capture = await client.capture({ ...onCpu, input: { ...input, step } });
      const [own, cross] = (["self", "cross"] as const).map((kind) =>
        decoders(capture).filter((site) => site.kind === kind),
      );
      const queries = whole ? step + 1 : 1;
      expect(own!.map((site) => [site.queries, site.keys])).toEqual([
        [queries, step + 1],
        [queries, step + 1],
      ]);
      expect(cross!.map((site) => [site.queries, site.keys])).toEqual([
        [queries, text.length],
        [queries, text.length],
      ]);
      expect(await difference(client, capture, own!, reference.get("self")!, step + 1)).toBeLessThan(1e-5);
      expect(await difference(client, capture, cross!, reference.get("cross")!, step + 1)).toBeLessThan(1e-5);
    }
  });
});

describe("a text given to a decoder", () => {
  const choose = async (model: File, input: InputChoice) => {
    const { place } = prepared(...files);
    writeTokenizer(place);
    const client = newClient();
    await client.open(path.join(place, model), "full");
    return client.capture({ ...onCpu, input });
  };

  it("is the encoder's, and labels the keys of the cross attention alone", async () => {
    const capture = await choose("decoder_model_merged.onnx", {
      text: "abcab",
      textPair: "cde",
      generate: { tokens: 3 },
      step: 1,
    });
    const [own, cross] = capture.sites;
    const labels = (axis: number) => capture.axes[axis]!.labels;
    expect(own!.kind).toBe("self");
    expect(labels(own!.keyAxis).slice(0, 4)).toEqual(["<pad>", "c", "d", "e"]);
    expect(labels(own!.keyAxis)).toHaveLength(5);
    expect(labels(own!.queryAxis)).toHaveLength(1);
    expect(labels(own!.queryAxis)).toEqual(labels(own!.keyAxis).slice(-1));
    expect(cross!.kind).toBe("cross");
    expect(labels(cross!.keyAxis)).toEqual(["a", "b", "c", "a", "b"]);
    expect(labels(cross!.queryAxis)).toEqual(labels(own!.queryAxis));
    // The encoder's own graph says that its states are those of its tokens.
    expect(capture.axes[cross!.keyAxis]!.assumed).toBeUndefined();
    expect(capture.recording).toMatchObject({
      prompt: { text: ["abcab"], textPair: ["cde"] },
      generates: true,
    });
    expect(capture.input).toMatchObject({ from: "text", label: "“abcab”" });
  });

  it("of as many tokens on both sides keeps them apart", async () => {
    const capture = await choose("decoder_model.onnx", { text: "abc", textPair: "de" });
    const [own, cross] = capture.sites;
    expect(capture.axes[own!.keyAxis]!.labels).toEqual(["<pad>", "d", "e"]);
    expect(capture.axes[cross!.keyAxis]!.labels).toEqual(["a", "b", "c"]);
  });

  it("makes one token before a decoder that has only a form with a cache", async () => {
    const capture = await choose("decoder_with_past_model.onnx", { text: "abc" });
    expect(capture.recording.steps).toMatchObject({ count: 2, index: 1 });
    expect(decoders(capture).map(({ queries, keys }) => [queries, keys])).toEqual([
      [1, 2],
      [1, 3],
      [1, 2],
      [1, 3],
    ]);
  });

  it("in batches is padded where the second texts differ in length", async () => {
    const capture = await choose("decoder_model.onnx", { text: ["abc", "cab"], textPair: ["de", "d"] });
    expect(decoders(capture).map(({ batch, queries, keys }) => [batch, queries, keys])).toEqual([
      [2, 3, 3],
      [2, 3, 3],
      [2, 3, 3],
      [2, 3, 3],
    ]);
  });
});

it("a decoder alone says what it lacks, and its states can still be given", async () => {
  const { place } = prepared("decoder_model.onnx");
  const client = newClient();
  await client.open(path.join(place, "decoder_model.onnx"), "full");
  expect((await client.capture(onCpu)).input.from).toBe("synthetic");
  const states = path.join(place, "states.npz");
  const arrays = new Map([
    ["input_ids", { data: BigInt64Array.from([0n, 4n]), dims: [1, 2] }],
    ["encoder_attention_mask", { data: BigInt64Array.from([1n, 1n, 1n]), dims: [1, 3] }],
    ["encoder_hidden_states", { data: new Float32Array(48).fill(0.5), dims: [1, 3, 16] }],
  ]);
  writeFileSync(states, writeNpz(arrays));
  const capture = await client.capture({ ...onCpu, input: { file: states } });
  expect(capture.sites.map(({ queries, keys }) => [queries, keys])).toEqual([
    [2, 2],
    [2, 3],
    [2, 2],
    [2, 3],
  ]);
});

it("an encoder that is damaged is named, and keeps the decoder from nothing else", async () => {
  const { place } = prepared("decoder_model.onnx", "encoder_model.onnx");
  writeTokenizer(place);
  writeFileSync(path.join(place, "encoder_model.onnx"), "no model");
  const client = newClient();
  await client.open(path.join(place, "decoder_model.onnx"), "full");
  expect((await client.capture(onCpu)).input.from).toBe("synthetic");
  await expect(client.capture({ ...onCpu, input: { text: "abc" } })).rejects.toMatchObject({
    where: expect.stringContaining("encoder_model.onnx") as string,
  });
});

describe("a text for the decoder of a pair", () => {
  it("has its own tokens while it is typed", async () => {
    const { place } = prepared("encoder_model.onnx", "decoder_model.onnx");
    writeTokenizer(place);
    const client = newClient();
    await client.open(path.join(place, "decoder_model.onnx"), "full");
    const { recording } = await client.capture({ ...onCpu, input: { text: "abc", textPair: "de" } });
    expect(recording.secondText).toBe("decoder");
    const { tokens, second } = await client.tokenize({ text: "abc", textPair: "de" });
    expect(tokens.map((token) => token.text)).toEqual(["a", "b", "c"]);
    expect(second!.map((token) => token.text)).toEqual(["d", "e"]);
    expect((await client.tokenize({ text: "abc", textPair: null })).second).toBeUndefined();
  });
});

describe("the encoder's own attention", () => {
  const own = async (model: File, input: InputChoice, sites: string[] | null = null, scores = false) => {
    const { place, file } = prepared(...files);
    const client = newClient();
    await client.open(path.join(place, model), "full");
    const chosen = { file, ...input };
    return {
      place,
      file,
      client,
      capture: await client.capture({ ...onCpu, sites, scores, input: chosen }),
    };
  };
  const all = async (client: EngineClient, capture: Capture, id: string) => {
    const site = capture.sites.find((each) => each.id === id)!;
    const maps = Array.from({ length: site.heads }, (_, head) => cells(client, capture, site, head));
    return (await Promise.all(maps)).flatMap((map) => [...map]);
  };

  it("stands beside the decoder's, is that of the encoder opened by itself, and of every step", async () => {
    const { place, file, client, capture } = await own("decoder_model_merged.onnx", {
      generate: { tokens: 4 },
    });
    const encoder = capture.sites.filter(({ id }) => id.startsWith("encoder_"));
    expect(encoder).toHaveLength(1);
    expect(encoder[0]).toMatchObject({
      ...{ id: "encoder_site_000", kind: "self", queries: text.length, keys: text.length },
      component: "encoder.block.0",
    });
    expect(capture.notices).toContain(
      "The attention of encoder_model.onnx is shown beside the decoder's: 1 site.",
    );
    const alone = newClient();
    await alone.open(path.join(place, "encoder_model.onnx"), "full");
    const single = await alone.capture({ ...onCpu, input: { file } });
    const wanted = await all(alone, single, "site_000");
    expect(await all(client, capture, "encoder_site_000")).toEqual(wanted);
    expect(encoder[0]!.figures).toEqual(single.sites[0]!.figures);
    expect(capture.axes[encoder[0]!.queryAxis]!.labels).toEqual(
      single.axes[single.sites[0]!.queryAxis]!.labels,
    );
    const first = await client.capture({
      ...onCpu,
      input: { file, generate: { tokens: 4 }, step: 0 },
    });
    expect(await all(client, first, "encoder_site_000")).toEqual(wanted);
    // In files and reports it is a site as any other.
    const npz = path.join(place, "maps.npz");
    await client.writeData({ format: "npz", file: npz, command: "test" });
    const map = readNpz(readFileSync(npz), "maps").get("encoder_site_000")!;
    expect([...map.data].map(Number)).toEqual(wanted.map((p) => Math.max(0, p)));
  });

  it("can be asked for alone, or left out", async () => {
    const ids = async (sites: string[]) =>
      (await own("decoder_model.onnx", {}, sites)).capture.sites.map(({ id }) => id);
    expect(await ids(["encoder*"])).toEqual(["encoder_site_000"]);
    expect(await ids(["encoder_site_000", "site_001"])).toEqual(["site_001", "encoder_site_000"]);
    expect(await ids(["decoder*"])).toEqual(["site_000", "site_001", "site_002", "site_003"]);
    await expect(ids(["nothing*"])).rejects.toThrow(/Nothing matches nothing\*/);
  });

  it("has scores where they are asked for, and is missing where nothing is given to the encoder", async () => {
    const { capture } = await own("decoder_model.onnx", {}, null, true);
    expect(capture.sites.at(-1)).toMatchObject({ id: "encoder_site_000", scores: { reason: null } });
    const { place } = prepared(...files);
    const client = newClient();
    await client.open(path.join(place, "decoder_model.onnx"), "full");
    const made = await client.capture(onCpu);
    expect(made.sites.every(({ id }) => !id.startsWith("encoder_"))).toBe(true);
    expect(made.notices.join(" ")).toContain("encoder_model.onnx, which opens by itself");
    await expect(client.capture({ ...onCpu, sites: ["encoder*"] })).rejects.toThrow(
      /None of the sites that were asked for is of this file/,
    );
  });
});
