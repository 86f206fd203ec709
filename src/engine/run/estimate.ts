/** What a run will hold in memory, told before it starts (invariant: a run that does not fit is not begun). */
import os from "node:os";
import type { Dim } from "../../shared/model";
import { AttentionError } from "../../shared/errors";
import { bytes as formatBytes } from "../../shared/format";
import { BFLOAT16 } from "../../onnx/bfloat16";
import type { GraphView } from "../../onnx/graph-view";
import { elementBytes } from "../../onnx/model";

export interface Estimate {
  readonly bytes: number;
  /** In words: "model 1.84 MB ×2, maps 25.8 GB". */
  readonly parts: string;
  /** Tensors whose size the graph does not tell. */
  readonly unknown: number;
}

/** Memory that this process may take now. */
export function freeMemory(): number {
  const asked = Number(process.env["ATTENTION_LENS_MEMORY_LIMIT"]);
  const available = (process as { availableMemory?: () => number }).availableMemory?.() ?? os.freemem();
  return asked > 0 ? Math.min(asked, available) : available;
}

/**
 * @param view shapes with the sizes of this run's inputs
 * @param maps shapes of the maps that are returned: their cells as float32, a byte of validity and a copy
 * @param scores whether the scores before and after the mask are returned as well, and copied
 */
export function estimateRun(
  view: GraphView,
  modelBytes: number,
  externalBytes: number,
  maps: readonly (readonly Dim[] | undefined)[],
  scores: boolean,
): Estimate {
  const count = (shape: readonly Dim[] | undefined): number | undefined =>
    shape?.every((dim) => typeof dim === "number")
      ? (shape as number[]).reduce((all, dim) => all * dim, 1)
      : undefined;
  const size = (value: string): number | undefined => {
    const cells = count(view.shape(value));
    return cells === undefined ? undefined : cells * (elementBytes[view.elementType(value)] ?? 4);
  };
  let unknown = 0;
  let largest = 0;
  for (const node of view.graph.nodes) {
    for (const output of node.outputs) {
      const bytes = size(output);
      if (bytes === undefined) unknown += 1;
      else largest = Math.max(largest, bytes);
    }
  }
  const mapBytes = maps.reduce((all, map) => all + (count(map) ?? 0) * (scores ? 9 + 16 : 9), 0);
  // Weights of bfloat16 are held in float32 as well, where the provider has no kernels for them.
  const widened = [...view.graph.initializers.values()]
    .filter(({ elementType }) => elementType === BFLOAT16)
    .reduce((all, { dims }) => all + (count(dims) ?? 0) * 4, 0);
  // The model's bytes are held while the session copies its weights; a step holds a few tensors at a time.
  const total = modelBytes * 2 + externalBytes + widened + mapBytes + largest * 3;
  return {
    bytes: total,
    parts: `model ${formatBytes(modelBytes + externalBytes)}, maps ${formatBytes(mapBytes)}, largest step ${formatBytes(largest)}`,
    unknown,
  };
}

/** Refuses a run that needs more than is free, with both figures. */
export function refuseTooLarge(estimate: Estimate): void {
  const free = freeMemory();
  if (!(estimate.bytes <= free)) {
    throw new AttentionError(
      "memory",
      `It needs about ${formatBytes(estimate.bytes)} (${estimate.parts}), and ${formatBytes(free)} is free.`,
    );
  }
}
