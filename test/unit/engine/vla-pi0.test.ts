import { describe, expect, it } from "vitest";
import { capturedMaps, example, expectEqual, ids } from "./reference-maps";

describe("the vision-language-action policy", () => {
  const { model, reference, otherInput } = example("vla-pi0");

  it("has three sites of the prefix and four of a denoising pass, equal to JAX's own", async () => {
    const { capture, maps } = await capturedMaps(model, { pass: 0 });
    expect([...maps.keys()]).toEqual(ids(7));
    expectEqual(maps, reference, ids(7));
    expect(capture.sites.map(({ component, layer }) => `${component} ${layer}`)).toEqual([
      "prefix 0",
      "prefix 1",
      "prefix 2",
      "action expert 0",
      "action expert 1",
      "action expert 2",
      "action expert 3",
    ]);
  });

  it("equals JAX in the tenth pass of another step", async () => {
    const { maps } = await capturedMaps(model, { ...otherInput("last/"), pass: 0 });
    expectEqual(maps, reference, ids(7).slice(3), "last/");
  });

  it("runs the ten passes itself, and equals JAX after them", async () => {
    const { capture, maps } = await capturedMaps(model, { episode: 1, step: 23 });
    expect(capture.recording.passes).toMatchObject({ count: 10, index: 9 });
    expect(capture.recording.steps).toMatchObject({ count: 24, index: 23 });
    expectEqual(maps, reference, ids(7).slice(3), "last/");
  });

  it("finds an episode by the recording's own name as well as by its label, and says which there are", async () => {
    const { capture } = await capturedMaps(model, { episode: "failure", pass: 0 });
    expect(capture.recording.episode).toBe(1);
    const { name } = capture.recording.episodes[0]!;
    expect(name).toMatch(/^success: /);
    expect((await capturedMaps(model, { episode: name, pass: 0 })).capture.recording.episode).toBe(0);
    await expect(capturedMaps(model, { episode: "lost" })).rejects.toThrow(/there are success, failure/);
  });

  it("names patches of two cameras, words, state and actions, and knows padding", async () => {
    const { capture } = await capturedMaps(model, null);
    const axis = capture.axes[capture.sites[6]!.keyAxis]!;
    expect(axis.segments.map(({ name, role }) => `${name}: ${role}`)).toEqual([
      "base camera: image",
      "wrist camera: image",
      "instruction: text",
      "state: state",
      "action: action",
    ]);
    expect(axis.segments[0]!.grid).toMatchObject({ rows: 6, columns: 6, patch: [8, 8], camera: "base" });
    expect(axis.labels.slice(72, 74)).toEqual(["<bos>", expect.stringMatching(/^(pick|put)$/)]);
    expect(axis.labels.slice(84, 86)).toEqual(["state", "a0"]);
    expect(capture.axes[capture.sites[6]!.queryAxis]!.labels).toHaveLength(9);
  });
});
