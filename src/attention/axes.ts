/**
 * Where the axes of a tensor come from. Each axis is a list of factors (`Atom`); the trace follows them back through
 * transposes, reshapes, splits and element-wise operators to the projections that made them. A head axis is a part
 * of a projection's output features; what was never a feature is a batch, a window or a position.
 *
 * This is what tells [B, H, T, S] from [B·H, T, S], [B, T, H, S] or [B, K, G, T, S] without guessing by rank.
 */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import type { Shape } from "../onnx/shapes";
import {
  axesOfConvolution,
  axesOfGather,
  axesOfPart,
  axesOfRecurrence,
  axesOfReduction,
} from "./axes-of-parts";
import {
  axesOfEinsum,
  axesOfGemm,
  axesOfMatMul,
  axesOfOuterSum,
  axesOfSummedProduct,
  type Traced,
} from "./axes-of-products";
import { axesOfRoll } from "./axes-of-rolls";
import { axesOfStack } from "./axes-of-stacks";
import { type Atom, atom, type Axes, placed, regroup } from "./axis-atoms";
import { sameAxes, spatial } from "./axis-operators";
import { dataInputs } from "./products";

/** Values that are asked for before they were reached in graph order are followed no deeper than this. */
const MAX_DEPTH = 100;

export class AxisTrace {
  readonly #view: GraphView;
  readonly #memo = new Map<string, Axes | undefined>();
  readonly #products: ReadonlySet<Node>;
  readonly #traced: Traced;
  #depth = 0;

  /**
   * Follows the axes of every tensor, in graph order.
   * @param products score products: their two free axes are rows and columns, whatever their operands' axes are
   */
  constructor(view: GraphView, products: ReadonlySet<Node>) {
    this.#view = view;
    this.#products = products;
    this.#traced = { view, products, axes: (value) => this.axes(value) };
    for (const node of view.graph.nodes) for (const output of node.outputs) if (output) this.axes(output);
  }

