/**
 * A site's module path, component and layer, from what its exporter left (`capture.md`, "Where a site is in the
 * source"): torch dynamo keeps scopes as metadata, TorchScript keeps the path in the node's name.
 */
import type { SourceLocation } from "../shared/model";
import { CALLS_KEY } from "../onnx/functions/copy";
import type { Node } from "../onnx/model";

/** Module path of a node, outermost first; empty when the export kept none. */
export function modulePath(node: Node): readonly string[] {
  const scopes = node.metadata.get("pkg.torch.onnx.name_scopes");
  if (scopes) {
    // A Python list of paths, each extending the one before; the last entry is the node itself.
    const entries = [...scopes.matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2] ?? "");
    const module = entries.slice(0, -1).filter(Boolean).pop();
    if (module) return module.split(".");
  }
  if (node.name.startsWith("/")) {
    const parts = node.name.split("/").filter(Boolean);
    return parts.slice(0, -1).flatMap((part) => part.split("."));
  }
  return [];
}

const foreignFile = /site-packages|dist-packages|<[^>]+>/;

/** The innermost frame of the user's own code that made a node, as torch dynamo or jax2onnx wrote it down. */
export function sourceLocation(node: Node): SourceLocation | null {
  const frames = [...torchFrames(node), ...jaxFrames(node)];
  return frames.find(({ file }) => !foreignFile.test(file)) ?? null;
}

/** `File "model.py", line 12, in forward`, outermost first; here turned round. */
function torchFrames(node: Node): SourceLocation[] {
  const trace = node.metadata.get("pkg.torch.onnx.stack_trace") ?? "";
  return [...trace.matchAll(/File "([^"]+)", line (\d+)/g)]
    .map((match) => ({ file: match[1] ?? "", line: Number(match[2]) }))
    .reverse();
}

/** `model.py:12 (Attention.__call__)`, innermost first; kept by jax2onnx where full stack traces were asked for. */
function jaxFrames(node: Node): SourceLocation[] {
  const trace = node.metadata.get("pkg.jax2onnx.jax_traceback") ?? "";
  return [...trace.matchAll(/^(.+):(\d+)(?: \(.*\))?$/gm)].map((match) => ({
    file: match[1] ?? "",
    line: Number(match[2]),
  }));
}

export interface SiteName {
  readonly name: string;
  readonly component: string | null;
  readonly layer: number | null;
}

/** Words for a list of layers, which say nothing as the name of a component. */
const listWords =
  /^(layers?|blocks?|h|resblocks|stages?|units?|encoder_layers?|decoder_layers?|transformer_blocks)(_\d+)?$/;

interface Parsed {
  readonly path: readonly string[];
  readonly before: string;
  readonly layer: number | null;
  readonly after: string;
}

const isNumbered = (part: string) => /^\d+$/.test(part) || /^(layers?|blocks?|h)_\d+$/.test(part);

/** The list that a path's last number stands in, the numbers before it left open. */
function innerList(path: readonly string[]): string {
  return path
    .slice(0, path.findLastIndex(isNumbered))
    .map((part) => part.replace(/\d+$/, "*"))
    .join(".");
}

/**
 * Lists inside the layers whose entries are unlike each other: `block.3.layer.1.EncDecAttention` is the second part of
 * layer 3. Their numbers tell what an entry is and not which layer.
 */
function unlikeLists(paths: readonly (readonly string[])[]): ReadonlySet<string> {
  const lists = new Map<string, { number: string; after: string; within: string }[]>();
  for (const path of paths) {
    if (path.filter(isNumbered).length < 2) continue;
    const at = path.findLastIndex(isNumbered);
    const entry = {
      number: path[at] ?? "",
      after: path.slice(at + 1).join("."),
      within: path.slice(0, at).join("."),
    };
    lists.set(innerList(path), [...(lists.get(innerList(path)) ?? []), entry]);
  }
  const unlike = [...lists].filter(([list, entries]) => {
    const distinct = (of: (entry: (typeof entries)[number]) => string) => new Set(entries.map(of)).size;
    const kinds = distinct(({ after }) => after);
    const oneEach =
      distinct(({ number }) => number) === kinds &&
      distinct(({ number, after }) => `${number} ${after}`) === kinds;
    // One kind alone may as well be the only layer of a stage, but for the word that T5 has for its parts.
    return oneEach && (kinds > 1 || (list.endsWith(".layer") && distinct(({ within }) => within) > 1));
  });
  return new Set(unlike.map(([list]) => list));
}

