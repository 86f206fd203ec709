import { expect, test } from "vitest";
import { commandLine } from "../../../src/cli/command-line";
import {
  defaultTemplate,
  fileName,
  headList,
  numbers,
  plannedFigures,
  viewList,
} from "../../../src/cli/figure-files";
import {
  defaultSpec,
  figureSpecSchema,
  type FigureView,
  startingSpec,
} from "../../../src/shared/figure/figure-spec";
import { numberedAxis, seededSource } from "../figure/source";

const layers = (components: readonly (string | null)[], batch = 1) =>
  seededSource(
    [numberedAxis("tokens", 4)],
    components.map((component, index) => ({
      component,
      layer: index % 2,
      batch,
      heads: 3,
      queryAxis: 0,
      keyAxis: 0,
    })),
  ).capture;

const names = (
  capture: ReturnType<typeof layers>,
  view: FigureView,
  over: Partial<Parameters<typeof plannedFigures>[1]> = {},
) =>
  plannedFigures(
    capture,
    { views: [view], layers: null, heads: "all", samples: null, ...over },
    "model",
    false,
  ).map(({ fields }) => fileName(defaultTemplate(capture, view), fields, "png"));

test("a figure of nothing else begins with the manifest's query and colours, its range as a figure can have it", () => {
  expect(startingSpec(undefined)).toEqual({ ...defaultSpec, query: null });
  expect(startingSpec({ scale: "log", colourMap: "viridis", range: "p99", site: 3, head: 1 })).toEqual({
    ...{ ...defaultSpec, query: null, scale: "log", colourMap: "viridis", range: "p99" },
  });
  expect(startingSpec({ range: "site" }).range).toBe("maximum");
  expect(startingSpec({ range: "unit" }).range).toBe(1);
  expect(figureSpecSchema.parse(startingSpec({ range: 0.25 })).range).toBe(0.25);
});

test("files are called by layer and sample", () => {
  expect(names(layers(["decoder", "decoder"], 2), "heads")).toEqual([
    "layer_0/heads_sample0_layer0.png",
    "layer_1/heads_sample0_layer1.png",
    "layer_0/heads_sample1_layer0.png",
    "layer_1/heads_sample1_layer1.png",
  ]);
  expect(names(layers(["decoder", "decoder"]), "entropy")).toEqual(["entropy_sample0.png"]);
});

test("views of one head have a file for each head that is asked for", () => {
  expect(names(layers(["decoder", "decoder"]), "heatmap", { layers: [1], heads: ["mean", 2] })).toEqual([
    "layer_1/heatmap_sample0_layer1_headmean.png",
    "layer_1/heatmap_sample0_layer1_head2.png",
  ]);
});

test("layers of several components, and sites without a layer's number of their own, keep their files apart", () => {
  const several = names(layers(["encoder", "encoder", "decoder", "decoder"]), "heads");
  expect(several[0]).toBe("encoder_layer_0/heads_sample0_encoder_layer0.png");
  expect(new Set(several).size).toBe(4);
  const unclear = names(layers(["decoder", "decoder", "decoder", "decoder"]), "heads");
  expect(unclear[2]).toBe("site_002/heads_sample0_site_002.png");
});

test("what a model calls its parts cannot lead out of the folder", () => {
  const capture = layers(["../../etc", "C:\\x", "a/b\u0000", ".hidden"]);
  for (const name of names(capture, "heads")) {
    expect(name.split("/")).toHaveLength(2);
    expect(name).not.toMatch(/\.\.|[\\:\u0000]|(^|\/)\./); // eslint-disable-line no-control-regex -- NUL is meant
  }
});

test("a template with an unknown field is refused with the known ones", () => {
  expect(() => fileName("{layr}", { layer: "0", view: "heads" }, "png")).toThrow(/\{layr\}.*layer, view/);
  expect(fileName("a/{layer}.svg", { layer: "0" }, "svg")).toBe("a/0.svg");
});

test("a layer or a sample that is not there is refused", () => {
  const capture = layers(["decoder", "decoder"]);
  expect(() => names(capture, "heads", { layers: [8] })).toThrow(/no layer 8; layers are 0, 1/);
  expect(() => names(capture, "heads", { samples: [1] })).toThrow(/no sample 1/);
});

test("lists are numbers and ranges whose end is left out", () => {
  expect(numbers("0,8")).toEqual([0, 8]);
  expect(numbers("0:3,9")).toEqual([0, 1, 2, 9]);
  for (const wrong of ["", "a", "1-3", "-1", "1.5", "3:1"])
    expect(() => numbers(wrong), wrong).toThrow(RangeError);
  expect(headList("mean,0,2")).toEqual(["mean", 0, 2]);
  expect(viewList("all")).toHaveLength(5);
  expect(() => viewList("heat")).toThrow(/no view/);
});

test("the command line can be typed again", () => {
  expect(commandLine(["figure", "my model.onnx", "--title", "it's", "--heads", "mean,0"])).toBe(
    "attention-lens figure 'my model.onnx' --title 'it'\\''s' --heads mean,0",
  );
});

test("a range that no recording has is refused before it is made", () => {
  expect(numbers("0:1000000")).toHaveLength(1_000_000);
  expect(() => numbers("0:1000000000")).toThrow(/^0:1000000000 are more than 1,000,000/);
});
