import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { inputChoice, type InputOptions, withInputOptions } from "../../../src/cli/input-options";
import { inputArguments } from "../../../src/shared/input-arguments";
import type { InputChoice } from "../../../src/shared/input-choice";

/** What the command line reads out of the arguments. */
function readBack(args: readonly string[]): InputOptions {
  const command = withInputOptions(new Command()).exitOverride();
  command.parse([...args], { from: "user" });
  return command.opts<InputOptions>();
}

describe("the options of an input", () => {
  it.each<InputChoice>([
    { file: "/data/a b.npz" },
    { text: "the cat", textPair: "--sat" },
    { text: ["one", "two"] },
    { images: { "": "/pictures/cat.png" } },
    { images: { left: "/pictures/a=b.png", right: "/pictures/c.png" } },
    { video: { file: "/films/a.mp4", frame: 12, input: "pixels" } },
    { episode: "success: red" },
    { episode: 7 },
    { file: "/data/a.npz", arrays: { input_ids: "words", "mask.1": "a=b" } },
    { set: { returns_to_go: 0.9, "time.0": -2 } },
    { synthetic: { seed: 4 }, dims: { batch: 1, t: 48 } },
    { text: "go on", generate: { tokens: 32, sample: true, seed: 5, temperature: 0.7, topK: 40, topP: 0.9 } },
    { text: "go on", generate: { tokens: 4, sample: false } },
    { text: "go on", generate: {} },
  ])("are read back as the same: %j", (choice) => {
    expect(inputChoice(readBack(inputArguments(choice, (file) => file)))).toEqual(choice);
  });

  it("say step and pass as lists of one, and nothing of the model's own input", () => {
    expect(readBack(inputArguments({ pass: 2 }, (file) => file)).pass).toEqual([2]);
    expect(readBack(inputArguments({ step: 3 }, (file) => file)).steps).toEqual([3]);
    expect(inputArguments(null, (file) => file)).toEqual([]);
  });
});
