import { describe, expect, it } from "vitest";
import { capturedMaps, example, expectEqual, ids } from "./reference-maps";

describe("the player encoder", () => {
  const { model, reference, otherInput } = example("player-encoder");

  it("has nine attention calls, equal to what Flax sows", async () => {
    const { capture, maps } = await capturedMaps(model, null);
    expect([...maps.keys()]).toEqual(ids(9));
    expectEqual(maps, reference, ids(9));
    expect(capture.sites.map(({ component, queries, keys }) => [component, queries, keys])).toEqual([
      ["local_timestep_decoder", 3, 4],
      ["input_decoder", 24, 23],
      ["history_decoder", 24, 17],
      ["state_transformer_kv_enc", 48, 48],
      ["state_transformer_kv_enc", 48, 48],
      ["state_transformer_q_self", 38, 38],
      ["state_transformer_q_cross", 38, 48],
      ["state_transformer_q_self", 38, 38],
      ["state_transformer_q_cross", 38, 48],
    ]);
    expect(capture.sites[0]).toMatchObject({ batch: 16, heads: 4 });
  });

  it("names the tokens of every call", async () => {
    const { capture } = await capturedMaps(model, null);
    const labels = (axis: number) => capture.axes[axis]!.labels;
    const [local, input, history, encoder, self, cross] = [0, 1, 2, 3, 5, 6].map(
      (index) => capture.sites[index]!,
    );
    expect(labels(local!.queryAxis)).toEqual(["field", "my side", "their side"]);
    expect(labels(local!.keyAxis)).toEqual(["my creature", "their creature", "my blow", "their blow"]);
    expect(labels(input!.keyAxis).slice(18)).toEqual([
      "previous source",
      "previous target",
      "field",
      "my side",
      "their side",
    ]);
    expect(labels(history!.keyAxis).slice(0, 2)).toEqual(["null", "turn 0"]);
    expect(labels(encoder!.keyAxis).slice(23, 25)).toEqual(["z23", "h0"]);
    const segments = capture.axes[self!.queryAxis]!.segments.map(({ name }) => name);
    expect(segments).toEqual(["state", "moves", "reserve", "active", "extra", "future"]);
    expect(labels(cross!.queryAxis)).toEqual(labels(self!.queryAxis));
  });

  it("has masked rows: moves that are not allowed, and all turns where none has been", async () => {
    const input = otherInput("first/");
    const { capture, maps } = await capturedMaps(model, input);
    expectEqual(maps, reference, ids(9), "first/");
    expect(maps.get("site_000")!.data.every((value: unknown) => value === 0)).toBe(true);
    const notAllowed = 9; // eight ways of moving that never are, and the switch to whom is there already
    expect(capture.sites[5]!.figures[0]![0]).toMatchObject({ rowsMasked: notAllowed });
    expect(capture.sites[6]!.figures[0]![0]).toMatchObject({ rowsMasked: notAllowed });
  });
});
