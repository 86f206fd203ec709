/**
 * Which outputs of the graph hold the map of a site that was found: as it is, stacked with the maps of other layers, or
 * averaged over the heads. The axes of the map are followed forward from its tensor, as `axes.ts` follows them back.
 */
import type { Dim } from "../shared/model";
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { type Atom, atom, type Axes, type Origin, regroup } from "./axis-atoms";
import type { AxisRole, Layout } from "./layout";
import { namedAxes } from "./named-axes";
import { onlyLayout } from "./products";

/** Tensors that are looked at for one site. */
const MAX_STEPS = 500;

/** The roles of a map's axes as the origins that a trace speaks of; what stacked them is a repeat. */
const origins: Record<AxisRole, Origin> = {
  batch: "position",
  head: "feature",
  query: "rows",
  key: "columns",
};
const averagedWords: Partial<Record<Origin, string>> = { feature: "heads", repeat: "layers" };

/** Where the map lies along an axis on which it was put beside others. */
interface Slot {
  readonly of: Atom;
  readonly start: number;
  readonly length: number;
}

interface Step {
  readonly value: string;
  readonly axes: Axes | undefined;
  readonly slots: readonly Slot[];
  /** What was averaged, in words. */
  readonly over: readonly string[];
  /** A sum that is no mean before it is divided by this. */
  readonly summed: { readonly size: number; readonly word: string } | null;
}

/**
 * @param tensor that holds the map, laid out as `layout`
 * @returns the outputs in words, in graph order: `attentions`, `attentions[2]`, `weights (mean over heads)`
 */
export function heldBy(tensor: string, layout: Layout, view: GraphView): string[] {
  const axes = layout.map((factors) =>
    factors.filter(({ size }) => size !== 1).map(({ role, size }) => atom(size, origins[role])),
  );
  const queue: Step[] = [{ value: tensor, axes, slots: [], over: [], summed: null }];
  const seen = new Set([tensor]);
  const held = new Map<string, string>();
  for (let steps = 0; steps < Math.min(queue.length, MAX_STEPS); steps++) {
    const step = queue[steps] as Step;
    if (view.outputs.has(step.value) && step.summed === null) held.set(step.value, words(step));
    for (const node of view.consumers(step.value).slice(0, MAX_STEPS)) {
      const output = node.outputs[0] ?? "";
      if (output === "" || seen.has(output)) continue;
      const next = after(node, step, view);
      if (!next) continue;
      seen.add(output);
      queue.push({ ...next, value: output });
    }
  }
  return view.graph.outputs.flatMap(({ name }) => held.get(name) ?? []);
}

function words({ value, axes, slots, over }: Step): string {
  const index = (axes ?? []).map((atoms) => {
    const slot = slots.find(({ of }) => atoms.length === 1 && atoms[0] === of);
    if (!slot) return ":";
    return slot.length === 1 ? String(slot.start) : `${slot.start}:${slot.start + slot.length}`;
  });
  while (index.at(-1) === ":") index.pop();
  const place = index.length > 0 ? `[${index.join(", ")}]` : "";
  return `${value}${place}${over.length > 0 ? ` (mean over ${over.join(" and ")})` : ""}`;
}

/** The step after a node, without its value; undefined where its result is no longer the map. */
function after(node: Node, step: Step, view: GraphView): Omit<Step, "value"> | undefined {
  if (node.domain !== "") return undefined;
  const shape = view.shape(node.outputs[0] ?? "");
  switch (node.opType) {
    case "Concat":
      return besideOthers(node, step, view);
    case "ReduceMean":
    case "ReduceSum":
      return reduced(node, step, view);
    case "Div":
    case "Mul":
      return divided(node, step, view);
    case "Transpose": {
      const perm = node.attributes.get("perm")?.ints?.map(Number);
      const { axes } = step;
      const order = perm ?? axes?.map((_, axis) => axes.length - 1 - axis);
      return { ...step, axes: axes && order?.map((axis) => axes[axis] ?? []) };
    }
    case "Identity":
    case "Cast":
    case "Dropout":
      return node.inputs[0] === step.value ? step : undefined;
    default:
      if (!onlyLayout.has(node.opType) || node.inputs[0] !== step.value) return undefined;
      return { ...step, axes: step.axes && shape && regroup(step.axes, shape) };
  }
}

function besideOthers(node: Node, step: Step, view: GraphView): Omit<Step, "value"> | undefined {
  const { axes, slots } = step;
  if (!axes || node.inputs.filter((input) => input === step.value).length !== 1) return undefined;
  if (node.inputs.length === 1) return step;
  const said = Number(node.attributes.get("axis")?.int ?? 0n);
  const at = said < 0 ? said + axes.length : said;
  const sizes = node.inputs.map((input) => view.shape(input)?.[at]);
  const own = axes[at];
  // What lies along the axis already cannot be told from what is put beside it, unless sizes are known.
  if (!own || !sizes.every((size) => typeof size === "number")) return undefined;
  if (own.some((each) => slots.some(({ of }) => of === each))) return undefined;
  const index = node.inputs.indexOf(step.value);
  const total = sizes.reduce((all, size) => all + size, 0);
  const of = atom(total, own[0]?.origin ?? "repeat");
  const start = sizes.slice(0, index).reduce((all, size) => all + size, 0);
  return {
    ...step,
    axes: axes.map((atoms, axis) => (axis === at ? [of] : atoms)),
    slots: [...slots, { of, start, length: sizes[index] ?? 1 }],
  };
}

function reduced(node: Node, step: Step, view: GraphView): Omit<Step, "value"> | undefined {
  const { axes } = step;
  const reducedAxes = namedAxes(node, view, axes?.length);
  if (!axes || !reducedAxes || step.summed || node.inputs[0] !== step.value) return undefined;
  const gone = new Set(reducedAxes);
  const atoms = axes.flatMap((each, axis) => (gone.has(axis) ? each : []));
  const over = atoms.map(({ origin }) => averagedWords[origin]);
  if (over.length === 0 || !over.every((word) => word !== undefined)) return undefined;
  const word = [...new Set(over)].join(" and ");
  const keeps = (node.attributes.get("keepdims")?.int ?? 1n) !== 0n;
  const left = keeps
    ? axes.map((each, axis) => (gone.has(axis) ? [] : each))
    : axes.filter((_, axis) => !gone.has(axis));
  const next = { ...step, axes: left, slots: step.slots.filter(({ of }) => !atoms.includes(of)) };
  if (node.opType === "ReduceMean") return { ...next, over: [...step.over, word] };
  const size = atoms.reduce((all, each) => all * known(each.size), 1);
  return Number.isNaN(size) ? undefined : { ...next, summed: { size, word } };
}

function known(size: Dim): number {
  return typeof size === "number" ? size : NaN;
}

/** A sum over n heads that is divided by n, or multiplied by 1 / n. */
function divided(node: Node, step: Step, view: GraphView): Omit<Step, "value"> | undefined {
  const { summed } = step;
  const other = node.inputs[node.inputs[0] === step.value ? 1 : 0] ?? "";
  const values = view.values(other);
  if (!summed || values?.length !== 1) return undefined;
  const by = node.opType === "Div" ? Number(values[0]) : 1 / Number(values[0]);
  const isMean = Math.abs(by - summed.size) < 1e-3 && (node.opType === "Mul" || other === node.inputs[1]);
  return isMean ? { ...step, over: [...step.over, summed.word], summed: null } : undefined;
}
