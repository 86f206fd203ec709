/** Sites inside If, Loop and Scan bodies and local functions: listed, since outputs cannot be added there yet. */
import type { NotSupported } from "../../shared/model";
import type { Graph, Node, OnnxModel } from "../../onnx/model";

function softmaxes(nodes: readonly Node[], where: string): NotSupported[] {
  return nodes.flatMap((node) => {
    const inner = [...node.attributes.values()].flatMap((attribute) =>
      attribute.graph
        ? softmaxes(attribute.graph.nodes, `the ${attribute.name} of ${node.opType} ${node.name}`)
        : [],
    );
    const product = nodes.some((other) => ["MatMul", "Einsum", "FusedMatMul"].includes(other.opType));
    const here =
      node.opType === "Softmax" && product
        ? [
            {
              name: node.name || (node.outputs[0] ?? "Softmax"),
              reason: `it lies inside ${where}, from which nothing can be returned yet`,
            },
          ]
        : [];
    return [...here, ...inner];
  });
}

/** Softmaxes beside a product in every body and function of a model. */
export function nestedSites(model: OnnxModel): { notSupported: NotSupported[]; bodies: number } {
  let bodies = 0;
  const count = (graph: Graph) => {
    for (const node of graph.nodes) {
      for (const attribute of node.attributes.values()) {
        if (!attribute.graph) continue;
        bodies += 1;
        count(attribute.graph);
      }
    }
  };
  count(model.graph);
  const inBodies = model.graph.nodes.flatMap((node) =>
    [...node.attributes.values()].flatMap((attribute) =>
      attribute.graph
        ? softmaxes(attribute.graph.nodes, `the ${attribute.name} of ${node.opType} ${node.name}`)
        : [],
    ),
  );
  const inFunctions = model.functions.flatMap((each) => softmaxes(each.nodes, `the function ${each.name}`));
  return { notSupported: [...inBodies, ...inFunctions], bodies: bodies + model.functions.length };
}
