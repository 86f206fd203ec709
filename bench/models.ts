/** Models of the bench, built once by script and kept in `.cache/bench/models`. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { type Graph, type GraphNode, type GraphTensor, weightBytes, writeModel } from "./onnx-file";

export interface TransformerSize {
  readonly layers: number;
  readonly heads: number;
  /** Width of the residual stream, a multiple of `heads`. */
  readonly width: number;
  readonly tokens: number;
}

export interface BuiltModel {
  readonly file: string;
  readonly fileBytes: number;
  /** Bytes of the file that are no float32 weights. */
  readonly graphBytes: number;
}

const VOCABULARY = 1000;
/** Part of the file names: a change of what is built must change it. */
const VERSION = 1;

/** A BERT-shaped encoder with plain MatMul, Softmax and Erf-GELU, random weights. */
export function transformer(folder: string, size: TransformerSize): BuiltModel {
  const name = `encoder-${size.layers}x${size.heads}x${size.width}-t${size.tokens}`;
  return built(folder, name, transformerGraph(size));
}

/** The same encoder as ONNX Runtime's optimiser leaves one: Attention, SkipLayerNormalization and BiasGelu. */
export function fusedTransformer(folder: string, size: TransformerSize): BuiltModel {
  const name = `fused-encoder-${size.layers}x${size.heads}x${size.width}-t${size.tokens}`;
  return built(folder, name, fusedTransformerGraph(size));
}

/**
 * Attention whose input first goes through `products` products of 1536 × 1536 matrices (7.2 GFLOP each): one native
 * run of seconds in a file of some bytes.
 */
export function slowRun(folder: string, products: number): BuiltModel {
  const side = 1536;
  const size = { layers: 1, heads: 2, width: 8, tokens: 16 };
  const base = transformerGraph(size);
  const chain: GraphNode[] = [node("Expand", "/slow/Expand", ["seed", "large"], "m0")];
  for (let index = 0; index < products; index++)
    chain.push(node("MatMul", `/slow/MatMul_${index}`, [`m${index}`, "m0"], `m${index + 1}`));
  return built(folder, `slow-${products}`, {
    nodes: [
      ...chain,
      {
        ...node("ReduceMean", "/slow/ReduceMean", [`m${products}`], "slow_mean"),
        ints: { keepdims: 0 },
      },
      node("Tanh", "/slow/Tanh", ["slow_mean"], "slow_bounded"),
      ...base.nodes.map((each) =>
        each.name === "/embeddings/Add" ? { ...each, inputs: [each.inputs[0]!, "slow_bounded"] } : each,
      ),
    ],
    inputs: [...base.inputs, { name: "seed", type: "float32", dims: [1, 1] }],
    outputs: base.outputs,
    tensors: [
      ...base.tensors.filter((tensor) => tensor.name !== "embeddings.position"),
      { name: "large", dims: [2], content: { kind: "int64", values: [side, side] } },
    ],
  });
}

/** The model of this name, written unless it is there; the name must tell what is in it. */
export function built(folder: string, name: string, graph: Graph): BuiltModel {
  const file = path.join(folder, `${name}-v${VERSION}.onnx`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    console.log(`building ${path.basename(file)} (${(weightBytes(graph) / 1e6).toFixed(1)} MB of weights)`);
    writeModel(file, graph);
  }
  const fileBytes = statSync(file).size;
  return { file, fileBytes, graphBytes: fileBytes - weightBytes(graph) };
}

function node(op: string, name: string, inputs: readonly string[], output: string): GraphNode {
  return { op, name, inputs, outputs: [output] };
}

function weight(name: string, ...dims: number[]): GraphTensor {
  // Uniform with the variance 1 / inputs, so that activations keep their size over the layers.
  return { name, dims, content: { kind: "random", scale: Math.sqrt(3 / dims[0]!) } };
}

function vector(name: string, size: number, value: number): GraphTensor {
  return { name, dims: [size], content: { kind: "float32", values: new Array<number>(size).fill(value) } };
}

function scalar(name: string, value: number): GraphTensor {
  return { name, dims: [], content: { kind: "float32", values: [value] } };
}

