import { describe, expect, it } from "vitest";
import { AttentionError } from "../../../src/shared/errors";
import type { CaptureAll } from "../../../src/shared/input-choice";
import type { CapturedAhead } from "../../../src/shared/protocol";
import { DocumentBench, settle } from "./fake-engine";
import { sampleCapture } from "./samples";

const allOf = ({ state }: DocumentBench): CaptureAll | null | undefined =>
  state.status === "ready" ? state.input.all : undefined;

/** A document that shows a step of an episode. */
async function shown(captured: [number, number][], index = 0, count = 5): Promise<DocumentBench> {
  const bench = new DocumentBench();
  void bench.document.load();
  await bench.answerOpen();
  bench.engine.captures.at(-1)!.resolve(stepOf(1, captured, index, count));
  bench.engine.holds = 1;
  await settle();
  return bench;
}

function stepOf(generation: number, captured: [number, number][], index: number, count = 5) {
  const capture = sampleCapture(generation);
  return {
    ...capture,
    recording: { ...capture.recording, steps: { name: "step", count, index, captured } },
  };
}

const there = (...steps: [number, number][]): CapturedAhead => ({
  kept: true,
  steps,
  passes: [],
  bytes: 10,
  limitBytes: 100,
});

describe("capturing all steps", () => {
  it("captures those that are not there, from the one that is shown on, and then those before it", async () => {
    const bench = await shown([[2, 4]], 2);
    const done = bench.document.captureAll("step");
    expect(allOf(bench)).toMatchObject({ axis: "step", running: true, captured: [[2, 4]] });
    await settle();
    const { ahead } = bench.engine;
    ahead.at(-1)!.resolve(there([2, 5]));
    await settle();
    ahead.at(-1)!.resolve(there([0, 1], [2, 5]));
    await settle();
    ahead.at(-1)!.resolve(there([0, 5]));
    await done;
    expect(ahead.map(({ input }) => input)).toEqual([{ step: 4 }, { step: 0 }, { step: 1 }]);
    expect(allOf(bench)).toEqual({ axis: "step", running: false, captured: [[0, 5]], told: null });
  });

  it("is stopped after the step that it is at, keeps what is captured, and goes on from there", async () => {
    const bench = await shown([[0, 1]]);
    const done = bench.document.captureAll("step");
    await settle();
    bench.engine.ahead.at(-1)!.resolve(there([0, 2]));
    await settle();
    void bench.document.stop();
    bench.engine.ahead.at(-1)!.resolve(there([0, 3]));
    await done;
    expect(bench.engine.ahead).toHaveLength(2);
    expect(allOf(bench)).toMatchObject({
      running: false,
      captured: [[0, 3]],
      told: "Stopped with 3 of 5 steps captured.",
    });
    expect(bench.engine.cancels, "no process was ended for it").toBe(0);

    // The capture that is shown knows as much.
    const chosen = bench.document.chooseInput({ step: 2 });
    await settle();
    bench.engine.captures.at(-1)!.resolve(stepOf(2, [[0, 3]], 2));
    await chosen;
    expect(allOf(bench)).toMatchObject({ captured: [[0, 3]] });
    const more = bench.document.captureAll("step");
    await settle();
    expect(bench.engine.ahead.at(-1)!.input).toEqual({ step: 3 });
    bench.engine.ahead.at(-1)!.resolve(there([0, 4]));
    await settle();
    bench.engine.ahead.at(-1)!.resolve(there([0, 5]));
    await more;
    expect(allOf(bench)).toMatchObject({ running: false, captured: [[0, 5]], told: null });
  });

  it("lets a person go to another step meanwhile", async () => {
    const bench = await shown([[0, 1]]);
    void bench.document.captureAll("step");
    await settle();
    const chosen = bench.document.chooseInput({ step: 4 });
    await settle();
    bench.engine.captures.at(-1)!.resolve(
      stepOf(2, [[0, 1], [4, 5]], 4), // prettier-ignore
    );
    await chosen;
    expect(bench.state).toMatchObject({
      status: "ready",
      input: { choice: { step: 4 }, all: { running: true } },
    });
    bench.engine.ahead.at(-1)!.resolve(there([0, 2], [4, 5]));
    await settle();
    expect(bench.engine.ahead.at(-1)!.input).toEqual({ step: 2 });
  });

  it("ends when another input is chosen, and says nothing of the one before", async () => {
    const bench = await shown([[0, 1]]);
    const done = bench.document.captureAll("step");
    await settle();
    const chosen = bench.document.chooseInput({ episode: 3 });
    await settle();
    bench.engine.captures.at(-1)!.resolve(stepOf(2, [[0, 1]], 0));
    await chosen;
    expect(allOf(bench)).toBeNull();
    bench.engine.ahead.at(-1)!.resolve(there([0, 2]));
    await done;
    expect(bench.engine.ahead).toHaveLength(1);
    expect(allOf(bench)).toBeNull();
  });

  it("ends where there is no room for more, and says what is kept", async () => {
    const bench = await shown([[0, 1]]);
    const done = bench.document.captureAll("step");
    await settle();
    bench.engine.ahead.at(-1)!.resolve({ ...there([0, 1]), kept: false, bytes: 90e6, limitBytes: 100e6 });
    await done;
    expect(allOf(bench)).toMatchObject({
      running: false,
      told: "1 of 5 steps are kept, which take 90.0 MB of the 100 MB that are set aside; the others are captured when they are shown.",
    });
  });

  it("says at which step it failed", async () => {
    const bench = await shown([[0, 1]]);
    const done = bench.document.captureAll("step");
    await settle();
    bench.engine.ahead.at(-1)!.reject(new AttentionError("fileNotFound", "No frame.", { where: "f1.png" }));
    await done;
    expect(allOf(bench)!.told).toMatch(/^Ended at step 1: .*No frame/);
  });
});
