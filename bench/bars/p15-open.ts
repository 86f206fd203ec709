/**
 * P15: opening costs the graph, not the weights. A model of 1 GB, attention written out and fused; each opening and
 * each session in a fresh process.
 */
import { type BarResult, inTurn, ratiosOf, spreadOf } from "../harness";
import { type BuiltModel, fusedTransformer, transformer } from "../models";
import { runTask } from "../run-task";
import type { Bar, Setting } from "./bar";

/** 1.07 GB of weights. */
const SIZE = { layers: 24, heads: 12, width: 960, tokens: 128 } as const;
const MB = 1e6;

export const open: Bar = {
  name: "P15",
  measure: async (setting) => [
    ...(await measure("P15", "", transformer(setting.models, SIZE), setting)),
    ...(await measure("P15.fused", "fused, ", fusedTransformer(setting.models, SIZE), setting)),
  ],
};

async function measure(
  id: string,
  kind: string,
  { file, fileBytes, graphBytes }: BuiltModel,
  { pairs, variant }: Setting,
): Promise<BarResult[]> {
  const scan = () => runTask({ kind: "open", file, everyByte: variant === "slowed" });
  const create = () => runTask({ kind: "create", file });
  // Once each before it counts: the file is in the system's cache for both.
  await create();
  await scan();
  const measured = await inTurn(pairs, scan, create);
  const opened = measured.map(({ a }) => a);
  const sites = new Set(opened.map((each) => each.sites));
  if (sites.size !== 1 || !sites.has(SIZE.layers))
    throw new Error(`${[...sites].join(", ")} attention sites of ${SIZE.layers}.`);

  const time = ratiosOf(measured.map(({ a, b }) => ({ a: a.ms, b: b.createMs })));
  const memory = spreadOf(opened.map((each) => each.memoryGrowthBytes / MB));
  const bytes = spreadOf(opened.map((each) => each.bytesRead / graphBytes));
  const phase = (name: "read" | "find") => {
    const values = opened.flatMap((each) => each.phases[name] ?? []);
    return values.length > 0 ? `${name} ${spreadOf(values).median.toFixed(0)} ms` : null;
  };
  const openMs = spreadOf(opened.map((each) => each.ms));
  const createMs = spreadOf(measured.map(({ b }) => b.createMs));
  const split = [phase("read"), phase("find")].filter((words) => words !== null).join(", ");
  return [
    {
      id,
      title: `open: ${kind}scan and find sites in a 1 GB model / session creation on it`,
      value: time.median,
      bar: 0.1,
      unit: "ratio",
      hard: false,
      spread: time,
      note: `${openMs.median.toFixed(0)} ms (${openMs.min.toFixed(0)} to ${openMs.max.toFixed(0)}${split ? `; ${split}` : ""}) of ${createMs.median.toFixed(0)} ms (${createMs.min.toFixed(0)} to ${createMs.max.toFixed(0)}), in fresh processes, file cached; ${(fileBytes / MB).toFixed(0)} MB, ${SIZE.layers} layers × ${SIZE.heads} heads`,
    },
    {
      id: `${id}.memory`,
      title: `open: ${kind}growth of the resident set`,
      value: memory.max,
      bar: 64,
      unit: "MB",
      hard: true,
      spread: memory,
      note: "largest resident set while opening, less the one before; the worst of all",
    },
    {
      id: `${id}.bytes`,
      title: `open: ${kind}bytes read / graph part of the file`,
      value: bytes.max,
      bar: 1.2,
      unit: "ratio",
      hard: true,
      spread: bytes,
      note: `${spreadOf(opened.map((each) => each.bytesRead)).max} bytes read, ${graphBytes} bytes of the file are no weights; the process's own count of reads`,
    },
  ];
}