  axes(value: string): Axes | undefined {
    if (this.#memo.has(value)) return this.#memo.get(value);
    if (this.#depth > MAX_DEPTH) return undefined;
    this.#memo.set(value, undefined);
    this.#depth += 1;
    const shape = this.#view.shape(value);
    const node = this.#view.producer(value);
    const traced = node ? this.#ofNode(node, value, shape) : this.#ofLeaf(value, shape);
    const axes =
      traced && (!shape || traced.length === shape.length)
        ? traced
        : shape?.map((size) => [atom(size, "unknown")]);
    const result = axes && placed(axes, value, this.#isGrid(node, value, shape) ? 2 : Infinity);
    this.#memo.set(value, result);
    this.#depth -= 1;
    return result;
  }

  #ofLeaf(value: string, shape: Shape | undefined): Axes | undefined {
    const formal = this.#view.formal(value);
    if (formal) return this.axes(formal.from)?.filter((_, axis) => axis !== formal.axis);
    // The last axis of a table or of an input of numbers holds features, and an image's second; others count something.
    const numbers = [1, 10, 11, 16].includes(this.#view.elementType(value));
    const features = this.#isImage(value, shape)
      ? 1
      : (shape?.length ?? 0) > 1
        ? (shape?.length ?? 0) - 1
        : -1;
    const guessed = !this.#view.isConstant(value);
    return shape?.map((size, axis) => {
      if (size === 1) return [];
      if (!numbers || axis !== features) return [atom(size, "position")];
      return [{ ...atom(size, "feature"), guessed, ofAxis: size }];
    });
  }

  #isGrid(node: Node | undefined, value: string, shape: Shape | undefined): boolean {
    return node ? spatial.has(node.opType) : this.#isImage(value, shape);
  }

  /** Whether a value is what convolutions read: [B, channels, …]. */
  #isImage(value: string, shape: Shape | undefined): boolean {
    return (
      (shape?.length ?? 0) > 2 &&
      this.#view
        .consumers(value)
        .slice(0, 50)
        .some(({ opType, inputs }) => spatial.has(opType) && inputs[0] === value)
    );
  }

  #ofNode(node: Node, value: string, shape: Shape | undefined): Axes | undefined {
    const input = (index: number) => node.inputs[index] ?? "";
    switch (node.opType) {
      case "MatMul":
      case "FusedMatMul":
      case "MatMulInteger":
      case "MatMulIntegerToFloat":
        return axesOfMatMul(node, [input(0), input(1)], shape, this.#traced);
      case "QLinearMatMul":
        return axesOfMatMul(node, [input(0), input(3)], shape, this.#traced);
      case "ReduceSum":
        return this.#products.has(node)
          ? axesOfSummedProduct(node, shape, this.#traced)
          : axesOfReduction(node, shape, this.#traced);
      case "ReduceMean":
      case "ReduceMax":
      case "ReduceMin":
      case "ReduceL1":
      case "ReduceL2":
      case "ReduceLogSumExp":
        return axesOfReduction(node, shape, this.#traced);
      case "LSTM":
      case "GRU":
      case "RNN":
        return axesOfRecurrence(node, value, shape, this.#traced);
      case "QLinearConcat":
        return axesOfPart({ ...node, inputs: dataInputs(node) }, shape, this.#traced);
      case "MatMulNBits": {
        const axes = this.axes(input(0));
        return axes && shape && [...axes.slice(0, -1), [atom(shape.at(-1) ?? null, "feature")]];
      }
      case "GatherElements":
      case "TopK":
        return axesOfPart(node, shape, this.#traced);
      case "Gemm":
        return axesOfGemm(node, shape, this.#traced);
      case "Einsum":
        return axesOfEinsum(node, shape, this.#traced);
      case "Transpose": {
        const axes = this.axes(input(0));
        const perm =
          node.attributes.get("perm")?.ints?.map(Number) ?? axes?.map((_, axis) => axes.length - 1 - axis);
        return axes && perm?.map((axis) => axes[axis] ?? []);
      }
      case "Reshape":
      case "Flatten":
      case "Squeeze":
      case "Unsqueeze": {
        const axes = this.axes(input(0));
        return axes && shape && regroup(axes, shape);
      }
      case "Concat":
        return (
          axesOfRoll(node, this.#traced) ??
          axesOfStack(node, this.#traced) ??
          axesOfPart(node, shape, this.#traced)
        );
      case "Slice":
      case "Split":
      case "Pad":
        return axesOfPart(node, shape, this.#traced);
      case "Gather":
        return axesOfRoll(node, this.#traced) ?? axesOfGather(node, shape, this.#traced);
      case "Expand":
      case "Tile": {
        const axes = this.axes(input(0));
        if (!axes || !shape) return undefined;
        const padded = [
          ...new Array<readonly Atom[]>(Math.max(0, shape.length - axes.length)).fill([]),
          ...axes,
        ];
        return padded.map((atoms, axis) =>
          atoms.length === 0 && shape[axis] !== 1 ? [atom(shape[axis] ?? null, "repeat")] : atoms,
        );
      }
      case "QLinearAdd":
      case "QLinearMul":
        return this.#ofElementwise([input(0), input(3)], shape);
      case "Where":
        return this.#ofElementwise([input(1), input(2)], shape);
      case "Add":
      case "Sub":
        return this.#products.has(node)
          ? axesOfOuterSum(node, shape, this.#traced)
          : this.#ofElementwise(node.inputs, shape);
      case "Mul":
      case "Div":
      case "Min":
      case "Max":
      case "Pow":
      case "Sum":
        return this.#ofElementwise(node.inputs, shape);
      default:
        if (spatial.has(node.opType)) return axesOfConvolution(node, shape, this.#traced);
        return sameAxes.has(node.opType) && value === node.outputs[0] ? this.axes(input(0)) : undefined;
    }
  }

  /** Whether a constant holds the scores of learnt tokens among themselves. */
  #isScore(name: string): boolean {
    return (
      this.axes(name)
        ?.flat()
        .some(({ product }) => product !== undefined) === true
    );
  }

  #ofElementwise(inputs: readonly string[], shape: Shape | undefined): Axes | undefined {
    if (!shape) return undefined;
    // The operand that carries the data first: not constant, and of full rank.
    const operands = inputs
      .map((name) => ({
        axes:
          this.#view.isConstant(name) && !this.#isScore(name)
            ? this.#ofLeaf(name, this.#view.shape(name))
            : this.axes(name),
        constant: this.#view.isConstant(name),
      }))
      .sort(
        (a, b) => Number(a.constant) - Number(b.constant) || (b.axes?.length ?? 0) - (a.axes?.length ?? 0),
      );
    return shape.map((size, axis) => {
      if (size === 1) return [];
      const candidates = operands
        .map(({ axes }) => axes?.[axis - shape.length + axes.length])
        .filter((atoms) => atoms !== undefined && atoms.length > 0);
      return (
        // The scores themselves say more than a bias that is added to them.
        candidates.find((atoms) =>
          atoms?.every((each) => each.origin === "rows" || each.origin === "columns"),
        ) ??
        candidates.find((atoms) => atoms?.every((each) => each.origin !== "unknown")) ??
        candidates[0] ?? [atom(size, "unknown")]
      );
    });
  }
}
