/** Patches that the graph makes of a picture: the first convolution whose steps are as large as its kernel. */
import type { TensorSignature } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import { takesPicture } from "../../inputs/image-tensor";

export interface PatchGrid {
  /** The model's input. */
  readonly input: string;
  readonly rows: number;
  readonly columns: number;
  /** Height and width of a patch in px of the model's picture; null where only the number of tokens suggests a grid. */
  readonly patch: [number, number] | null;
}

/** Operators between a picture and its patches. */
const passes = new Set(
  "Cast Transpose Sub Div Mul Add Identity Reshape Unsqueeze Squeeze Pad Resize".split(" "),
);

/** @param sizes shapes of the arrays that are fed */
export function patchGrids(
  inputs: readonly TensorSignature[],
  view: GraphView,
  sizes: ReadonlyMap<string, readonly number[]>,
): PatchGrid[] {
  return inputs.filter(takesPicture).flatMap((input) => {
    const dims = sizes.get(input.name);
    const queue = [input.name];
    const seen = new Set(queue);
    while (queue.length > 0 && seen.size < 100 && dims) {
      for (const node of view.consumers(queue.shift() ?? "")) {
        if (node.opType === "Conv") {
          const kernel =
            node.attributes.get("kernel_shape")?.ints?.map(Number) ??
            view.shape(node.inputs[1] ?? "")?.slice(2);
          const strides = node.attributes.get("strides")?.ints?.map(Number);
          const out = view.shape(node.outputs[0] ?? "");
          const [rows, columns] = out?.slice(-2) ?? [];
          if (
            !kernel ||
            kernel.join() !== strides?.join() ||
            typeof rows !== "number" ||
            typeof columns !== "number"
          )
            continue;
          if (rows * columns < 2) continue;
          return [
            {
              input: input.name,
              rows,
              columns,
              patch: [Number(kernel[0]), Number(kernel[1])] as [number, number],
            },
          ];
        }
        if (!passes.has(node.opType)) continue;
        for (const output of node.outputs) {
          if (seen.has(output)) continue;
          seen.add(output);
          queue.push(output);
        }
      }
    }
    return [];
  });
}
