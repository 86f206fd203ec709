/**
 * Equal parts of one axis that are put together along another, as in `torch.cat(x.split(d, 2), 0)` or `torch.stack`: a
 * reshape and a transpose in other words. Heads are put in front of the batch that way.
 */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import type { Traced } from "./axes-of-products";
import { partOf } from "./axes-of-rolls";
import { type Axes, regroup } from "./axis-atoms";
import { namedAxis } from "./named-axes";

/** The axes of such a stack; undefined where the node is none. */
export function axesOfStack(node: Node, { view, axes: axesOf }: Traced): Axes | undefined {
  const count = node.inputs.length;
  if (node.opType !== "Concat" || count < 2) return undefined;
  const inserted = insertedAxis(node.inputs[0] ?? "", view);
  const values = node.inputs.map((name) => beforeInsertion(name, inserted, view));
  const of = view.producer(values[0] ?? "")?.inputs[0] ?? "";
  const [shape, axes] = [view.shape(of), axesOf(of)];
  if (!shape || !axes) return undefined;
  const cut = shape.findIndex((length, axis) => {
    if (typeof length !== "number" || length % count !== 0) return false;
    const size = length / count;
    return values.every((name, index) => {
      const part = name === undefined ? undefined : partOf(name, view, axis);
      return part?.of === of && part.from === index * size && part.to === (index + 1) * size;
    });
  });
  if (cut < 0) return undefined;
  const [outer, inner] = regroup([axes[cut] ?? []], [count, (shape[cut] as number) / count]) ?? [];
  if (!outer || !inner) return undefined;
  const parts = axes.map((atoms, axis) => (axis === cut ? inner : atoms));
  if (inserted !== null) parts.splice(inserted, 0, []);
  const said = Number(node.attributes.get("axis")?.int ?? 0n);
  const along = said < 0 ? said + parts.length : said;
  return parts.map((atoms, axis) => (axis === along ? [...outer, ...atoms] : atoms));
}

/** The axis that an Unsqueeze before a stack inserts; null where there is none. */
function insertedAxis(value: string, view: GraphView): number | null {
  const node = view.producer(value);
  if (node?.opType !== "Unsqueeze") return null;
  return namedAxis(node, view, view.shape(value)?.length) ?? null;
}

function beforeInsertion(value: string, axis: number | null, view: GraphView): string | undefined {
  if (axis === null) return value;
  return insertedAxis(value, view) === axis ? view.producer(value)?.inputs[0] : undefined;
}
