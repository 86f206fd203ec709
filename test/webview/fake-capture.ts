/** Documents over seeded maps: an encoder like the player encoder, and whatever a test needs beside it. */
import { noInputChosen, plainRecording } from "../../src/shared/input-choice";
import {
  type Capture,
  type CapturedSite,
  capturedSiteSchema,
  type Phase,
  type SegmentRole,
  type TokenAxis,
} from "../../src/shared/capture";
import type { HeadFigures } from "../../src/shared/figures";
import type { DocumentState } from "../../src/shared/document";
import type { CellKind } from "../../src/shared/page";
import type { Plan } from "../../src/shared/plan";
import { type ModelSummary, siteSchema } from "../../src/shared/model";
import { type FakeMap, meanMap, profileOfMap, randomMap } from "./fake-maps";

export interface FakeSite {
  readonly component: string | null;
  readonly layer: number | null;
  readonly kind: CapturedSite["kind"];
  readonly queryAxis: number;
  readonly keyAxis: number;
  /** [batch][head] */
  readonly maps: readonly (readonly FakeMap[])[];
  /** The same before and after the mask, −∞ where masked; a test captures them by `captureScores`. */
  readonly scores?: {
    readonly before: readonly (readonly FakeMap[])[];
    readonly after: readonly (readonly FakeMap[])[];
  };
  readonly over?: Partial<CapturedSite>;
}

export interface FakeModel {
  readonly axes: readonly TokenAxis[];
  readonly sites: readonly FakeSite[];
}

/** An axis of named segments: `[name, role, labels]`. */
export function axis(id: string, segments: readonly [string, SegmentRole, readonly string[]][]): TokenAxis {
  return {
    id,
    labels: segments.flatMap(([, , labels]) => labels),
    segments: segments.map(([name, role]) => ({ name, role })),
    segmentOf: segments.flatMap(([, , labels], index) => labels.map(() => index)),
    from: "manifest",
  };
}

export function numbered(id: string, count: number, name = "token", role: SegmentRole = "other"): TokenAxis {
  return axis(id, [[name, role, Array.from({ length: count }, (_, index) => String(index))]]);
}

const words = (text: string): string[] => text.split(" ").map((word) => word.replace("_", " "));

export const plays = axis("plays", [
  ["state", "other", words("field side")],
  [
    "move",
    "image",
    words("slash ember guard haste bite gust heal roar jab frost veil taunt slam spark ward drain"),
  ],
  ["reserve", "state", words("slot_1 slot_2 slot_3 slot_4 slot_5 slot_6")],
  ["active", "text", words("ally_1 ally_2 foe_1 foe_2")],
  ["extra", "action", words("value pass timer turn")],
  ["future", "return", words("t+1 t+2 t+3 t+4 t+5 t+6")],
]);

/** Moves 12 to 17 and three slots are padding: their rows and columns are masked. */
const padding = new Set([12, 13, 14, 15, 16, 17, 20, 23]);
const padded = (query: number, key: number): boolean => !padding.has(query) && !padding.has(key);

function heads(
  count: number,
  queries: number,
  keys: number,
  seed: number,
  visible?: (query: number, key: number) => boolean,
): FakeMap[] {
  return Array.from({ length: count }, (_, head) =>
    randomMap(queries, keys, seed * 100 + head, {
      sharpness: 2 + ((seed * 7 + head * 5) % 9),
      near: head % 2 === 0 ? 0 : 14,
      ...(visible ? { visible } : {}),
    }),
  );
}

