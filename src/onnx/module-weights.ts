/**
 * The weights of a graph by module. A weight's own name says its module where the exporter kept it
 * (`blocks.0.attention.query.weight`); else the module of the operator that uses it does. Classes come from torch
 * dynamo's metadata; without it a module of one operator is called after that.
 */
import type { ModuleFacts, PlacedWeight } from "../shared/weight-report";
import { elementBytes, elementTypeName, type Graph, type Node, type TensorRef } from "./model";
import { type OperatorFacts, operatorFacts } from "./weight-operators";

/** Element types whose elements are parameters: float32, uint8, int8 (quantised weights), float16, float64, bfloat16. */
const floating = new Set([1, 2, 3, 10, 11, 16]);

export interface GraphWeights {
  readonly placed: readonly PlacedWeight[];
  readonly facts: ReadonlyMap<string, ModuleFacts>;
  /** Modules in the order in which the graph uses them, those without weights of their own included. */
  readonly paths: readonly (readonly string[])[];
  /** Initializers that are no weights. */
  readonly otherTensors: number;
  /** Weights whose name and user tell no module. */
  readonly withoutModule: number;
}

/** @param modulePath of a node, outermost first; empty where the export kept none */
export function weightsOfGraph(graph: Graph, modulePath: (node: Node) => readonly string[]): GraphWeights {
  const graphs = [graph, ...bodiesOf(graph)];
  const initializers = new Map(graphs.flatMap((each) => [...each.initializers]));
  const nodes = graphs.flatMap((each) => each.nodes);
  const classes = new Map<string, string>();
  for (const node of nodes) for (const [path, name] of classesOf(node)) classes.set(path, name);

  const uses = operatorsOf(nodes, initializers);
  const operators = new Map<string, { facts: OperatorFacts; given: readonly string[] }[]>();
  const userOf = new Map<string, readonly string[]>();
  const paths: (readonly string[])[] = [];
  for (const { node, facts, weight, others } of uses) {
    const own = namedModule(weight);
    const ofNode = modulePath(node);
    // A weight that several modules share has the name of one of them.
    const path =
      own && (ofNode.length === 0 || isWithin(own, ofNode)) ? own : ofNode.length > 0 ? ofNode : (own ?? []);
    paths.push(path);
    for (const name of [weight, ...others]) if (!userOf.has(name)) userOf.set(name, path);
    if (!facts) continue;
    const key = path.join(".");
    operators.set(key, [...(operators.get(key) ?? []), { facts, given: [weight, ...others] }]);
  }

  const placed: PlacedWeight[] = [];
  let otherTensors = 0;
  let withoutModule = 0;
  for (const tensor of initializers.values()) {
    if (!floating.has(tensor.elementType) || !isWeight(tensor, userOf)) {
      otherTensors++;
      continue;
    }
    const module = namedModule(tensor.name) ?? userOf.get(tensor.name) ?? [];
    if (module.length === 0 && isAnonymous(tensor.name)) withoutModule++;
    placed.push({ weight: weightOf(tensor), module });
  }
  return { placed, facts: factsOf(operators, classes, placed), paths, otherTensors, withoutModule };
}

/** Numbers that an operator is given (a scale, an epsilon) are no weights; a named one, or one of an operator, is. */
function isWeight(tensor: TensorRef, userOf: ReadonlyMap<string, unknown>): boolean {
  return userOf.has(tensor.name) || (tensor.dims.length > 0 && !isAnonymous(tensor.name));
}

function weightOf({ name, elementType, dims }: TensorRef): PlacedWeight["weight"] {
  const elements = dims.reduce((all, dim) => all * dim, 1);
  const size = elementBytes[elementType];
  return {
    name,
    dtype: elementTypeName(elementType),
    dims: [...dims],
    bytes: size === undefined ? null : elements * size,
    parameters: elements,
  };
}

/** Names that exporters make up: `onnx::MatMul_86`, `val_31`, `const_9`, `/model/Constant_2_output_0`. */
function isAnonymous(name: string): boolean {
  return (
    /^(onnx::|val_\d|_?const(ant)?(_|\d|$)|lifted_|_tensor|arg\d|\d+$|_v_\d|x\d+_|t?mp_?\d)/i.test(name) ||
    /(^|\/)(Constant|onnx::)/.test(name)
  );
}

