/** Ids against the tables that they index. */
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../../inputs/arrays";
import type { GraphView } from "../../onnx/graph-view";

/** Refuses ids that the table they index does not have: ONNX Runtime names neither input nor id. */
export function checkIds(view: GraphView, name: string, array: NamedArray, where: string): void {
  if (Array.isArray(array.data) || array.data instanceof Float32Array) return;
  const tables = view.consumers(name).flatMap((node) => {
    const table = view.graph.initializers.get(node.inputs[0] ?? "");
    const isLookup =
      node.opType === "Gather" &&
      node.inputs[1] === name &&
      Number(node.attributes.get("axis")?.int ?? 0n) === 0;
    return isLookup && table?.dims[0] !== undefined ? [table.dims[0]] : [];
  });
  if (tables.length === 0) return;
  const rows = Math.min(...tables);
  for (const value of array.data)
    if (Number(value) >= rows)
      throw new AttentionError(
        "inputMismatch",
        `${name} holds ${value}, and the table that it indexes has ${rows} rows, from 0.`,
        {
          ...(where === "" ? {} : { where }),
          fix: "Give ids of this model's own vocabulary: the tokenizer may belong to another model.",
        },
      );
}
