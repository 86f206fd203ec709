/** A capture of seeded maps, as the engine would hold it, for figures. */
import { plainRecording } from "../../../src/shared/input-choice";
import type { Capture, CapturedSite, SegmentRole, TokenAxis } from "../../../src/shared/capture";
import type { FigureSource } from "../../../src/shared/figure/figure-source";
import { CaptureStore, headMap, type StoredSite } from "../../../src/shared/maps/capture-store";
import { headMetrics } from "../../../src/shared/maps/metrics";

/** mulberry32, to 53 bits no more than it needs: the same numbers on every machine. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function namedAxis(
  id: string,
  segments: readonly [string, SegmentRole, readonly string[]][],
): TokenAxis {
  return {
    id,
    labels: segments.flatMap(([, , labels]) => labels),
    segments: segments.map(([name, role]) => ({ name, role })),
    segmentOf: segments.flatMap(([, , labels], index) => labels.map(() => index)),
    from: "manifest",
  };
}

export function numberedAxis(id: string, count: number): TokenAxis {
  return {
    id,
    labels: Array.from({ length: count }, (_, index) => String(index)),
    segments: [{ name: "tokens", role: "other" }],
    segmentOf: new Array<number>(count).fill(0),
    from: "index",
  };
}

export interface SeededSite {
  readonly name?: string;
  readonly component?: string | null;
  readonly layer?: number | null;
  readonly kind?: CapturedSite["kind"];
  readonly batch?: number;
  readonly heads: number;
  readonly queryAxis: number;
  readonly keyAxis: number;
  /** Keys that a query may see; all when left out. */
  readonly visible?: (query: number, key: number) => boolean;
}

const GENERATION = 7;

export function seededSource(
  axes: readonly TokenAxis[],
  sites: readonly SeededSite[],
  seed = 1,
): FigureSource & { store: CaptureStore } {
  const random = seeded(seed);
  const stored: StoredSite[] = [];
  const captured = sites.map((site, index): CapturedSite => {
    const queries = axes[site.queryAxis]!.labels.length;
    const keys = axes[site.keyAxis]!.labels.length;
    const batch = site.batch ?? 1;
    const cells = new Float32Array(batch * site.heads * queries * keys);
    const valid = new Uint8Array(cells.length);
    for (let row = 0; row < cells.length / keys; row++) {
      const query = row % queries;
      const weights = Array.from({ length: keys }, (_, key) =>
        (site.visible?.(query, key) ?? true) ? random() ** 4 + 1e-4 : 0,
      );
      const sum = weights.reduce((all, weight) => all + weight, 0);
      weights.forEach((weight, key) => {
        cells[row * keys + key] = sum === 0 ? 0 : weight / sum;
        valid[row * keys + key] = weight > 0 ? 1 : 0;
      });
    }
    const id = `site_${String(index).padStart(3, "0")}`;
    const maps: StoredSite = {
      handle: `${id}@${GENERATION}`,
      batch,
      heads: site.heads,
      queries,
      keys,
      cells,
      valid,
      ownKey: site.kind === "cross" || queries > keys ? null : keys - queries,
    };
    stored.push(maps);
    return {
      id,
      index,
      name: site.name ?? `blocks.${index}.attention`,
      component: site.component ?? null,
      layer: site.layer === undefined ? index : site.layer,
      kind: site.kind ?? "self",
      heads: site.heads,
      kvHeads: null,
      groups: null,
      windows: null,
      queries,
      keys,
      method: "exposed",
      tensor: "",
      assumed: [],
      note: null,
      source: null,
      handle: maps.handle,
      batch,
      figures: Array.from({ length: batch }, (_, sample) =>
        Array.from(
          { length: site.heads },
          (_, head) => headMetrics(headMap(maps, sample, head), maps.ownKey).figures,
        ),
      ),
      queryAxis: site.queryAxis,
      keyAxis: site.keyAxis,
      roles: [],
      validity: "score",
      error: null,
      controlError: null,
      proven: null,
      batchAxis: null,
    } as unknown as CapturedSite;
  });
  const capture: Capture = {
    generation: GENERATION,
    provider: { used: "cpu", asked: "auto", refused: [], advice: null },
    input: { from: "file", label: "recorded.npz", tensors: [] },
    recording: plainRecording,
    axes: [...axes],
    sites: captured,
    phases: [],
    mapBytes: 0,
    notices: [],
  };
  const store = new CaptureStore(GENERATION, stored);
  return {
    title: "A model",
    capture,
    store,
    readPage: (request) => store.readPage(request),
    readRow: (request) => store.readRow(request),
    readHead: (request) => store.readHead(request),
    readExtremes: (request) => store.readExtremes(request),
  };
}

