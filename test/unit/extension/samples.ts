/** A small model, a capture of it and pages of its maps, for tests that need no real engine. */
import { plainRecording } from "../../../src/shared/input-choice";
import type { Capture, Phase, PhaseName } from "../../../src/shared/capture";
import type { HeadFigures } from "../../../src/shared/figures";
import type { ModelSummary, Site } from "../../../src/shared/model";
import type { Page, PageRequest } from "../../../src/shared/page";

const TOKENS = 6;
const HEADS = 4;
const LAYERS = 2;

const site = (index: number): Site => ({
  id: `site_${String(index).padStart(3, "0")}`,
  index,
  name: `blocks.${index}.attn`,
  component: "blocks",
  layer: index,
  kind: "self",
  heads: HEADS,
  kvHeads: null,
  groups: null,
  windows: null,
  queries: TOKENS,
  keys: TOKENS,
  method: "exposed",
  tensor: `/blocks.${index}/attn/Softmax_output_0`,
  assumed: [],
  note: null,
  source: null,
});

export function sampleModel(path: string, sites = LAYERS): ModelSummary {
  const name = path.split(/[\\/]/).at(-1) ?? path;
  return {
    path,
    name,
    title: name,
    fileBytes: 1_940_000,
    bytesRead: 51_000,
    nodes: 214,
    opset: 18,
    producer: "pytorch 2.13.0",
    parameters: 462_000,
    inputs: [{ name: "states", dtype: "float32", dims: [1, TOKENS, 8] }],
    outputs: [{ name: "actions", dtype: "float32", dims: [1, TOKENS, 7] }],
    sites: Array.from({ length: sites }, (_, index) => site(index)),
    notSupported: [],
    otherSoftmaxes:
      sites === 0 ? [{ name: "/head/Softmax", reason: "class scores: no values are mixed" }] : [],
    manifest: null,
    manifestProblems: [],
  };
}

const figures = (entropy: number): HeadFigures => ({
  entropyNats: entropy * Math.log(TOKENS),
  normalisedEntropy: entropy,
  confidence: 0.4,
  concentration: 0.1,
  meanContextAttention: 0.15,
  contextShare: 0.8,
  recentDistantRatio: 1.2,
  sinkMass: 0.2,
  distanceTokens: 1.5,
  receivedMaximum: 0.3,
  sparsity90: 0.6,
  gini: 0.4,
  rowsMasked: 0,
  rowsSingleKey: 1,
  rowsFlagged: 0,
  rowSumMin: 1,
  rowSumMax: 1,
  normalisedEntropyP10: entropy - 0.1,
  normalisedEntropyP90: entropy + 0.1,
});

export function samplePhases(active?: PhaseName): Phase[] {
  const names: PhaseName[] = ["read", "find", "instrument", "load", "run", "reduce"];
  const at = active === undefined ? names.length : names.indexOf(active);
  return names.map((name, index) => ({
    name,
    state: index < at ? "done" : index === at ? "active" : "pending",
    ms: index < at ? (name === "run" ? 41.2 : 3) : null,
    detail: "",
  }));
}

export function sampleCapture(generation = 1): Capture {
  return {
    generation,
    provider: { used: "cpu", asked: "auto", refused: [], advice: null },
    input: { from: "synthetic", label: "synthetic (seed 0)", tensors: [] },
    recording: plainRecording,
    axes: [
      {
        id: "tokens",
        labels: Array.from({ length: TOKENS }, (_, index) => String(index)),
        segments: [{ name: "tokens", role: "other" }],
        segmentOf: Array.from({ length: TOKENS }, () => 0),
        from: "index",
      },
    ],
    sites: Array.from({ length: LAYERS }, (_, index) => ({
      ...site(index),
      handle: `g${generation}.site_00${index}`,
      batch: 1,
      heads: HEADS,
      queries: TOKENS,
      keys: TOKENS,
      figures: [Array.from({ length: HEADS }, (_unused, head) => figures(0.4 + head * 0.1))],
      roles: [],
      queryAxis: 0,
      keyAxis: 0,
      validity: "score",
      error: null,
      controlError: null,
      proven: null,
      batchAxis: null,
      scores: null,
    })),
    phases: samplePhases(),
    mapBytes: LAYERS * HEADS * TOKENS * TOKENS * 4,
    notices: [],
  };
}

/** The whole page, cell (q, k) = 1 / (q + 1) for k ≤ q and masked above. */
export function samplePage(request: PageRequest): Page {
  const rows = request.queryEnd - request.queryStart;
  const columns = request.keyEnd - request.keyStart;
  const cells = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      cells[row * columns + column] = column <= row ? 1 / (row + 1) : -1;
    }
  }
  return { ...request, rows, columns, pooling: "none", rowFactor: 1, columnFactor: 1, cells: cells.buffer };
}
