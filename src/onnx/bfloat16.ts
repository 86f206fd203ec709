/**
 * Models of bfloat16 where the runtime has few kernels for it: an operator without one runs in float32 between casts,
 * so that every tensor is still rounded to bfloat16, as the operator's own kernel would round its result. Inputs become
 * float32, since no array of bfloat16 can be handed over.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { GraphView } from "./graph-view";
import type { Graph, Node, OnnxModel } from "./model";
import { sorted } from "./order";
import { Pieces } from "./pieces";
import { Renamer } from "./renamer";
import { type Edit, rewritten } from "./rewrite";
import type { ByteSource } from "./source";

const FLOAT = 1;
export const BFLOAT16 = 16;

/** Operators that move or name values, for which ONNX Runtime's CPU provider has kernels of every type. */
const moves = new Set(
  "Cast Constant Identity Shape Size Reshape Flatten Squeeze Unsqueeze Transpose Slice Gather Concat Split If Loop Scan".split(
    " ",
  ),
);
/** Operators that write attention as one: what they gave before it was rounded is what a rebuilt map is proven with. */
const isFused = (node: Node) => node.domain === "com.microsoft" || node.opType === "Attention";

/** The float32 input or output that stands for one of bfloat16. */
export function floatName(value: string): string {
  return `attention_lens/float/${value}`;
}

/** Whether anything of a model is bfloat16, as far as it can be told. */
export function holdsBfloat16(model: OnnxModel): boolean {
  const inGraph = (graph: Graph): boolean =>
    [...graph.inputs, ...graph.outputs, ...graph.initializers.values(), ...graph.valueInfos.values()].some(
      ({ elementType }) => elementType === BFLOAT16,
    ) ||
    graph.nodes.some((node) =>
      [...node.attributes.values()].some(
        ({ name, int, tensor, graph: body }) =>
          (node.opType === "Cast" && name === "to" && int === BigInt(BFLOAT16)) ||
          tensor?.elementType === BFLOAT16 ||
          (body !== undefined && inGraph(body)),
      ),
    );
  return inGraph(model.graph);
}

/**
 * The model with float32 in the place of its bfloat16 inputs and outputs, and with casts around its operators.
 * @param wide whether the provider lacks the kernels; else only the inputs and outputs change
 */
export function withoutBfloat16(model: OnnxModel, source: ByteSource, wide: boolean): Pieces {
  const renamer = new Renamer(source);
  // What was added to the file stands behind its nodes, also where they use it.
  const graph = sorted(model.graph);
  const view = GraphView.of({ ...model, graph }, source);
  const edits = signatureEdits(model, view, renamer);
  if (wide) edits.push(...new Widener(renamer).edits(graph, view));
  return rewritten(
    model,
    source.size,
    edits.sort((a, b) => a.start - b.start),
  );
}

/**
 * Inputs that a run gives, each with the cast that makes the model's own, and outputs, which the runtime's binding
 * refuses to name: both with another name and of float32.
 */
function signatureEdits(model: OnnxModel, view: GraphView, renamer: Renamer): Edit[] {
  const edits: Edit[] = [];
  const { inputs, outputs, initializers } = model.graph;
  const next = { 11: 0, 12: 0 };
  for (const { content, end } of model.graphFields) {
    for (const { number, whole, content: value } of renamer.fields({ start: content, end })) {
      if (number !== 11 && number !== 12) continue;
      const info = (number === 11 ? inputs : outputs)[next[number]++];
      if (!info || view.elementType(info.name) !== BFLOAT16) continue;
      if (number === 11 && initializers.has(info.name)) continue;
      const float = floatName(info.name);
      const declared = new Pieces().text(1, float);
      for (const part of renamer.fields(value))
        if (part.number === 2) declared.message(2, floatType(renamer, part.content));
      const made = number === 11 ? cast(float, info.name, BFLOAT16) : cast(info.name, float, FLOAT);
      edits.push({ ...whole, by: new Pieces().message(number, declared).message(1, made) });
    }
  }
  return edits;
}

/** A TypeProto of a tensor with float32 for its elements. */
function floatType(renamer: Renamer, type: { start: number; end: number }): Pieces {
  const written = new Pieces();
  for (const { number, whole, content } of renamer.fields(type)) {
    if (number !== 1) {
      written.addAll(renamer.raw(whole));
      continue;
    }
    const tensor = new Pieces().add(new BinaryWriter().tag(1, WireType.Varint).int32(FLOAT).finish());
    written.message(1, tensor.addAll(renamer.without(content, new Set([1]))));
  }
  return written;
}

