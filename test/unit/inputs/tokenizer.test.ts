import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { textFeeds, textInputs, type TextOptions } from "../../../src/inputs/text-feeds";
import { tokenTexts } from "../../../src/inputs/token-text";
import { loadTokenizer } from "../../../src/inputs/tokenizer";
import type { TensorSignature } from "../../../src/shared/model";
import { root, temporaryFile } from "../engine/harness";

const folder = path.join(root, "test/fixtures/tokenizers");
interface Case {
  text: string;
  pair: string | null;
  ids: number[];
  tokens: string[];
  types: number[];
  special: number[];
}
const load = (family: string) => ({
  tokenizer: loadTokenizer(path.join(folder, family, "tokenizer.json")),
  cases: JSON.parse(readFileSync(path.join(folder, family, "expected.json"), "utf8")) as Case[],
});

describe("words between spaces", () => {
  it("are whole in any script, as Hugging Face's library has them", () => {
    const vocab = { "[UNK]": 0, café: 1, straße: 2, 日本: 3, "!": 4, "–": 5, snake_case9: 6 };
    const file = temporaryFile(
      "tokenizer.json",
      JSON.stringify({
        version: "1.0",
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Whitespace" }] },
        post_processor: null,
        decoder: null,
        model: { type: "WordLevel", vocab, unk_token: "[UNK]" },
      }),
    );
    const ids = (text: string) =>
      loadTokenizer(file)
        .encode(text, null)
        .tokens.map(({ id }) => id);
    expect(ids("café straße!  日本–snake_case9 x")).toEqual([1, 2, 4, 3, 5, 6, 0]);
  });
});

describe.each(["byte-level", "wordpiece", "unigram"])("a %s tokenizer", (family) => {
  it("makes the tokens that Hugging Face's library makes", () => {
    const { tokenizer, cases } = load(family);
    for (const { text, pair, ids, tokens, types } of cases) {
      const encoded = tokenizer.encode(text, pair);
      expect(
        encoded.tokens.map(({ id }) => id),
        text,
      ).toEqual(ids);
      // The library writes a word that it does not know as the word, the vocabulary as <unk>.
      const raw = encoded.tokens.map((token, at) => (token.raw === "<unk>" ? tokens[at] : token.raw));
      expect(raw, text).toEqual(tokens);
      expect(encoded.types, text).toEqual(types);
    }
  });

  it("says which tokens are special", () => {
    const { tokenizer, cases } = load(family);
    const { ids, special } = cases[1]!;
    const unknown = tokenizer.encode(cases[1]!.text, cases[1]!.pair).tokens;
    ids.forEach((_, at) => {
      if (special[at] === 1) expect(unknown[at]!.special).toBe(true);
    });
  });
});

describe("the text of a token", () => {
  it("of a byte-level vocabulary is what its bytes spell, or the bytes of a part of a letter", () => {
    const { tokenizer } = load("byte-level");
    const texts = tokenizer.encode("the red block\n\treturn", null).tokens.map(({ text }) => text);
    expect(texts.join("").replace("↵", "\n").replace("⇥", "\t")).toBe("the red block\n\treturn");
    const emoji = tokenizer.encode("🙂", null).tokens.map(({ text }) => text);
    expect(emoji.join(" ")).toBe("⟨F0⟩ ⟨9F⟩ ⟨99⟩ ⟨82⟩");
  });

  it("of WordPiece leaves the mark of a word's inside away, of SentencePiece spells spaces and bytes", () => {
    const piece = tokenTexts({ model: { type: "WordPiece" } });
    expect([piece("##ing"), piece("play"), piece("#")]).toEqual(["ing", "play", "#"]);
    const sentence = tokenTexts({
      model: { type: "BPE" },
      decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }] },
    });
    expect([
      sentence("▁the"),
      sentence("<0x0A>"),
      sentence("<0x41>"),
      sentence("▁"),
      sentence("<0xE2>"),
    ]).toEqual([" the", "↵", "A", "␣", "⟨E2⟩"]);
    // In a byte-level vocabulary such a token is text that somebody wrote.
    expect(tokenTexts({ model: { type: "BPE" }, decoder: { type: "ByteLevel" } })("<0x0A>")).toBe("<0x0A>");
  });
});

