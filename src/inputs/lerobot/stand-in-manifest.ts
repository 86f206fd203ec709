/**
 * What a LeRobot data set says where the manifest is silent: which feature each input of the model takes, by name and by
 * shape, that its frames are steps, and which pictures, actions and rewards belong to them.
 */
import type { TensorSignature } from "../../shared/model";
import { takesPicture } from "../image-tensor";
import type { Manifest } from "../manifest/schema";
import type { LeRobotDataSet } from "./data-set";
import { featureType } from "./feature-array";

/** Features that count, and those that tell what came of an action: no model is fed them by their shape alone. */
const isBookkeeping = (name: string) =>
  /^(timestamp|frame_index|episode_index|index|task_index|next\..+)$/.test(name);

interface Match {
  readonly feature: string;
  /** Why it is only assumed, as a sentence; null where the names are the same but for their dots. */
  readonly notice: string | null;
}

export function withDataSet(
  set: LeRobotDataSet,
  inputs: readonly TensorSignature[],
  manifest: Manifest | undefined,
): { manifest: Manifest; notices: readonly string[] } {
  const said = manifest?.inputs?.arrays ?? {};
  const notices: string[] = [];
  const found = new Map<string, string>();
  for (const input of inputs) {
    const source = said[input.name];
    const own = typeof source === "string" ? source : source && "array" in source ? source.array : undefined;
    if (source !== undefined) {
      if (own !== undefined && own in set.info.features) found.set(input.name, own);
      continue;
    }
    const match = byName(input, set) ?? byShape(input, inputs, set);
    if (!match) continue;
    found.set(input.name, match.feature);
    if (match.notice !== null) notices.push(match.notice);
  }
  const arrays = Object.fromEntries([...found].filter(([input]) => said[input] === undefined));
  return {
    notices,
    manifest: {
      version: 1,
      ...manifest,
      inputs: { ...manifest?.inputs, arrays: { ...arrays, ...said } },
      steps: stepsOf(set, inputs, manifest, found),
    },
  };
}

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The feature of an input's name, dots and case aside; else the only one whose last part is called so. */
function byName({ name }: TensorSignature, set: LeRobotDataSet): Match | null {
  const features = featuresOf(set);
  const same = features.find((each) => each === name) ?? features.find((each) => plain(each) === plain(name));
  if (same !== undefined) return { feature: same, notice: null };
  const ends = features.filter((each) => plain(each.split(".").at(-1) ?? "") === plain(name));
  const [only] = ends;
  return only !== undefined && ends.length === 1
    ? { feature: only, notice: assumed(name, only, "the only feature that ends in that name") }
    : null;
}

/** The only camera for the only input of pictures; else the only feature of the input's shape. */
function byShape(
  input: TensorSignature,
  inputs: readonly TensorSignature[],
  set: LeRobotDataSet,
): Match | null {
  if (takesPicture(input)) {
    const [camera] = set.cameras;
    const alone = set.cameras.length === 1 && inputs.filter(takesPicture).length === 1;
    return camera !== undefined && alone
      ? { feature: camera, notice: assumed(input.name, camera, "the only camera") }
      : null;
  }
  if (!input.dims || !/^(b?float|bfloat)/.test(input.dtype)) return null;
  const fitting = featuresOf(set).filter((name) => {
    if (isBookkeeping(name) || set.cameras.includes(name)) return false;
    const { dtype = "", shape = [] } = set.info.features[name] ?? {};
    const last = input.dims?.slice(-shape.length) ?? [];
    // A batch before it, and perhaps frames.
    const before = (input.dims?.length ?? 0) - shape.length;
    return (
      dtype.startsWith("float") && before >= 1 && before <= 2 && shape.every((dim, at) => dim === last[at])
    );
  });
  const [only] = fitting;
  return only !== undefined && fitting.length === 1
    ? { feature: only, notice: assumed(input.name, only, "the only feature of its shape") }
    : null;
}

const assumed = (input: string, feature: string, why: string) =>
  `${input} is given ${feature}, ${why}; name another in the manifest: inputs.arrays.`;

function featuresOf(set: LeRobotDataSet): string[] {
  return Object.keys(set.info.features).filter(
    (name) => featureType(set.info.features[name]?.dtype ?? "") !== undefined,
  );
}

type Steps = NonNullable<Manifest["steps"]>;

/** Frames are steps. What the manifest says of steps stays. @param found feature of each input */
function stepsOf(
  set: LeRobotDataSet,
  inputs: readonly TensorSignature[],
  manifest: Manifest | undefined,
  found: ReadonlyMap<string, string>,
): Steps {
  const said = manifest?.steps;
  const frames = said?.frames ?? camerasOf(set, found);
  if (said) return { ...said, frames };
  const features = set.info.features;
  const single: string[] = [];
  const windows: NonNullable<Steps["windows"]> = {};
  for (const input of inputs) {
    const feature = found.get(input.name);
    const shape = feature === undefined ? undefined : features[feature]?.shape;
    if (feature === undefined || !shape || set.cameras.includes(feature)) continue;
    const frameAxis = input.dims?.at(-1 - shape.length);
    const windowed = input.dims?.length === shape.length + 2;
    // A batch, frames, and a frame's own shape: the last frames, as many as fit. An open number takes them all.
    if (!windowed) single.push(input.name);
    else if (typeof frameAxis === "number" && frameAxis > 0)
      windows[input.name] = { length: frameAxis, pad: true };
  }
  const has = (name: string) => name in features;
  return {
    axis: "frame",
    ...(single.length > 0 ? { inputs: single } : {}),
    ...(Object.keys(windows).length > 0 ? { windows } : {}),
    frames,
    arrays: Object.fromEntries(
      Object.entries(features).flatMap(([name, { dtype, shape }]) =>
        !/^next\..+/.test(name) ||
        name === "next.reward" ||
        !/^(float|bool)/.test(dtype) ||
        shape.join() !== "1"
          ? []
          : [[name, name]],
      ),
    ),
    ...(has("action") && featureType(features["action"]?.dtype ?? "") !== undefined
      ? { actions: { array: "action" } }
      : {}),
    ...(has("next.reward") ? { rewards: "next.reward" } : {}),
    seconds: 1 / set.info.fps,
  };
}

/** Cameras by the input that they feed, so that its patches lie over them; else by the last part of their name. */
function camerasOf(set: LeRobotDataSet, found: ReadonlyMap<string, string>): Record<string, string> {
  const named = new Map<string, string>();
  for (const camera of set.cameras) {
    const input = [...found].find(([, feature]) => feature === camera)?.[0];
    const short = camera.split(".").at(-1) ?? camera;
    named.set(input ?? (named.has(short) ? camera : short), camera);
  }
  return Object.fromEntries(named);
}
