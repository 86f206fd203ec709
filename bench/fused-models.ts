/** Models of fused operators with known weights, for what is rebuilt from them: sites one after the other. */
import path from "node:path";
import { built, type BuiltModel } from "./models";
import type { Graph, GraphNode, GraphTensor } from "./onnx-file";

const MICROSOFT = "com.microsoft";
export const HEADS = 8;
export const HEAD = 32;
export const WIDTH = HEADS * HEAD;
export const TOKENS = 128;
export const MEMORY = 96;
export const KEY_HEADS = 2;
export const WINDOW = 40;
export const SOFTCAP = 3;
/** Part of the file's name: a change of what is built must change it. */
const VERSION = 1;

/** What the operators are given, as the reference needs it. */
export interface Known {
  /** `Attention`: [WIDTH, 3 · WIDTH] and [3 · WIDTH]. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** `MultiHeadAttention`: [3 · WIDTH], and [HEADS, TOKENS, MEMORY]. */
  readonly crossBias: Float32Array;
  readonly crossScores: Float32Array;
  /** Whether each token of the memory is there, and of the sequence. */
  readonly memoryMask: readonly number[];
  readonly tokenMask: readonly number[];
  /** ai.onnx `Attention`: added to the scores, [TOKENS, TOKENS]. */
  readonly added: Float32Array;
}

/** Uniform in [−scale, scale), from a seed of its own. */
function random(seed: number, count: number, scale: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 8) / 2 ** 23 - 1) * scale;
  });
}

const linear = Math.sqrt(3 / WIDTH);

/** The constants of the model; scores have about the variance 4, so that maps are neither flat nor single cells. */
export function known(): Known {
  return {
    weights: random(11, WIDTH * 3 * WIDTH, linear * Math.SQRT2),
    bias: random(12, 3 * WIDTH, 0.5),
    crossBias: random(13, 3 * WIDTH, 0.5),
    crossScores: random(14, HEADS * TOKENS * MEMORY, 1),
    memoryMask: Array.from({ length: MEMORY }, (_, index) => (index < MEMORY - 9 ? 1 : 0)),
    tokenMask: Array.from({ length: TOKENS }, (_, index) => (index < TOKENS - 17 ? 1 : 0)),
    added: random(15, TOKENS * TOKENS, 2),
  };
}

function tensor(name: string, dims: readonly number[], values: Float32Array): GraphTensor {
  return { name, dims, content: { kind: "float32", values: [...values] } };
}

function integers(name: string, dims: readonly number[], values: readonly number[]): GraphTensor {
  return { name, dims, content: { kind: "int32", values } };
}

/** `name.query`, `.key`, `.value` of these inputs; queries and keys are outputs of the model, to be dumped. */
function projections(name: string, seed: number, from: string, memory: string, keyWidth = WIDTH) {
  const parts = [
    ["query", from, WIDTH],
    ["key", memory, keyWidth],
    ["value", memory, keyWidth],
  ] as const;
  return {
    nodes: parts.map(([part, input]): GraphNode => ({
      ...{ op: "MatMul", name: `/${name}/${part}/MatMul` },
      inputs: [input, `${name}.${part}.weight`],
      outputs: [`${name}.${part}`],
    })),
    tensors: parts.map(([part, , width], index) =>
      tensor(
        `${name}.${part}.weight`,
        [WIDTH, width],
        random(seed + index, WIDTH * width, linear * Math.SQRT2),
      ),
    ),
  };
}

/** The next site's input: what the operator gives, added to what it was given. */
function residual(name: string, from: string, output: string): GraphNode {
  return { op: "Add", name: `/${name}/Add`, inputs: [from, `${name}.output`], outputs: [output] };
}

/** Sites in graph order: MultiHeadAttention (cross), Attention, GroupQueryAttention, ai.onnx Attention. */
export function fusedModel(folder: string): BuiltModel {
  return built(path.resolve(folder), `fused-operators-${VERSION}`, fusedGraph(known()));
}

function fusedGraph(constants: Known): Graph {
  const cross = projections("cross", 21, "tokens", "memory");
  const grouped = projections("grouped", 31, "hidden_2", "hidden_2", KEY_HEADS * HEAD);
  const standard = projections("standard", 41, "hidden_3", "hidden_3");
  const operators: GraphNode[] = [
    {
      ...{ op: "MultiHeadAttention", domain: MICROSOFT, name: "/cross/MultiHeadAttention" },
      inputs: ["cross.query", "cross.key", "cross.value", "cross.bias", "memory_mask", "cross.scores"],
      outputs: ["cross.output"],
      ints: { num_heads: HEADS },
    },
    {
      ...{ op: "Attention", domain: MICROSOFT, name: "/packed/Attention" },
      inputs: ["hidden_1", "packed.weight", "packed.bias", "token_mask"],
      outputs: ["packed.output"],
      ints: { num_heads: HEADS, unidirectional: 1 },
    },
    {
      ...{ op: "GroupQueryAttention", domain: MICROSOFT, name: "/grouped/GroupQueryAttention" },
      inputs: ["grouped.query", "grouped.key", "grouped.value", "", "", "last_key", "total_length"],
      outputs: ["grouped.output", "grouped.present_key", "grouped.present_value"],
      ints: { num_heads: HEADS, kv_num_heads: KEY_HEADS, local_window_size: WINDOW },
      floats: { softcap: SOFTCAP },
    },
    {
      ...{ op: "Attention", name: "/standard/Attention" },
      inputs: ["standard.query", "standard.key", "standard.value", "standard.added"],
      outputs: ["standard.output"],
      ints: { q_num_heads: HEADS, kv_num_heads: HEADS, is_causal: 1 },
    },
  ];
  const [multiHead, packed, group, standardOperator] = operators as [
    GraphNode,
    GraphNode,
    GraphNode,
    GraphNode,
  ];
  const output = (name: string, length: number, width = WIDTH) =>
    ({ name, type: "float32", dims: [1, length, width] }) as const;
  return {
    opset: 23,
    nodes: [
      ...[...cross.nodes, multiHead, residual("cross", "tokens", "hidden_1")],
      ...[packed, residual("packed", "hidden_1", "hidden_2")],
      ...[...grouped.nodes, group, residual("grouped", "hidden_2", "hidden_3")],
      ...[...standard.nodes, standardOperator, residual("standard", "hidden_3", "hidden_4")],
    ],
    inputs: [output("tokens", TOKENS), output("memory", MEMORY)],
    outputs: [
      ...[output("hidden_4", TOKENS), output("hidden_1", TOKENS)],
      ...[output("cross.query", TOKENS), output("cross.key", MEMORY)],
      ...[output("grouped.query", TOKENS), output("grouped.key", TOKENS, KEY_HEADS * HEAD)],
      ...[output("standard.query", TOKENS), output("standard.key", TOKENS)],
    ],
    tensors: [
      ...[...cross.tensors, ...grouped.tensors, ...standard.tensors],
      tensor("cross.bias", [3 * WIDTH], constants.crossBias),
      tensor("cross.scores", [1, HEADS, TOKENS, MEMORY], constants.crossScores),
      tensor("packed.weight", [WIDTH, 3 * WIDTH], constants.weights),
      tensor("packed.bias", [3 * WIDTH], constants.bias),
      tensor("standard.added", [TOKENS, TOKENS], constants.added),
      integers("memory_mask", [1, MEMORY], constants.memoryMask),
      integers("token_mask", [1, TOKENS], constants.tokenMask),
      integers("last_key", [1], [TOKENS - 1]),
      integers("total_length", [], [TOKENS]),
    ],
  };
}
