/** P14: a map rebuilt from a fused operator is the operator's own: against float64 from the dumped Q, K and mask. */
import { EngineClient } from "../../src/client/engine-client";
import type { Capture } from "../../src/shared/capture";
import {
  fusedModel,
  HEAD,
  HEADS,
  KEY_HEADS,
  type Known,
  known,
  MEMORY,
  SOFTCAP,
  TOKENS,
  WIDTH,
  WINDOW,
} from "../fused-models";
import { spreadOf } from "../harness";
import { biased, probabilities, projected } from "../reference";
import { runTask } from "../run-task";
import type { Dumped } from "../tasks";
import type { Bar } from "./bar";

const DUMPED = [
  ...["cross.query", "cross.key", "hidden_1"],
  ...["grouped.query", "grouped.key", "standard.query", "standard.key"],
] as const;
type Dump = Readonly<Record<(typeof DUMPED)[number], Dumped>>;

const OPERATORS = ["MultiHeadAttention", "Attention", "GroupQueryAttention", "ai.onnx Attention"] as const;
/** What thumbnails have: the slowed variant keeps its maps in a byte a cell. */
const BYTE = 255;

export const rebuilt: Bar = {
  name: "P14",
  measure: async ({ variant, models, engine }) => {
    const { file } = fusedModel(models);
    const references = referenceMaps(
      known(),
      (await runTask({ kind: "dump", file, outputs: DUMPED })) as Dump,
    );
    const client = new EngineClient({ entry: engine, trusted: true, log: () => undefined });
    try {
      await client.open(file, "full");
      const capture = await client.capture({
        ...{ provider: "cpu", providerOrder: [], input: null, sites: null },
      });
      if (capture.sites.length !== OPERATORS.length)
        throw new Error(`${capture.sites.length} sites of ${OPERATORS.length}.`);
      const errors: number[][] = [];
      for (const [index, heads] of references.entries())
        errors.push(await errorsOf(client, capture, index, heads, variant === "slowed"));
      const all = spreadOf(errors.flat());
      const worst = OPERATORS.map(
        (name, index) =>
          `${name} ${spreadOf(errors[index]!).max.toExponential(1)} (${capture.sites[index]!.method})`,
      );
      return [
        {
          id: "P14",
          title: "rebuilt head maps against float64 from dumped Q, K and mask",
          value: all.max,
          bar: 1e-5,
          unit: "absolute",
          hard: true,
          spread: all,
          note: `largest error of ${worst.join(", ")}; ${HEADS} heads each of ${TOKENS} queries, with bias, padding, causal masks, added scores, a window of ${WINDOW} keys, softcap and shared key heads; the reference is the definition written out in float64 in bench/reference.ts`,
        },
      ];
    } finally {
      client.dispose();
    }
  },
};

/** Largest absolute error of every head's map; a masked cell counts as 0. */
async function errorsOf(
  client: EngineClient,
  capture: Capture,
  index: number,
  references: readonly Float64Array[],
  coarse: boolean,
): Promise<number[]> {
  const { handle, heads, queries, keys } = capture.sites[index]!;
  if (heads !== references.length || queries * keys !== references[0]!.length)
    throw new Error(`Site ${index} has ${heads} heads of ${queries} × ${keys}.`);
  const errors: number[] = [];
  for (const [head, reference] of references.entries()) {
    const page = await client.readPage({
      ...{ handle, generation: capture.generation, batch: 0, head, pooling: "max" },
      ...{ queryStart: 0, queryEnd: queries, keyStart: 0, keyEnd: keys, maxRows: queries, maxColumns: keys },
    });
    const cells = new Float32Array(page.cells);
    errors.push(
      cells.reduce((most, cell, at) => {
        const p = Math.max(0, cell);
        return Math.max(most, Math.abs((coarse ? Math.round(p * BYTE) / BYTE : p) - reference[at]!));
      }, 0),
    );
  }
  return errors;
}

/** By site, then by head, in graph order. */
function referenceMaps(constants: Known, dump: Dump): Float64Array[][] {
  const own = { heads: HEADS, keyHeads: HEADS, queries: TOKENS, keys: TOKENS, size: HEAD };
  const packed = (start: number) =>
    projected(dump.hidden_1.values, constants.weights, constants.bias, {
      ...{ inner: WIDTH, width: 3 * WIDTH, start, columns: WIDTH },
    });
  const float64 = (name: keyof Dump) => Float64Array.from(dump[name].values);
  const causal = (query: number, key: number) => (key > query ? -Infinity : 0);
  return [
    probabilities({
      ...{ ...own, keys: MEMORY },
      query: biased(dump["cross.query"].values, constants.crossBias, 0, WIDTH),
      key: biased(dump["cross.key"].values, constants.crossBias, WIDTH, WIDTH),
      added: (head, query, key) =>
        constants.memoryMask[key] === 0
          ? -Infinity
          : constants.crossScores[(head * TOKENS + query) * MEMORY + key]!,
    }),
    probabilities({
      ...own,
      ...{ query: packed(0), key: packed(WIDTH) },
      added: (_, query, key) => (constants.tokenMask[key] === 0 ? -Infinity : causal(query, key)),
    }),
    probabilities({
      ...{ ...own, keyHeads: KEY_HEADS, softcap: SOFTCAP },
      ...{ query: float64("grouped.query"), key: float64("grouped.key") },
      added: (_, query, key) => (query - key >= WINDOW ? -Infinity : causal(query, key)),
    }),
    probabilities({
      ...own,
      ...{ query: float64("standard.query"), key: float64("standard.key") },
      added: (_, query, key) => constants.added[query * TOKENS + key]! + causal(query, key),
    }),
  ];
}
