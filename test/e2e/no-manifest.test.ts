// Models without a manifest: tokens by the tokenizer beside them, the grid of a picture, marked as assumed.
import { cpSync, existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";

function withModel(name: string): Workspace {
  const workspace = Workspace.empty();
  cpSync(path.join(repository, "test/corpus", name), workspace.path("model.onnx"));
  return workspace;
}

const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "un", "##believ", "##able"];
const special = (content: string) => ({
  id: words.indexOf(content),
  content,
  ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
});
const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: words.slice(0, 4).map(special),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: { type: "BertProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2] },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};

test("a prompt that is typed becomes the tokens of the tokenizer beside the model", async () => {
  const workspace = withModel("bert-torchscript17-eager.onnx").write(
    "tokenizer.json",
    JSON.stringify(tokenizer),
  );
  const workbench = await openVscode(workspace);
  await workbench.explorer.choose("model.onnx", "Visualize Attention");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();

  await visualizer.title.click();
  await workbench.page.keyboard.press("i");
  const dialog = visualizer.frame.getByRole("dialog");
  await dialog.locator("textarea").first().fill("The unbelievable cat");
  await workbench.page.keyboard.press("Control+Enter");
  const expected = ["[CLS]", "the", "un", "believ", "able", "cat", "[SEP]"];
  await expect.poll(async () => (await visualizer.tokens.allTextContents()).length).toBe(expected.length);
  const shown = (await visualizer.tokens.allTextContents()).map((each) => each.trim().split(/\s/)[0]);
  expect(shown.map((each) => each?.replace("##", ""))).toEqual(expected);
  await workbench.screenshot("no-manifest-text");
  workbench.expectHealthy();
});

test("a picture's patches are a grid that is assumed, until a click writes it to a manifest", async () => {
  const config = {
    do_resize: true,
    size: { height: 16, width: 16 },
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  };
  const workspace = withModel("vit-torchscript17-eager.onnx").write(
    "preprocessor_config.json",
    JSON.stringify(config),
  );
  const workbench = await openVscode(workspace);
  await workbench.explorer.choose("model.onnx", "Visualize Attention");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();

  const said = visualizer.frame.getByText(/The graph cuts pixel_values into \d × \d patches/);
  await said.waitFor();
  expect((await visualizer.tokens.allTextContents()).join(" ")).toMatch(/\[CLS\].*0,0.*0,1/);
  await workbench.screenshot("no-manifest-grid");
  expect(existsSync(workspace.path("model.attention.json"))).toBe(false);

  await visualizer.frame.getByRole("button", { name: "Confirm grid" }).click();
  await said.waitFor({ state: "detached" });
  await visualizer.mapDrawn();
  const manifest = workspace.read("model.attention.json").toString();
  expect(manifest).toMatch(/"grid":\s*\{[^}]*"camera":\s*"pixel_values"/);
  expect(await (await workbench.problems()).allTextContents()).toEqual([]);
  workbench.expectHealthy();
});