/** input_ids int64[1, tokens] → last_hidden_state float32[1, tokens, width]. */
export function transformerGraph(size: TransformerSize): Graph {
  const { layers, heads, width, tokens } = size;
  const parts = Array.from({ length: layers }, (_, layer) => encoderLayer(layer, size));
  return {
    nodes: [
      node("Gather", "/embeddings/Gather", ["embeddings.word", "input_ids"], "embedded"),
      node("Add", "/embeddings/Add", ["embedded", "embeddings.position"], "hidden_0"),
      ...parts.flatMap((part) => part.nodes),
    ],
    inputs: [{ name: "input_ids", type: "int64", dims: [1, tokens] }],
    outputs: [{ name: `hidden_${layers}`, type: "float32", dims: [1, tokens, width] }],
    tensors: [
      { name: "embeddings.word", dims: [VOCABULARY, width], content: { kind: "random", scale: 1 } },
      { name: "embeddings.position", dims: [1, tokens, width], content: { kind: "random", scale: 0.1 } },
      {
        name: "split",
        dims: [4],
        content: { kind: "int64", values: [1, tokens, heads, width / heads] },
      },
      { name: "join", dims: [3], content: { kind: "int64", values: [1, tokens, width] } },
      scalar("root", Math.sqrt(width / heads)),
      scalar("sqrt_2", Math.SQRT2),
      scalar("one", 1),
      scalar("half", 0.5),
      ...parts.flatMap((part) => part.tensors),
    ],
  };
}

function encoderLayer(
  layer: number,
  { width }: TransformerSize,
): { nodes: GraphNode[]; tensors: GraphTensor[] } {
  const name = (part: string) => `encoder.layer.${layer}.${part}`;
  const at = (part: string) => `/encoder/layer.${layer}/${part}`;
  const linear = (part: string, from: string, inputs: number, outputs: number) => ({
    nodes: [
      node("MatMul", at(`${part}/MatMul`), [from, name(`${part}.weight`)], at(`${part}/MatMul_output_0`)),
      node(
        "Add",
        at(`${part}/Add`),
        [name(`${part}.bias`), at(`${part}/MatMul_output_0`)],
        at(`${part}/Add_output_0`),
      ),
    ],
    tensors: [weight(name(`${part}.weight`), inputs, outputs), vector(name(`${part}.bias`), outputs, 0)],
    output: at(`${part}/Add_output_0`),
  });
  const projection = (part: "query" | "key" | "value") => {
    const projected = linear(`attention/self/${part}`, `hidden_${layer}`, width, width);
    const split = at(`attention/self/${part}/Reshape_output_0`);
    const output = at(`attention/self/${part}/Transpose_output_0`);
    return {
      ...projected,
      nodes: [
        ...projected.nodes,
        node("Reshape", at(`attention/self/${part}/Reshape`), [projected.output, "split"], split),
        {
          ...node("Transpose", at(`attention/self/${part}/Transpose`), [split], output),
          intLists: { perm: part === "key" ? [0, 2, 3, 1] : [0, 2, 1, 3] },
        },
      ],
      output,
    };
  };
  const normalised = (part: string, residual: readonly [string, string], output: string) => ({
    nodes: [
      node("Add", at(`${part}/Add`), residual, at(`${part}/Add_sum`)),
      {
        ...node(
          "LayerNormalization",
          at(`${part}/LayerNorm`),
          [at(`${part}/Add_sum`), name(`${part}.weight`), name(`${part}.bias`)],
          output,
        ),
        ints: { axis: -1 },
      },
    ],
    tensors: [vector(name(`${part}.weight`), width, 1), vector(name(`${part}.bias`), width, 0)],
    output,
  });

  const self = (part: string) => at(`attention/self/${part}`);
  const [query, key, value] = [projection("query"), projection("key"), projection("value")];
  const attention: GraphNode[] = [
    node("MatMul", self("MatMul"), [query.output, key.output], self("scores")),
    node("Div", self("Div"), [self("scores"), "root"], self("scaled")),
    { ...node("Softmax", self("Softmax"), [self("scaled")], self("probabilities")), ints: { axis: -1 } },
    node("MatMul", self("MatMul_1"), [self("probabilities"), value.output], self("context")),
    {
      ...node("Transpose", self("Transpose"), [self("context")], self("context_split")),
      intLists: { perm: [0, 2, 1, 3] },
    },
    node("Reshape", self("Reshape"), [self("context_split"), "join"], self("joined")),
  ];
  const output = linear("attention/output/dense", self("joined"), width, width);
  const middle = normalised(
    "attention/output/LayerNorm",
    [output.output, `hidden_${layer}`],
    at("attention/output"),
  );
  const up = linear("intermediate/dense", middle.output, width, 4 * width);
  const gelu = (part: string) => at(`intermediate/activation/${part}`);
  const activation: GraphNode[] = [
    node("Div", gelu("Div"), [up.output, "sqrt_2"], gelu("scaled")),
    node("Erf", gelu("Erf"), [gelu("scaled")], gelu("erf")),
    node("Add", gelu("Add"), [gelu("erf"), "one"], gelu("shifted")),
    node("Mul", gelu("Mul"), [up.output, gelu("shifted")], gelu("product")),
    node("Mul", gelu("Mul_1"), [gelu("product"), "half"], gelu("output")),
  ];
  const down = linear("output/dense", gelu("output"), 4 * width, width);
  const last = normalised("output/LayerNorm", [down.output, middle.output], `hidden_${layer + 1}`);
  return {
    nodes: [
      ...[...query.nodes, ...key.nodes, ...value.nodes, ...attention, ...output.nodes, ...middle.nodes],
      ...[...up.nodes, ...activation, ...down.nodes, ...last.nodes],
    ],
    tensors: [query, key, value, output, middle, up, down, last].flatMap((part) => part.tensors),
  };
}