function parse(path: readonly string[], unlike: ReadonlySet<string>): Parsed {
  const last = path.findLastIndex(isNumbered);
  const isPart = unlike.has(innerList(path));
  const at = isPart ? path.slice(0, last).findLastIndex(isNumbered) : last;
  if (at < 0) return { path, before: path.join("."), layer: null, after: "" };
  const layer = Number(path[at]?.match(/\d+$/)?.[0]);
  let before = path.slice(0, at);
  if (listWords.test(before[before.length - 1] ?? "") && before.length > 1) before = before.slice(0, -1);
  return { path, before: before.join("."), layer, after: path.slice(last + 1).join(".") };
}

/** The functions that a node was copied from, outermost first, as one text; empty for a node of the graph. */
function functionsOf(node: Node): string {
  const calls = node.metadata.get(CALLS_KEY);
  if (calls === undefined) return "";
  // A number at the end tells variants of one module apart.
  return [...calls.matchAll(/\["([^"]*)"/g)]
    .map((match) => (match[1] ?? "").replace(/[._]\d+$/, ""))
    .join(".");
}

/**
 * Component and layer of sites that lie in functions. A call's name rarely tells the layer truly, so that the calls of
 * the same functions are counted, unless their names number each of them.
 */
function inFunctions(nodes: readonly Node[], parsed: readonly Parsed[]): Map<number, Omit<SiteName, "name">> {
  const groups = new Map<string, number[]>();
  const inCall = new Map<string, number>();
  nodes.forEach((node, index) => {
    const functions = functionsOf(node);
    if (functions === "") return;
    const call = node.metadata.get(CALLS_KEY) ?? "";
    const before = inCall.get(call) ?? 0;
    inCall.set(call, before + 1);
    const group = before === 0 ? functions : `${functions}#${before}`;
    groups.set(group, [...(groups.get(group) ?? []), index]);
  });
  const result = new Map<number, Omit<SiteName, "name">>();
  for (const [group, members] of groups) {
    const layers = new Set(members.map((index) => parsed[index]?.layer));
    if (layers.size === members.length && !layers.has(null)) continue;
    const component = groups.size > 1 ? group : null;
    members.forEach((index, layer) => result.set(index, { component, layer }));
  }
  return result;
}

/**
 * Names of all sites of a model, in graph order. Two sites of one layer (self and cross attention of a decoder) are
 * told apart by what follows the layer in their paths. Sites without a path are numbered in graph order.
 */
export function nameSites(nodes: readonly Node[]): SiteName[] {
  const paths = nodes.map(modulePath);
  const unlike = unlikeLists(paths);
  const parsed = paths.map((path) => parse(path, unlike));
  const key = (each: Parsed) => `${each.before}|${each.layer}`;
  const counts = new Map<string, number>();
  for (const each of parsed) counts.set(key(each), (counts.get(key(each)) ?? 0) + 1);
  const crowded = new Set(
    parsed
      .filter((each) => each.layer !== null && (counts.get(key(each)) ?? 0) > 1)
      .map((each) => each.before),
  );
  const counted = inFunctions(nodes, parsed);
  let unnamed = 0;
  const taken = new Map<string, number>();
  return parsed.map((each, index) => {
    const node = nodes[index] as Node;
    const unique = (name: string) => {
      const times = taken.get(name) ?? 0;
      taken.set(name, times + 1);
      return times === 0 ? name : `${name}#${times}`;
    };
    if (each.path.length === 0) {
      return {
        name: unique(node.name || node.outputs[0] || `${node.opType}_${index}`),
        component: null,
        layer: unnamed++,
      };
    }
    const inFunction = counted.get(index);
    if (inFunction) return { name: unique(each.path.join(".")), ...inFunction };
    const component =
      crowded.has(each.before) && each.after
        ? [each.before, each.after].filter(Boolean).join(".")
        : each.before;
    return { name: unique(each.path.join(".")), component: component || null, layer: each.layer };
  });
}
