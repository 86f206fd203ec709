/** Steps that were captured before, and ahead: answered without a run, while there is room for them. */
import { describe, expect, it } from "vitest";
import type { CaptureResult } from "../../../src/engine/describe-run";
import { KeptCaptures } from "../../../src/engine/sequences/kept-captures";
import { type InputChoice, plainRecording } from "../../../src/shared/input-choice";
import { newClient, onCpu } from "./harness";
import { recorded, STEPS } from "./recorded-episode";

const at = (step: number, more: InputChoice = {}) => ({ ...onCpu, input: { ...more, step } });

describe("steps of an episode in an engine", () => {
  it("are kept, told, and shown again without a run", async () => {
    const { model } = recorded();
    const client = newClient();
    await client.open(model, "full");
    const first = await client.capture({ ...onCpu, input: null });
    expect(first.recording.steps).toMatchObject({ count: STEPS, index: 0, captured: [[0, 1]] });
    const third = await client.capture(at(3));
    expect(third.recording.steps!.captured).toEqual([
      [0, 1],
      [3, 4],
    ]);
    expect(third.sites[0]!.figures).not.toEqual(first.sites[0]!.figures);
    let phases = 0;
    client.onProgress = () => (phases += 1);
    const again = await client.capture(at(0));
    expect(phases, "nothing was run").toBe(0);
    expect(again.generation).toBeGreaterThan(third.generation);
    expect(again.sites[0]!.figures).toEqual(first.sites[0]!.figures);
    const site = again.sites[0]!;
    const page = await client.readPage({
      ...{ handle: site.handle, generation: again.generation, batch: 0, head: 0 },
      ...{ queryStart: 0, queryEnd: 1, keyStart: 0, keyEnd: site.keys },
      ...{ maxRows: 1, maxColumns: site.keys, pooling: "max" },
    });
    expect([...new Float32Array(page.cells)].reduce((all, cell) => all + cell)).toBeCloseTo(1, 4);
  });

  it("are captured ahead while what is shown stays, and are then there", async () => {
    const { model } = recorded();
    const client = newClient();
    await client.open(model, "full");
    const shown = await client.capture(at(2));
    for (const step of [3, 4]) expect((await client.captureAhead(at(step))).kept).toBe(true);
    const ahead = await client.captureAhead(at(5));
    expect(ahead).toMatchObject({ kept: true, steps: [[2, 6]] });
    expect(ahead.bytes).toBeGreaterThan(shown.mapBytes * 4);
    expect(ahead.bytes).toBeLessThan(ahead.limitBytes);
    const site = shown.sites[0]!;
    const page = await client.readPage({
      ...{ handle: site.handle, generation: shown.generation, batch: 0, head: 0 },
      ...{ queryStart: 0, queryEnd: 1, keyStart: 0, keyEnd: 1 },
      ...{ maxRows: 1, maxColumns: 1, pooling: "max" },
    });
    expect(page.generation).toBe(shown.generation);
    let phases = 0;
    client.onProgress = () => (phases += 1);
    expect((await client.capture(at(4))).recording.steps!.index).toBe(4);
    expect(phases).toBe(0);
  });

  it("are captured anew when the recording changed", async () => {
    const { model, write } = recorded();
    const client = newClient();
    await client.open(model, "full");
    const before = await client.capture(at(1));
    await client.capture(at(2));
    write(7);
    const after = await client.capture(at(1));
    expect(after.sites[0]!.figures).not.toEqual(before.sites[0]!.figures);
  });
});

describe("room for steps", () => {
  const result = (step: number, count = 10): CaptureResult =>
    ({
      capture: {
        mapBytes: 1000,
        recording: { ...plainRecording, steps: { name: "step", count, index: step } },
      },
      input: { feeds: new Map(), pictures: new Map(), files: [] },
    }) as unknown as CaptureResult;
  const bytes = 1250 + 2 * JSON.stringify(result(0).capture).length;

  it("is made by letting go those that were used longest ago, and not when capturing ahead", () => {
    const kept = new KeptCaptures(3 * bytes);
    for (const step of [0, 1, 2]) expect(kept.keep(at(step), result(step))).toBe(true);
    expect(kept.find(at(0))).toBeDefined();
    expect(kept.hasRoom(at(3))).toBe(false);
    expect(kept.keep(at(3), result(3), true)).toBe(false);
    expect(kept.keep(at(3), result(3))).toBe(true);
    expect(kept.find(at(1)), "used longest ago").toBeUndefined();
    expect(kept.places(at(3), "step", { step: 3, pass: 0 })).toEqual([
      [0, 1],
      [2, 4],
    ]);
    expect(kept.bytes).toBe(3 * bytes);
  });

  it("is made for another episode even when capturing ahead", () => {
    const kept = new KeptCaptures(2 * bytes);
    for (const step of [0, 1]) kept.keep(at(step, { episode: 1 }), result(step));
    expect(kept.keep(at(0, { episode: 2 }), result(0), true)).toBe(true);
    expect(kept.find(at(0, { episode: 1 }))).toBeUndefined();
    expect(kept.find(at(1, { episode: 1 }))).toBeDefined();
  });

  it("is none for what is no step, nor for one that is larger than all of it", () => {
    const kept = new KeptCaptures(bytes - 1);
    expect(kept.keep(at(0), result(0))).toBe(false);
    expect(new KeptCaptures(1e6).keep(at(0), result(0, 1))).toBe(false);
  });
});