function cast(from: string, to: string, type: number): Pieces {
  const attribute = new Pieces()
    .text(1, "to")
    .add(new BinaryWriter().tag(3, WireType.Varint).int64(type).tag(20, WireType.Varint).int32(2).finish());
  return new Pieces().text(1, from).text(2, to).text(4, "Cast").message(5, attribute);
}

class Widener {
  readonly #renamer: Renamer;
  #next = 0;

  constructor(renamer: Renamer) {
    this.#renamer = renamer;
  }

  edits(graph: Graph, view: GraphView): Edit[] {
    const floats = new Map<string, string>();
    const edits = graph.nodes.flatMap((node) => {
      const by = this.#replacement(node, view, floats);
      return by ? [{ ...node.range, by }] : [];
    });
    return edits.sort((a, b) => a.start - b.start);
  }

  /** @param floats float32 copies of values that were made so far in this graph */
  #replacement(node: Node, view: GraphView, floats: Map<string, string>): Pieces | undefined {
    const isShort = (value: string) => value !== "" && view.elementType(value) === BFLOAT16;
    const bodies = this.#bodies(node, view);
    const out = new Pieces();
    if (moves.has(node.opType) && node.domain === "") {
      // What is read of a fused operator to prove its map is read before it is rounded.
      const exact = view.producer(node.inputs[0] ?? "");
      const before = exact && isFused(exact) ? `${node.inputs[0]}${UNROUNDED}` : undefined;
      if (
        node.opType === "Cast" &&
        node.name.startsWith("attention_lens/") &&
        before &&
        isShort(node.inputs[0] ?? "")
      )
        return out.message(
          1,
          this.#written(
            node,
            () => before,
            (name) => name,
            bodies,
          ),
        );
      return bodies.size === 0 ? undefined : out.message(1, this.#written(node, same, same, bodies));
    }
    if (!node.inputs.some(isShort) && !node.outputs.some(isShort)) return undefined;
    const wide = (value: string): string => {
      if (!isShort(value)) return value;
      const known = floats.get(value);
      if (known !== undefined) return known;
      const name = `attention_lens/wide/${this.#next++}`;
      out.message(1, cast(value, name, FLOAT));
      floats.set(value, name);
      return name;
    };
    const inputs = node.inputs.map(wide);
    const rounded = node.outputs.filter((value) => isShort(value));
    const wideOutput = (value: string) => (isShort(value) ? `${value}${UNROUNDED}` : value);
    let at = 0;
    out.message(
      1,
      this.#written(node, () => inputs[at++] ?? "", wideOutput, bodies),
    );
    for (const value of rounded) out.message(1, cast(wideOutput(value), value, BFLOAT16));
    return out;
  }

  /** Bodies of a node in which something changes, as the content of a GraphProto. */
  #bodies(node: Node, view: GraphView): Map<string, Pieces> {
    const bodies = new Map<string, Pieces>();
    for (const { name, graph, range } of node.attributes.values()) {
      if (!graph) continue;
      const edits = this.edits(graph, view.body(node, graph));
      if (edits.length === 0) continue;
      for (const field of this.#renamer.fields(range)) {
        if (field.number !== 6) continue;
        const content = new Pieces();
        let from = field.content.start;
        for (const edit of edits) {
          content.add({ start: from, end: edit.start }).addAll(edit.by);
          from = edit.end;
        }
        bodies.set(name, content.add({ start: from, end: field.content.end }));
      }
    }
    return bodies;
  }

  /** The content of the node with other names and bodies. */
  #written(
    node: Node,
    input: (name: string) => string,
    output: (name: string) => string,
    bodies: ReadonlyMap<string, Pieces>,
  ): Pieces {
    const content = new Pieces();
    for (const name of node.inputs) content.text(1, input(name));
    for (const name of node.outputs) content.text(2, output(name));
    for (const field of this.#renamer.fields(node.range))
      content.addAll(this.#renamer.without(field.content, new Set(bodies.size === 0 ? [1, 2] : [1, 2, 5])));
    if (bodies.size === 0) return content;
    for (const { name, range } of node.attributes.values()) {
      const body = bodies.get(name);
      if (!body) content.message(5, this.#renamer.raw(range));
      else content.message(5, this.#renamer.without(range, new Set([6])).message(6, body));
    }
    return content;
  }
}

const UNROUNDED = "/attention_lens_unrounded";
const same = (name: string) => name;
