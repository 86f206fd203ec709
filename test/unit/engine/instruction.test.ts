// A typed instruction for a policy: its words become the prompt, everything else stays as it was recorded.
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Capture } from "../../../src/shared/capture";
import { axisOfEntry } from "../../../src/shared/sample-axis";
import { newClient, onCpu, root } from "./harness";

const policy = path.join(root, "examples/vla-pi0/model.onnx");
/** The prefix: two cameras of 36 patches, then 12 words. */
const FIRST_WORD = 72;

const wordsOf = ({ axes, sites }: Capture, sample = 0): string[] => {
  const [site] = sites;
  return axisOfEntry(axes[site!.keyAxis]!, sample, site!.batch).labels.slice(FIRST_WORD);
};

describe("an instruction that is typed", () => {
  it("takes the prompt's place in the recording, with its words on the axis and padding behind them", async () => {
    const client = newClient();
    await client.open(policy, "full");
    const recorded = await client.capture(onCpu);
    const text = "Pick up the green block and place it in the bowl";
    const typed = await client.capture({ ...onCpu, input: { text } });
    expect(wordsOf(typed)).toEqual(["<bos>", ...text.toLowerCase().split(" ")]);
    expect(wordsOf(recorded)).not.toEqual(wordsOf(typed));
    const axis = typed.axes[typed.sites[0]!.keyAxis]!;
    expect(axis.segments.map(({ name }) => name)).toEqual(["base camera", "wrist camera", "instruction"]);
    expect(axis.segmentOf[FIRST_WORD]).toBe(2);
    expect(typed.input).toMatchObject({ from: "text", label: `“${text}”` });
    expect(typed.notices.join(" ")).toMatch(
      /base_rgb, wrist_rgb, state, noisy_actions, time are as recorded in recorded\.npz\./,
    );
    // The frames are those of the recording, and its steps can be gone through with the same words.
    expect(typed.recording.cameras).toEqual(["base", "wrist"]);
    const steps = typed.recording.steps!.count;
    expect(steps).toBe(recorded.recording.steps!.count);
    const later = await client.capture({ ...onCpu, input: { text, step: steps - 1 } });
    expect(wordsOf(later)).toEqual(wordsOf(typed));
    expect(later.recording.steps!.index).toBe(steps - 1);
    // Another instruction is another map; a short one is padded, and its padding is told.
    const figures = (capture: Capture) =>
      capture.sites.at(-1)!.figures[0]!.map(({ entropyNats }) => entropyNats);
    expect(figures(typed)).not.toEqual(figures(recorded));
    const short = await client.capture({ ...onCpu, input: { text: "pick up the red block" } });
    expect(wordsOf(short).slice(6)).toEqual(new Array(6).fill("<pad>"));
    expect(short.axes[short.sites[0]!.keyAxis]!.padding).toEqual([78, 79, 80, 81, 82, 83]);
    expect(short.notices.join(" ")).toContain("The text has 6 tokens and is padded to 12.");
  });

  it("says what does not fit: words that the vocabulary lacks, and tokens beyond the twelfth", async () => {
    const client = newClient();
    await client.open(policy, "full");
    const text = "pick up the purple block and place it on the red plate and the bowl";
    const live = await client.tokenize({ text, textPair: null });
    expect(live.tokens.slice(0, 4).map(({ text: word }) => word)).toEqual(["<bos>", "pick", "up", "the"]);
    const told = [
      "“purple” is not in the vocabulary, and becomes <pad>.",
      "The model takes the first 12 of 16 tokens.",
    ];
    expect(live.notices).toEqual(told);
    const { notices } = await client.capture({ ...onCpu, input: { text } });
    expect(notices).toContain(told[0]);
    expect(notices).toContain("The text has 16 tokens; prompt takes the first 12.");
    expect((await client.tokenize({ text: "pick up the red block", textPair: null })).notices).toEqual([]);
  });

  it("may be several, each with its own words before the same pictures", async () => {
    const client = newClient();
    await client.open(policy, "full");
    const texts = ["pick up the red block", "put the blue block in the bowl"];
    const both = await client.capture({ ...onCpu, input: { text: texts } });
    expect(both.sites[0]!.batch).toBe(2);
    texts.forEach((text, sample) => {
      const words = text.split(" ");
      expect(wordsOf(both, sample).slice(0, words.length + 1)).toEqual(["<bos>", ...words]);
    });
    const alone = await client.capture({ ...onCpu, input: { text: texts[1]! } });
    const site = both.sites.findIndex(({ name }) => name === "prefix.layers_2.attn");
    alone.sites[site]!.figures[0]!.forEach(({ entropyNats }, head) =>
      expect(both.sites[site]!.figures[1]![head]!.entropyNats!).toBeCloseTo(entropyNats!, 4),
    );
  });
});