/** Nine sites with four heads each, as the player encoder has. */
export function playerEncoder(): FakeModel {
  const site = (
    component: string,
    layer: number | null,
    kind: CapturedSite["kind"],
    axes: [number, number],
    maps: FakeMap[],
  ): FakeSite => ({ component, layer, kind, queryAxis: axes[0], keyAxis: axes[1], maps: [maps] });
  return {
    axes: [
      numbered("field", 3),
      numbered("field keys", 4),
      numbered("now", 24),
      numbered("input", 23),
      numbered("history", 513),
      numbered("kv", 48),
      plays,
    ],
    sites: [
      site("local_timestep_decoder", null, "cross", [0, 1], heads(4, 3, 4, 1)),
      site("input_decoder", null, "cross", [2, 3], heads(4, 24, 23, 2)),
      site(
        "history_decoder",
        null,
        "cross",
        [2, 4],
        heads(4, 24, 513, 3, (_, key) => key < 188),
      ),
      site("kv_enc", 0, "self", [5, 5], heads(4, 48, 48, 4)),
      site("kv_enc", 1, "self", [5, 5], heads(4, 48, 48, 5)),
      site("q_self", 0, "self", [6, 6], heads(4, 38, 38, 6, padded)),
      site("q_self", 1, "self", [6, 6], heads(4, 38, 38, 7, padded)),
      site("q_cross", 0, "cross", [6, 5], heads(4, 38, 48, 8)),
      site("q_cross", 1, "cross", [6, 5], heads(4, 38, 48, 9)),
    ],
  };
}

/** A causal model of one site over `count` numbered tokens. */
export function causal(count: number, headCount = 2, seed = 5): FakeModel {
  return {
    axes: [numbered("tokens", count, "text", "text")],
    sites: [
      {
        component: "decoder",
        layer: 0,
        kind: "self",
        queryAxis: 0,
        keyAxis: 0,
        maps: [heads(headCount, count, count, seed, (query, key) => key <= query)],
      },
    ],
  };
}

export function summaryOf(model: FakeModel, over: Partial<ModelSummary> = {}): ModelSummary {
  return {
    path: "player_encoder.onnx",
    name: "player_encoder.onnx",
    title: "player_encoder",
    fileBytes: 7_400_000,
    bytesRead: 519_000,
    nodes: 214,
    opset: 20,
    producer: "pytorch",
    parameters: 1_840_216,
    inputs: [],
    outputs: [],
    sites: model.sites.map((site, index) => siteSchema.parse(siteOf(site, index, "static"))),
    notSupported: [],
    otherSoftmaxes: [],
    manifest: null,
    manifestProblems: [],
    ...over,
  };
}

const figures = new WeakMap<FakeMap, HeadFigures>();

/** Worked out once for a map, however many sites share it. */
function figuresOf(map: FakeMap): HeadFigures {
  let known = figures.get(map);
  if (!known) {
    known = profileOfMap(map, { handle: "", generation: 0, batch: 0, head: 0 }).figures;
    figures.set(map, known);
  }
  return { ...known };
}

function siteOf(site: FakeSite, index: number, handle: string): CapturedSite {
  const first = site.maps[0]?.[0];
  if (!first) throw new Error("a site needs a map");
  return capturedSiteSchema.parse({
    id: `site_${String(index).padStart(3, "0")}`,
    index,
    name: [site.component ?? "attention", site.layer].filter((part) => part !== null).join("."),
    component: site.component,
    layer: site.layer,
    kind: site.kind,
    heads: site.maps[0]?.length ?? 1,
    kvHeads: null,
    groups: null,
    windows: null,
    queries: first.queries,
    keys: first.keys,
    method: "output",
    tensor: `probabilities_${index}`,
    assumed: [],
    note: null,
    source: null,
    handle,
    batch: site.maps.length,
    figures: site.maps.map((maps) => maps.map(figuresOf)),
    queryAxis: site.queryAxis,
    keyAxis: site.keyAxis,
    validity: "score",
    error: null,
    controlError: null,
    proven: null,
    batchAxis: null,
    ...site.over,
  });
}

