/**
 * Copies the nodes of local functions to where they are called. The copy is what ONNX Runtime makes of a call before it
 * runs it: inputs and outputs take the names of the call, inner values names of their own, attributes by reference the
 * call's values. Large constants stay ranges of the file.
 * https://github.com/onnx/onnx/blob/main/docs/IR.md#functions
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Attribute, Graph, LocalFunction, Node } from "../model";
import { Pieces } from "../pieces";
import { keyOf, NotCopied } from "./call";
import { Renamer } from "../renamer";
import { labelOf, type Names, Scope } from "./scope";
import type { ByteSource } from "../source";

/** What the copies hold in memory, and what a model may have in all. */
const MAX_BYTES = 256e6;
const MAX_MODEL_BYTES = 2 ** 31 - 1;
/** A longer path of calls is cut in names. */
const MAX_PATH = 200;

/** Metadata of a copied node: the calls that lead to it, as JSON: [[function, name of the call], …], outermost first. */
export const CALLS_KEY = "attention_lens.calls";

/** Where a node is copied from and to. */
interface Context {
  /** Undefined in the graph itself, whose names stay. */
  readonly scope: Scope | undefined;
  /** Content of the attributes that the function was given, without their names. */
  readonly given: ReadonlyMap<string, Pieces>;
  readonly calls: readonly { readonly called: LocalFunction; readonly label: string }[];
  /** The call's own, which its nodes take over where they have none. */
  readonly metadata: ReadonlyMap<string, string>;
}

const inGraph: Context = { scope: undefined, given: new Map(), calls: [], metadata: new Map() };

export class Copier {
  readonly #functions: ReadonlyMap<string, LocalFunction>;
  readonly #names: Names;
  readonly #renamer: Renamer;
  readonly #touched = new Map<Node, boolean>();
  readonly used = new Set<LocalFunction>();
  #bytes = 0;
  #length = 0;

  /** @param functions by `keyOf`; their calls are checked (`checkCalls`) */
  constructor(source: ByteSource, functions: ReadonlyMap<string, LocalFunction>, names: Names) {
    this.#functions = functions;
    this.#names = names;
    this.#renamer = new Renamer(source);
  }

  get bytesRead(): number {
    return this.#renamer.bytesRead;
  }

  /** Whether a node is a call, or holds one in a body. */
  touches(node: Node): boolean {
    const known = this.#touched.get(node);
    if (known !== undefined) return known;
    const touched =
      this.#functions.has(keyOf(node)) ||
      [...node.attributes.values()].some(({ graph }) => graph?.nodes.some((inner) => this.touches(inner)));
    this.#touched.set(node, touched);
    return touched;
  }

  /** What takes the place of a node of the graph: fields of a GraphProto. Throws `NotCopied`. */
  replacement(node: Node): Pieces {
    const out = new Pieces();
    this.#copy(node, inGraph, out);
    return out;
  }