describe("a tokenizer that cannot be used", () => {
  it("is refused by its size before it is read", () => {
    const file = temporaryFile("tokenizer.json", "{}");
    truncateSync(file, 100_000_000);
    expect(() => loadTokenizer(file)).toThrow(
      expect.objectContaining({
        code: "inputTooLarge",
        detail: expect.stringMatching(/100 MB.*64/) as string,
      }) as Error,
    );
  });

  it("says that it is none", () => {
    for (const text of ["{", "[]", "{}", '{"model": {"type": "Unheard"}}']) {
      expect(() => loadTokenizer(temporaryFile("tokenizer.json", text)), text).toThrow(
        expect.objectContaining({ code: "tokenizerInvalid" }) as Error,
      );
    }
    writeFileSync(temporaryFile("x", ""), "");
    expect(() => loadTokenizer("/nowhere/tokenizer.json")).toThrow(
      expect.objectContaining({ code: "fileNotFound" }) as Error,
    );
  });
});

describe("texts as inputs", () => {
  const { tokenizer } = load("wordpiece");
  const wants: TensorSignature[] = [
    { name: "input_ids", dtype: "int64", dims: ["batch", "sequence"] },
    { name: "attention_mask", dtype: "int64", dims: ["batch", "sequence"] },
    { name: "token_type_ids", dtype: "int32", dims: ["batch", "sequence"] },
    { name: "position_ids", dtype: "int64", dims: ["batch", "sequence"] },
  ];
  const given = (texts: [string, string | null][], inputs = wants, options: TextOptions = {}) => {
    const [found] = textInputs(inputs);
    const encoded = texts.map(([text, pair]) => tokenizer.encode(text, pair));
    const { feeds, ...rest } = textFeeds(found!, encoded, tokenizer, options);
    const values = Object.fromEntries(
      [...feeds].map(([name, { data }]) => [name, Array.from(data as ArrayLike<bigint>, Number)]),
    );
    return {
      ...rest,
      values,
      dims: feeds.get("input_ids")!.dims,
      dtypes: [...feeds.values()].map(({ dtype }) => dtype),
    };
  };

  it("fill ids, mask, types and positions of a pair", () => {
    const { cases } = load("wordpiece");
    const { values, notices, dtypes } = given([[cases[1]!.text, cases[1]!.pair]]);
    expect(values["input_ids"]).toEqual(cases[1]!.ids);
    expect(values["token_type_ids"]).toEqual(cases[1]!.types);
    expect(values["attention_mask"]).toEqual(cases[1]!.ids.map(() => 1));
    expect(values["position_ids"]).toEqual(cases[1]!.ids.map((_, at) => at));
    expect(dtypes).toEqual(["int64", "int64", "int32", "int64"]);
    expect(notices).toEqual([]);
  });

  it("of different lengths are padded, on the side that is asked for", () => {
    const right = given([
      ["the red block", null],
      ["the", null],
    ]);
    const ids = tokenizer.encode("the", null).tokens.map(({ id }) => id);
    const length = right.dims[1]!;
    expect(right.values["attention_mask"]!.slice(length)).toEqual([
      1,
      1,
      1,
      ...new Array<number>(length - 3).fill(0),
    ]);
    expect(right.values["input_ids"]!.slice(length, length + 3)).toEqual(ids);
    expect(right.values["input_ids"]!.slice(length + 3).every((id) => id === 0)).toBe(true);
    const left = given(
      [
        ["the red block", null],
        ["the", null],
      ],
      wants,
      { padding: "left" },
    );
    expect(left.values["input_ids"]!.slice(-3)).toEqual(ids);
    expect(left.values["position_ids"]!.slice(-3)).toEqual([0, 1, 2]);
    expect(left.notices).toEqual([`Texts are padded to ${length} tokens: text 1 has 3.`]);
  });

  it("are cut and padded to a length that the model fixes, and it is said", () => {
    const fixed = (length: number) => wants.map((input) => ({ ...input, dims: [1, length] }));
    expect(given([["the red block", null]], fixed(3)).notices).toEqual([
      expect.stringMatching(/The text has \d+ tokens; input_ids takes the first 3\./),
    ]);
    expect(given([["the", null]], fixed(8)).values["attention_mask"]).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect(() =>
      given(
        [
          ["the", null],
          ["a", null],
        ],
        fixed(8),
      ),
    ).toThrow(/wants a batch of 1, and 2 texts are given/);
  });

  it("of an encoder and a decoder are told apart", () => {
    const both = ["input_ids", "attention_mask", "decoder_input_ids", "decoder_attention_mask"].map(
      (name) => ({
        name,
        dtype: "int64",
        dims: ["b", "t"],
      }),
    );
    expect(textInputs(both).map(({ ids, mask }) => [ids.name, mask?.name])).toEqual([
      ["input_ids", "attention_mask"],
      ["decoder_input_ids", "decoder_attention_mask"],
    ]);
    expect(textInputs([{ name: "states", dtype: "float32", dims: [1, 4] }])).toEqual([]);
  });
});