/** Largest magnitude and 99th percentile of the finite scores. */
export function scoreExtremes(maps: readonly FakeMap[]): { maximum: number; p99: number } {
  const sizes = maps
    .flatMap(({ cells }) => [...cells])
    .filter(Number.isFinite)
    .map(Math.abs)
    .sort((one, other) => one - other);
  return { maximum: sizes.at(-1) ?? 0, p99: sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 0 };
}

/** The same capture with the scores that the sites have, in another generation. */
export function withScores(model: FakeModel, capture: Capture): Capture {
  return {
    ...capture,
    generation: capture.generation + 1,
    sites: capture.sites.map((site, index) => {
      const scores = model.sites[index]?.scores;
      return {
        ...site,
        scores: scores
          ? {
              before: scoreExtremes(scores.before.flat()),
              after: scoreExtremes(scores.after.flat()),
              reason: null,
            }
          : { before: null, after: null, reason: "Their layout cannot be followed." },
      };
    }),
  };
}

export function captureOf(model: FakeModel, over: Partial<Capture> = {}): Capture {
  return {
    generation: 1,
    provider: {
      used: "cpu",
      asked: "auto",
      refused: [{ name: "webgpu", reason: "Failed to get a WebGPU adapter: No supported adapters" }],
      advice: null,
    },
    input: { from: "synthetic", label: "synthetic (seed 0)", tensors: [] },
    recording: plainRecording,
    axes: [...model.axes],
    sites: model.sites.map((site, index) => siteOf(site, index, `maps/${index}`)),
    phases: phases("reduce"),
    mapBytes: 1_000_000,
    notices: [],
    ...over,
  };
}

export function readyState(
  model: FakeModel,
  over: Partial<Capture> = {},
): Extract<DocumentState, { status: "ready" }> {
  const summary = summaryOf(model);
  return {
    status: "ready",
    name: summary.name,
    model: summary,
    capture: captureOf(model, over),
    input: noInputChosen,
    stale: null,
  };
}

/** The phases with one of them under way. */
export function phases(active: Phase["name"] | null): Phase[] {
  const all: [Phase["name"], string, number][] = [
    ["read", "519 KB read", 41],
    ["find", "24 sites, 384 heads", 38],
    ["instrument", "+ 38 KB, file unchanged", 2],
    ["load", "612 MB / 1.30 GB", 4900],
    ["run", "1 pass, 577 tokens", 800],
    ["reduce", "statistics", 120],
  ];
  const at = active === null ? all.length : all.findIndex(([name]) => name === active);
  return all.map(([name, detail, ms], index) => ({
    name,
    detail,
    state: index < at ? "done" : index === at ? "active" : "pending",
    ms: index <= at ? ms : null,
  }));
}

/** The map of a head of a fake model: one, or the mean. */
export function mapOf(
  model: FakeModel,
  site: number,
  batch: number,
  head: number | "mean" | number[],
  what: CellKind = "probability",
): FakeMap {
  const own = model.sites[site];
  const maps =
    (what === "probability" ? own?.maps : own?.scores?.[what === "scoreBeforeMask" ? "before" : "after"])?.[
      batch
    ] ?? [];
  if (typeof head === "number") return maps[head]!;
  return meanMap(head === "mean" ? maps : head.map((one) => maps[one]!));
}

/** A run of which every map does not fit. */
export const largePlan: Plan = {
  input: "synthetic (seed 0)",
  choices: [
    { sites: null, siteCount: 24, heads: 384, memoryBytes: 27.4e9, mapBytes: 25.8e9, viewBytes: 884_736 },
    {
      sites: ["site_000", "site_023"],
      siteCount: 2,
      heads: 32,
      memoryBytes: 4.3e9,
      mapBytes: 2.15e9,
      viewBytes: 73_728,
    },
    { sites: ["site_000"], siteCount: 1, heads: 16, memoryBytes: 3.1e9, mapBytes: 1.07e9, viewBytes: null },
  ],
  freeBytes: 12e9,
  largest: [4096, 4096],
  unknown: 3,
};
