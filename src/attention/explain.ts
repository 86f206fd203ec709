/** How a site was found and is captured, as text: what a good report of a miss needs. */
import type { Dim } from "../shared/model";
import type { Discovery } from "./discover";
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";

const dims = (shape: readonly Dim[] | undefined) =>
  shape ? `[${shape.map((dim) => dim ?? "?").join(", ")}]` : "[?]";

function line(node: Node, view: GraphView): string {
  const output = node.outputs[0] ?? "";
  const inputs = node.inputs
    .filter(Boolean)
    .map((input) => `${input}${view.isConstant(input) ? " (constant)" : ""}`);
  return `  ${node.opType.padEnd(16)} ${output} ${dims(view.shape(output))}  ←  ${inputs.join(", ")}`;
}

/** @param view of the graph that the sites were found in */
export function explainSite(site: Discovery["sites"][number], view: GraphView): string {
  const { found } = site;
  const inside = found.body
    ? view.body(found.body.node, bodyGraph(found.body.node, found.body.attribute))
    : view;
  const plan = found.plan("explain", { replace: false, scores: false });
  const parts = plan.body ? [...plan.body.extensions.values()] : [plan.extension];
  const added = parts.flatMap(({ nodes }) => nodes);
  const roles = found.layout.map(
    (factors) => factors.map(({ role, size }) => `${role} ${size ?? "?"}`).join(" · ") || "1",
  );
  return [
    `${site.id} ${site.name}: ${site.kind} attention, ${site.heads ?? "?"} heads, method ${site.method}`,
    found.body ? `in the ${found.body.attribute} of ${found.body.node.opType} ${found.body.node.name}` : "",
    "",
    "from queries and keys to the values:",
    ...found.chain.map((node) => line(node, inside)),
    "",
    `map: ${site.tensor} ${dims(found.shape)}`,
    `layout: [${roles.join("] [")}] → [batch, heads, queries, keys]`,
    ...found.assumed.map((words) => `assumed: ${words}`),
    `valid keys: ${plan.valid === null ? "inferred from p > 0" : "from the scores before the softmax"}`,
    ...(site.note ? [`note: ${site.note}`] : []),
    ...(found.noKernel ? [`replaced by its rebuilt graph: ${found.noKernel}`] : []),
    "",
    `added to the graph: ${added.length} nodes (${[...new Set(added.map((node) => node.opType))].join(", ")})`,
  ]
    .filter((text, index, all) => text !== "" || all[index - 1] !== "")
    .join("\n");
}

function bodyGraph(
  node: Node,
  attribute: string,
): NonNullable<ReturnType<Node["attributes"]["get"]>>["graph"] & object {
  const graph = node.attributes.get(attribute)?.graph;
  if (!graph) throw new RangeError(`${node.opType} has no ${attribute}.`);
  return graph;
}