  #copy(node: Node, context: Context, out: Pieces): void {
    const called = this.#functions.get(keyOf(node));
    if (called) {
      this.#call(node, called, context, out);
      return;
    }
    const content = this.#node(node, context);
    this.#count(content);
    out.message(1, content);
  }

  #count(content: Pieces): void {
    this.#length += content.length;
    for (const piece of content.list) if (piece instanceof Uint8Array) this.#bytes += piece.length;
    if (this.#bytes > MAX_BYTES || this.#length > MAX_MODEL_BYTES)
      throw new NotCopied("the copies of functions would be too large");
  }

  #call(call: Node, called: LocalFunction, outer: Context, out: Pieces): void {
    this.used.add(called);
    const calls = [...outer.calls, { called, label: labelOf(call) }];
    const path = pathOf(calls);
    const actual = (name: string | undefined) => outer.scope?.name(name ?? "") ?? name ?? "";
    const given = new Map(called.inputs.map((input, index) => [input, actual(call.inputs[index])]));
    const passed: { readonly from: string; readonly to: string }[] = [];
    called.outputs.forEach((output, index) => {
      const to = actual(call.outputs[index]);
      if (given.has(output)) passed.push({ from: output, to });
      else given.set(output, to || this.#names.fresh(`${path}/${output}`));
    });
    const attributes = new Map<string, Pieces>();
    for (const each of called.defaults) attributes.set(each.name, this.#value(each, inGraph) ?? new Pieces());
    for (const each of call.attributes.values()) {
      const value = this.#value(each, outer);
      if (value) attributes.set(each.name, value);
    }
    const context: Context = {
      scope: Scope.ofCall(this.#names, `${path}/`, given),
      given: attributes,
      calls,
      metadata: new Map([...outer.metadata, ...call.metadata]),
    };
    for (const node of called.nodes) this.#copy(node, context, out);
    // An output that is an input or another output has no node that makes it.
    for (const { from, to } of passed) {
      if (to === "") continue;
      const identity = new Pieces()
        .text(1, given.get(from) ?? "")
        .text(2, to)
        .text(4, "Identity");
      this.#count(identity);
      out.message(1, identity);
    }
  }

  /** The content of a NodeProto. */
  #node(node: Node, context: Context): Pieces {
    const { scope, calls } = context;
    const name = (value: string) => scope?.name(value) ?? value;
    const content = new Pieces();
    for (const input of node.inputs) content.text(1, name(input));
    for (const output of node.outputs) content.text(2, name(output));
    content.text(3, calls.length === 0 ? node.name : `/${pathOf(calls)}/${labelOf(node)}`);
    content.text(4, node.opType);
    for (const attribute of node.attributes.values()) {
      const value = this.#attribute(attribute, context);
      if (value) content.message(5, value);
    }
    if (node.domain) content.text(7, node.domain);
    if (node.overload) content.text(8, node.overload);
    const metadata = new Map([...context.metadata, ...node.metadata]);
    if (calls.length > 0)
      metadata.set(CALLS_KEY, JSON.stringify(calls.map(({ called, label }) => [called.name, label])));
    for (const [key, value] of metadata) content.message(9, new Pieces().text(1, key).text(2, value));
    return content;
  }

  /** The content of an AttributeProto; undefined where the call gave no value. */
  #attribute(attribute: Attribute, context: Context): Pieces | undefined {
    const isPlain = attribute.ref === undefined && attribute.graph === undefined;
    if (isPlain && (!attribute.holdsGraphs || !context.scope)) return this.#renamer.raw(attribute.range);
    const value = this.#value(attribute, context);
    return value && new Pieces().text(1, attribute.name).addAll(value);
  }

  /** An attribute without its name. */
  #value(attribute: Attribute, context: Context): Pieces | undefined {
    const { range, ref, graph, holdsGraphs } = attribute;
    if (ref !== undefined && context.scope) return context.given.get(ref);
    if (holdsGraphs && context.scope) throw new NotCopied("a function holds a list of graphs");
    const rest = this.#renamer.without(range, new Set([1, 6, 13, 21]));
    if (!graph) return rest;
    for (const { number, content } of this.#renamer.fields(range))
      if (number === 6) rest.message(6, this.#graph(graph, content, context));
    return rest;
  }

  /** The content of a GraphProto: a body. */
  #graph(graph: Graph, range: { readonly start: number; readonly end: number }, context: Context): Pieces {
    const inner = { ...context, scope: context.scope?.body(graph) };
    const { scope } = inner;
    const rename = (name: string) => scope?.name(name) ?? name;
    const out = new Pieces();
    let index = 0;
    for (const { number, whole, content } of this.#renamer.fields(range)) {
      if (number === 1) {
        const node = graph.nodes[index++] as Node;
        if (scope || this.touches(node)) this.#copy(node, inner, out);
        else out.addAll(this.#renamer.raw(whole));
      } else if (!scope) out.addAll(this.#renamer.raw(whole));
      else if (number === 5) out.message(5, this.#renamer.named(content, 8, rename));
      else if (number === 11 || number === 12 || number === 13)
        out.message(number, this.#renamer.named(content, 1, rename));
      else if (number === 15) throw new NotCopied("a body in a function holds a sparse tensor");
      else if (number !== 14) out.addAll(this.#renamer.raw(whole));
    }
    return out;
  }
}

function pathOf(calls: Context["calls"]): string {
  const path = calls.map(({ label }) => label).join("/");
  return path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path;
}

/** An `opset_import` of a model. */
export function opsetImport(domain: string, version: number): Pieces {
  return new Pieces().text(1, domain).add(new BinaryWriter().tag(2, WireType.Varint).int64(version).finish());
}
