/** What is known of a graph's tensors while their shapes are inferred, and how a rule reads and adds to it. */
import type { Dim } from "../../shared/model";
import type { Node, TensorRef } from "../model";
import type { Shape } from "../shapes";
import { smallValues } from "../small-tensor";
import type { ByteSource } from "../source";

/** A small tensor that is followed by value has at most this many. */
export const MAX_VALUES = 256;

export interface State {
  readonly source: ByteSource;
  readonly shapes: Map<string, Shape>;
  readonly types: Map<string, number>;
  readonly known: Map<string, readonly Dim[]>;
  readonly opset: number;
}

export type Rule = (node: Node, state: State) => readonly (Shape | undefined)[];

/** A size that can be; what a broken graph makes of one is unknown. */
export function possible(dim: Dim | undefined): Dim {
  return typeof dim === "number" ? (Number.isSafeInteger(dim) && dim >= 0 ? dim : null) : (dim ?? null);
}

export function defineConstant(name: string, tensor: TensorRef, state: State): void {
  state.shapes.set(name, tensor.dims.map(possible));
  state.types.set(name, tensor.elementType);
  const values = smallValues(state.source, tensor);
  if (values && tensor.dims.length <= 1) state.known.set(name, values);
}

export function shapeOf(node: Node, input: number, state: State): Shape | undefined {
  return state.shapes.get(node.inputs[input] ?? "");
}

export function valuesOf(node: Node, input: number, state: State): readonly Dim[] | undefined {
  return state.known.get(node.inputs[input] ?? "");
}

export function intOf(node: Node, name: string, fallback: number): number {
  return Number(node.attributes.get(name)?.int ?? BigInt(fallback));
}

export function intsOf(node: Node, name: string): number[] | undefined {
  return node.attributes.get(name)?.ints?.map(Number);
}

/** Axes from the attribute (older opsets) or from an input (newer ones). */
export function axesOf(node: Node, input: number, state: State): number[] | undefined {
  const values = intsOf(node, "axes") ?? valuesOf(node, input, state);
  return values?.every((value) => typeof value === "number") ? (values as number[]) : undefined;
}

export function wrap(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Let a small integer tensor's value be followed. */
export function know(node: Node, values: readonly Dim[] | undefined, state: State): void {
  const output = node.outputs[0];
  if (values && output && values.length <= MAX_VALUES) state.known.set(output, values);
}

/** A shape of unknown sizes, where the shape of the tensor that names it is known. */
export function unknownOfRank(shapeOfTarget: Shape | undefined): Shape | undefined {
  const rank = shapeOfTarget?.[0];
  return typeof rank === "number" && rank >= 0 && rank <= 16 ? new Array<Dim>(rank).fill(null) : undefined;
}

/** As many unknown values as a vector has elements. */
export function unknownValues(shape: Shape | undefined): Dim[] | undefined {
  const length = shape?.[0];
  return typeof length === "number" && length >= 0 && length <= MAX_VALUES
    ? new Array<Dim>(length).fill(null)
    : undefined;
}
