/** generation_config.json beside a model: taken before config.json and after what is asked for, and stated. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import type { GenerateChoice } from "../../../src/shared/input-choice";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const fixtures = path.join(root, "test/fixtures/generation");
const reference = readNpz(readFileSync(path.join(fixtures, "gpt2.npz")), "gpt2");
const prompt = reference.get("prompt")!.data as BigInt64Array;
/** What the model writes by itself. */
const written = Array.from(reference.get("ids")!.data as BigInt64Array, Number).slice(prompt.length);

type Files = Readonly<Record<string, unknown>>;

/** @param files JSON files beside the model; `../name` is the folder above, which is then an `onnx` folder's */
async function generated(files: Files, generate: GenerateChoice, ids: BigInt64Array = prompt) {
  const place = path.join(temporaryFolder(), "onnx");
  mkdirSync(place);
  const model = path.join(place, "gpt2.onnx");
  copyFileSync(path.join(fixtures, "gpt2.onnx"), model);
  const dims = [1, ids.length];
  const inputs = {
    input_ids: { data: ids, dims },
    attention_mask: { data: ids.map(() => 1n), dims },
    position_ids: { data: ids.map((_, at) => BigInt(at)), dims },
  };
  const file = path.join(place, "prompt.npz");
  writeFileSync(file, writeNpz(new Map(Object.entries(inputs))));
  for (const [name, content] of Object.entries(files))
    writeFileSync(path.join(place, name), JSON.stringify(content));
  const client = newClient();
  await client.open(model, "full");
  const capture = await client.capture({ ...onCpu, input: { file, generate } });
  const labels = capture.recording.steps!.labels!.map((label) => Number(label.slice(1)));
  return { labels, notices: capture.notices.join("\n"), draws: capture.recording.draws };
}

describe("the end of a text", () => {
  const end = written[4]!;
  const count = written.indexOf(end) + 1;

  it("is said, with what says so; generation_config.json comes before config.json, wherever they lie", async () => {
    const own = await generated({ "generation_config.json": { eos_token_id: [96, end] } }, { tokens: 32 });
    expect(own.labels).toEqual(written.slice(0, count));
    expect(own.notices).toContain(`The text ends there: #${end} is eos_token_id of generation_config.json.`);
    const above = await generated(
      { "config.json": { eos_token_id: written[0] }, "../generation_config.json": { eos_token_id: end } },
      { tokens: 32 },
    );
    expect(above.labels).toHaveLength(count);
    const config = await generated({ "config.json": { eos_token_id: end } }, { tokens: 32 });
    expect(config.notices).toContain("eos_token_id of config.json");
  });

  it("is after as many tokens as it says, where nobody says how many", async () => {
    const fresh = await generated({ "generation_config.json": { max_new_tokens: 3, max_length: 900 } }, {});
    expect(fresh.labels).toEqual(written.slice(0, 3));
    expect(fresh.notices).toContain(
      "Up to 3 tokens are written, as max_new_tokens of generation_config.json says.",
    );
    const all = await generated({ "config.json": { max_length: prompt.length + 5 } }, {});
    expect(all.labels).toEqual(written.slice(0, 5));
    const asked = await generated({ "generation_config.json": { max_new_tokens: 3 } }, { tokens: 6 });
    expect(asked.labels).toEqual(written.slice(0, 6));
    expect(asked.notices).not.toContain("max_new_tokens");
  });
});

describe("draws", () => {
  const config = { "generation_config.json": { do_sample: true, temperature: 0.7, top_k: 20, top_p: 0.9 } };

  it("are made where it says so, and stated with all that they depend on", async () => {
    const drawn = await generated(config, { tokens: 6, seed: 2 });
    expect(drawn.draws).toBe(true);
    expect(drawn.notices).toContain(
      "Tokens are drawn by chance (temperature 0.7, top-k 20, top-p 0.9, seed 2), as generation_config.json says; --greedy takes the likeliest instead.",
    );
    // The same as asking for each of them where no file says it.
    const asked = { tokens: 6, sample: true, seed: 2, temperature: 0.7, topK: 20, topP: 0.9 };
    const plain = await generated({}, asked);
    expect(drawn.labels).toEqual(plain.labels);
    expect(plain.draws).toBeUndefined();
    expect(plain.notices).not.toContain("drawn");
  });

  it("are not made where somebody asks for the likeliest, and are made his way where he asks for another", async () => {
    const greedy = await generated(config, { tokens: 6, sample: false });
    expect(greedy.labels).toEqual(written.slice(0, 6));
    expect(greedy.notices).not.toContain("drawn");
    const cold = await generated(config, { tokens: 6, sample: true, temperature: 0.001 });
    expect(cold.labels).toEqual(written.slice(0, 6));
    expect(cold.notices).toContain(
      "Tokens are drawn with top-k 20, top-p 0.9, as generation_config.json says.",
    );
  });
});

describe("tokens that may not, or must, be written", () => {
  it("are left out, always or at the beginning", async () => {
    const [first] = written as [number];
    const never = await generated({ "generation_config.json": { suppress_tokens: [first] } }, { tokens: 12 });
    expect(never.labels).not.toContain(first);
    expect(never.notices).toContain("1 token is never written, as generation_config.json says.");
    const begin = await generated(
      { "generation_config.json": { begin_suppress_tokens: [first, 5] } },
      { tokens: 12 },
    );
    expect(begin.labels[0]).not.toBe(first);
    expect(begin.notices).toContain("2 tokens are not written first, as generation_config.json says.");
  });

  it("are written in their place behind the first token of the text", async () => {
    const one = prompt.slice(0, 1);
    const config = { "generation_config.json": { forced_bos_token_id: 42, begin_suppress_tokens: [42] } };
    const forced = await generated(config, { tokens: 3 }, one);
    expect(forced.labels[0]).toBe(42);
    expect(forced.notices).toContain(
      "#42 is written whatever the model says, as forced_bos_token_id of generation_config.json says",
    );
    const free = await generated({}, { tokens: 2 }, BigInt64Array.of(one[0]!, 42n));
    // What follows is what follows these two tokens, but for the suppressed one.
    if (free.labels[0] !== 42) expect(forced.labels.slice(1)).toEqual(free.labels);
    const listed = {
      "generation_config.json": {
        forced_decoder_ids: [
          [1, 7],
          [2, 9],
          [3, null],
        ],
      },
    };
    expect((await generated(listed, { tokens: 3 }, one)).labels.slice(0, 2)).toEqual([7, 9]);
    // A prompt that is longer has no such place.
    expect((await generated(config, { tokens: 3, sample: false })).labels).toEqual(written.slice(0, 3));
  });
});

it("a configuration that cannot be read, or holds no ids, says nothing", async () => {
  const odd = { eos_token_id: "end", do_sample: "yes", top_p: -1, suppress_tokens: null, max_length: "9" };
  const { labels } = await generated({ "generation_config.json": odd, "config.json": [] }, { tokens: 4 });
  expect(labels).toEqual(written.slice(0, 4));
});
