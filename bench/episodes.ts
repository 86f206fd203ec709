/** Episodes of the bench: a small model with a manifest and a recording of so many steps, in a folder of their own. */
import { existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { zipSync } from "fflate";
import sharp from "sharp";
import { built, transformerGraph } from "./models";
import type { Graph } from "./onnx-file";

export const episodeKinds = ["stored", "compressed", "frames"] as const;
/** Arrays of an npz along the steps, stored or compressed, or pictures in a folder. */
export type EpisodeKind = (typeof episodeKinds)[number];

export interface Episode {
  readonly model: string;
  /** What a step is read from: the npz, or the folder of the frames. */
  readonly source: string;
  readonly steps: number;
}

const TOKENS = 128;
const SIDE = 48;
const PIXELS = 3 * SIDE * SIDE;
/** Part of the folder's name: a change of what is built must change it. */
const VERSION = 1;

/** The episode of this kind and length, built unless it is there. */
export async function episode(folder: string, kind: EpisodeKind, steps: number): Promise<Episode> {
  const place = path.join(folder, `episode-${kind}-${steps}-v${VERSION}`);
  const source = path.join(place, kind === "frames" ? "frames" : "episode.npz");
  const model = path.join(place, "model.onnx");
  if (existsSync(place)) return { model, source, steps };
  console.log(`building ${path.basename(place)}`);
  const temporary = `${place}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  renameSync(built(temporary, "model", episodeGraph()).file, path.join(temporary, "model.onnx"));
  writeFileSync(path.join(temporary, "model.attention.json"), JSON.stringify(manifestOf(kind)));
  writeFileSync(path.join(temporary, "episode.npz"), npzOf(kind, steps));
  if (kind === "frames") await writeFrames(path.join(temporary, "frames"), steps);
  // What was written a moment ago is read again whenever it is asked for; a recording lies there for longer.
  const before = new Date(Date.now() - 3_600_000);
  utimesSync(path.join(temporary, "episode.npz"), before, before);
  renameSync(temporary, place);
  return { model, source, steps };
}

/** Four layers of attention over tokens; a picture is added to what goes into the first. */
function episodeGraph(): Graph {
  const base = transformerGraph({ layers: 4, heads: 4, width: 128, tokens: TOKENS });
  return {
    ...base,
    nodes: [
      {
        op: "ReduceMean",
        name: "/look/ReduceMean",
        inputs: ["pixels"],
        outputs: ["mean"],
        ints: { keepdims: 0 },
      },
      { op: "Tanh", name: "/look/Tanh", inputs: ["mean"], outputs: ["seen"] },
      ...base.nodes.map((each) =>
        each.name === "/embeddings/Add" ? { ...each, inputs: [each.inputs[0]!, "seen"] } : each,
      ),
    ],
    inputs: [...base.inputs, { name: "pixels", type: "float32", dims: [1, 3, SIDE, SIDE] }],
    tensors: base.tensors.filter(({ name }) => name !== "embeddings.position"),
  };
}

function manifestOf(kind: EpisodeKind): object {
  const steps = {
    axis: "step",
    inputs: kind === "frames" ? ["input_ids"] : ["input_ids", "pixels"],
    actions: { array: "actions", names: ["stay", "left", "right", "forward"] },
    rewards: "rewards",
  };
  const arrays = kind === "frames" ? { pixels: { frames: "frames", size: SIDE } } : {};
  return { version: 1, inputs: { file: "episode.npz", arrays }, steps };
}

function npzOf(kind: EpisodeKind, steps: number): Uint8Array {
  const ids = BigInt64Array.from({ length: steps * TOKENS }, (_, at) => BigInt((at * 7919) % 1000));
  const actions = BigInt64Array.from({ length: steps }, (_, step) => BigInt(step % 4));
  const rewards = Float32Array.from({ length: steps }, (_, step) => (step % 10) / 10);
  const pixels = Float32Array.from(
    { length: kind === "frames" ? 0 : steps * PIXELS },
    (_, at) => (Math.imul(at, 2654435761) >>> 24) / 255,
  );
  const level = kind === "compressed" ? 1 : 0;
  const files = Object.fromEntries(
    [
      npy("input_ids", "<i8", [steps, TOKENS], ids),
      npy("actions", "<i8", [steps], actions),
      npy("rewards", "<f4", [steps], rewards),
      ...(kind === "frames" ? [] : [npy("pixels", "<f4", [steps, 3, SIDE, SIDE], pixels)]),
    ].map(([name, bytes]) => [name, [bytes, { level }] as const]),
  );
  return zipSync(files as Parameters<typeof zipSync>[0]);
}

function npy(
  name: string,
  descr: string,
  dims: readonly number[],
  data: BigInt64Array | Float32Array,
): [string, Uint8Array] {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(", ");
  const header = `${`{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117)}\n`;
  const bytes = new Uint8Array(128 + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 128);
  return [`${name}.npy`, bytes];
}

async function writeFrames(folder: string, steps: number): Promise<void> {
  mkdirSync(folder);
  for (let step = 0; step < steps; step++) {
    const background = { r: step % 256, g: (step * 7) % 256, b: (step * 31) % 256 };
    const picture = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } });
    writeFileSync(path.join(folder, `frame-${step}.png`), await picture.png().toBuffer());
  }
}