const words = (text: string) => text.split(" ");
export const prompt = namedAxis("prompt", [
  ["image", "image", Array.from({ length: 16 }, (_, index) => `p${index}`)],
  ["instruction", "text", words("pick up the black bowl and place it on the plate")],
  ["state", "state", ["joint", "gripper"]],
  ["action", "action", Array.from({ length: 5 }, (_, index) => `a${index}`)],
]);
export const triples = namedAxis(
  "triples",
  Array.from({ length: 36 }, (_, index): [string, SegmentRole, string[]] =>
    index % 3 === 0
      ? ["return", "return", [`R${Math.floor(index / 3)}`]]
      : index % 3 === 1
        ? ["state", "state", [`s${Math.floor(index / 3)}`]]
        : ["action", "action", ["forward"]],
  ),
);

/** Shapes that figures meet: causal, cross, one query, long, many heads, several components. */
export const shapes: Readonly<Record<string, () => FigureSource>> = {
  "a prompt": () => seededSource([prompt], [{ heads: 8, queryAxis: 0, keyAxis: 0 }]),
  "repeated triples": () =>
    seededSource(
      [triples],
      [0, 1].map((layer) => ({
        component: "decoder",
        layer,
        heads: 4,
        queryAxis: 0,
        keyAxis: 0,
        visible: (query, key) => key <= query,
      })),
    ),
  "one query": () =>
    seededSource(
      [numberedAxis("ego", 1), numberedAxis("vehicles", 15)],
      [{ kind: "cross", heads: 4, queryAxis: 0, keyAxis: 1 }],
    ),
  "few tokens": () =>
    seededSource(
      [numberedAxis("field", 3), numberedAxis("keys", 4)],
      [{ kind: "cross", heads: 4, queryAxis: 0, keyAxis: 1 }],
    ),
  "long and flat": () =>
    seededSource(
      [numberedAxis("now", 24), numberedAxis("history", 513)],
      [{ kind: "cross", heads: 4, queryAxis: 0, keyAxis: 1 }],
    ),
  long: () =>
    seededSource(
      [numberedAxis("tokens", 300)],
      [{ heads: 2, queryAxis: 0, keyAxis: 0, visible: (query, key) => key <= query }],
    ),
  "twelve layers": () =>
    seededSource(
      [numberedAxis("tokens", 12)],
      Array.from({ length: 12 }, (_, layer) => ({
        component: "encoder",
        layer,
        heads: 12,
        queryAxis: 0,
        keyAxis: 0,
      })),
    ),
  "an encoder of parts": () =>
    seededSource(
      [numberedAxis("field", 3), numberedAxis("field keys", 4), numberedAxis("kv", 48), prompt],
      [
        {
          component: "local_timestep_decoder",
          layer: null,
          kind: "cross",
          heads: 4,
          queryAxis: 0,
          keyAxis: 1,
        },
        { component: "state_transformer_kv_enc", layer: 0, heads: 4, queryAxis: 2, keyAxis: 2 },
        { component: "state_transformer_kv_enc", layer: 1, heads: 4, queryAxis: 2, keyAxis: 2 },
        { component: "state_transformer_q_self", layer: 0, heads: 4, queryAxis: 3, keyAxis: 3 },
        {
          component: "state_transformer_q_cross",
          layer: 0,
          kind: "cross",
          heads: 4,
          queryAxis: 3,
          keyAxis: 2,
        },
      ],
    ),
};