function fusedTransformerGraph(size: TransformerSize): Graph {
  const { layers, width, tokens } = size;
  const parts = Array.from({ length: layers }, (_, layer) => fusedLayer(layer, size));
  return {
    ...transformerGraph({ ...size, layers: 0 }),
    nodes: [
      node("Gather", "/embeddings/Gather", ["embeddings.word", "input_ids"], "embedded"),
      node("Add", "/embeddings/Add", ["embedded", "embeddings.position"], "hidden_0"),
      ...parts.flatMap((part) => part.nodes),
    ],
    outputs: [{ name: `hidden_${layers}`, type: "float32", dims: [1, tokens, width] }],
    tensors: [
      { name: "embeddings.word", dims: [VOCABULARY, width], content: { kind: "random", scale: 1 } },
      { name: "embeddings.position", dims: [1, tokens, width], content: { kind: "random", scale: 0.1 } },
      ...parts.flatMap((part) => part.tensors),
    ],
  };
}

function fusedLayer(
  layer: number,
  { heads, width }: TransformerSize,
): { nodes: GraphNode[]; tensors: GraphTensor[] } {
  const name = (part: string) => `encoder.layer.${layer}.${part}`;
  const fused = (op: string, inputs: readonly string[], output: string): GraphNode => ({
    ...node(op, `/encoder/layer.${layer}/${output}/${op}`, inputs, output),
    domain: "com.microsoft",
  });
  const normalised = (part: string, from: string, residual: string, bias: string, output: string) => ({
    node: fused(
      "SkipLayerNormalization",
      [from, residual, name(`${part}.weight`), name(`${part}.bias`), bias],
      output,
    ),
    tensors: [vector(name(`${part}.weight`), width, 1), vector(name(`${part}.bias`), width, 0)],
  });
  const hidden = `hidden_${layer}`;
  const attention = fused("Attention", [hidden, name("qkv.weight"), name("qkv.bias")], name("context"));
  const first = normalised(
    "attention.LayerNorm",
    name("projected"),
    hidden,
    name("out.bias"),
    name("middle"),
  );
  const last = normalised(
    "output.LayerNorm",
    name("narrow"),
    name("middle"),
    name("down.bias"),
    `hidden_${layer + 1}`,
  );
  const product = (part: string, from: string, output: string) =>
    node("MatMul", `/encoder/layer.${layer}/${part}/MatMul`, [from, name(`${part}.weight`)], output);
  return {
    nodes: [
      { ...attention, ints: { num_heads: heads } },
      product("out", name("context"), name("projected")),
      first.node,
      product("up", name("middle"), name("wide")),
      fused("BiasGelu", [name("wide"), name("up.bias")], name("activated")),
      product("down", name("activated"), name("narrow")),
      last.node,
    ],
    tensors: [
      ...[weight(name("qkv.weight"), width, 3 * width), vector(name("qkv.bias"), 3 * width, 0)],
      ...[weight(name("out.weight"), width, width), vector(name("out.bias"), width, 0)],
      ...[weight(name("up.weight"), width, 4 * width), vector(name("up.bias"), 4 * width, 0)],
      ...[weight(name("down.weight"), 4 * width, width), vector(name("down.bias"), width, 0)],
      ...[...first.tensors, ...last.tensors],
    ],
  };
}