/** The module in a weight's name; null where the name holds none. */
function namedModule(name: string): readonly string[] | null {
  if (isAnonymous(name)) return null;
  const parts = name.replace(/\.T$/, "").replace(/^\//, "").split(/[./]/);
  return parts.length > 1 && parts.every((part) => part !== "") ? parts.slice(0, -1) : null;
}

const isWithin = (path: readonly string[], outer: readonly string[]) =>
  outer.every((name, at) => path[at] === name);

function factsOf(
  operators: ReadonlyMap<
    string,
    readonly { readonly facts: OperatorFacts; readonly given: readonly string[] }[]
  >,
  classes: ReadonlyMap<string, string>,
  placed: readonly PlacedWeight[],
): Map<string, ModuleFacts> {
  const weights = new Map<string, string[]>();
  for (const { weight, module } of placed) {
    const key = module.join(".");
    weights.set(key, [...(weights.get(key) ?? []), weight.name]);
  }
  const facts = new Map<string, ModuleFacts>();
  for (const key of new Set([...classes.keys(), ...operators.keys()])) {
    const own = operators.get(key) ?? [];
    const names = weights.get(key) ?? [];
    const isBias = (name: string) => /(^|[./])(bias|b)(\.T)?$/.test(name);
    // A module that holds more than one operator's weights is none of its operators.
    const [first] = own;
    const given = new Set(own.flatMap((each) => each.given));
    const alike = own.every(
      ({ facts: each }) => each.size === first?.facts.size && each.type === first.facts.type,
    );
    const one = alike && names.every((name) => given.has(name) || isBias(name)) ? first?.facts : undefined;
    const biased = own.some(({ facts: each }) => each.bias === true) || names.some(isBias);
    facts.set(key, {
      type: classes.get(key) ?? one?.type ?? null,
      size: one?.size ?? null,
      bias: one && one.bias !== null ? biased : null,
    });
  }
  return facts;
}

/** Class of each module around a node, as torch dynamo writes them: `torch.nn.modules.linear.Linear` is `Linear`. */
function classesOf(node: Node): [path: string, name: string][] {
  const list = (key: string) =>
    [...(node.metadata.get(key) ?? "").matchAll(/'([^']*)'|"([^"]*)"/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
  const scopes = list("pkg.torch.onnx.name_scopes").slice(0, -1);
  const classes = list("pkg.torch.onnx.class_hierarchy");
  return scopes.flatMap((path, at) => {
    const name = classes[at]?.split(".").at(-1) ?? "";
    return name === "" ? [] : [[path, name] as [string, string]];
  });
}

interface WeightUse {
  readonly node: Node;
  readonly facts: OperatorFacts | null;
  /** The initializer that says what the operator is, and the others that it is given: its bias. */
  readonly weight: string;
  readonly others: readonly string[];
}

/** Operators that are given initializers, each with what that makes it. */
function operatorsOf(nodes: readonly Node[], initializers: ReadonlyMap<string, TensorRef>): WeightUse[] {
  const made = new Map<string, Node>();
  const users = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const output of node.outputs) if (output) made.set(output, node);
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  /** The initializer that a value is, through changes of layout and type alone, and whether its axes are swapped. */
  const origin = (value: string, depth = 0): { tensor: TensorRef; swapped: boolean } | null => {
    const tensor = initializers.get(value);
    if (tensor) return { tensor, swapped: false };
    const node = made.get(value);
    if (
      !node ||
      depth > 6 ||
      !/^(Transpose|Cast|Identity|DequantizeLinear|Reshape|Squeeze|Unsqueeze)$/.test(node.opType)
    )
      return null;
    const before = origin(node.inputs[0] ?? "", depth + 1);
    return before && { ...before, swapped: node.opType === "Transpose" ? !before.swapped : before.swapped };
  };
  const found: WeightUse[] = [];
  for (const node of nodes) {
    if (
      /^(Transpose|Cast|Identity|DequantizeLinear|Reshape|Squeeze|Unsqueeze|Shape|Constant)$/.test(
        node.opType,
      )
    )
      continue;
    const operands = node.inputs.map((input) => origin(input));
    if (!operands.some((each) => each && floating.has(each.tensor.elementType))) continue;
    const known = operatorFacts(node, operands);
    if (known) {
      const bias = known.bias ?? addedBias(node, known.width, users, (value) => origin(value)?.tensor);
      const others = operands.flatMap((each) =>
        each && each.tensor !== known.weight ? [each.tensor.name] : [],
      );
      found.push({
        node,
        facts: { ...known, bias: known.takesBias ? bias !== null && bias !== false : null },
        weight: known.weight.name,
        others: [...others, ...(typeof bias === "string" ? [bias] : [])],
      });
      continue;
    }
    // A parameter that is added or multiplied: a bias, a scale, a learnt position.
    const [first] = operands.flatMap((each) =>
      each && floating.has(each.tensor.elementType) && each.tensor.dims.length > 0 ? [each.tensor.name] : [],
    );
    if (first !== undefined && !isAnonymous(first))
      found.push({ node, facts: null, weight: first, others: [] });
  }
  return found;
}

/** The initializer as wide as a product's result that is added to it; null where none is. */
function addedBias(
  node: Node,
  width: number | null,
  users: ReadonlyMap<string, readonly Node[]>,
  tensorOf: (value: string) => TensorRef | undefined,
): string | null {
  const [user, another] = users.get(node.outputs[0] ?? "") ?? [];
  if (user?.opType !== "Add" || another || width === null) return null;
  const added = tensorOf(user.inputs.find((input) => input !== node.outputs[0]) ?? "");
  const elements = added?.dims.reduce((all, dim) => all * dim, 1);
  return added && elements === width && added.dims.at(-1) === width ? added.name : null;
}

function bodiesOf(graph: Graph): Graph[] {
  return graph.nodes.flatMap(({ attributes }) =>
    [...attributes.values()].flatMap(({ graph: body }) => (body ? [body, ...bodiesOf(body)] : [])),
  );
}
