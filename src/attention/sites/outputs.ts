/**
 * Outputs that hold maps which the graph does not compute before our eyes: folded into constants, or made by an operator
 * that nobody can look into. Each layer of a stack is a site. An output is taken for one by its name and its shape, and
 * says so; what is behind a site that was found is left to that site (`held.ts`).
 */
import type { Dim, NotSupported } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import type { Layout } from "../layout";
import { onlyLayout } from "../products";
import { givenSite } from "./given-map";
import type { FoundSite } from "./site";

/** Tensors behind one output that are looked at. */
const MAX_STEPS = 500;
/** A stack of more maps than any model has layers is something else. */
const MAX_LAYERS = 1_000;
const ROW_SUM_TOLERANCE = 1e-3;

/** Names under which exports return maps: attentions, encoder_attentions.0, attn_weights, attention_probs. */
const mapName =
  /attentions|att(ention|n)s?[._-]?(weight|prob|map|matri|score)s?|^(self_|cross_)?(attention|attn)s?([._-]?\d+)?$/i;
const otherName = /logit|mask|bias|output|hidden|scores?$/i;

/** Domains whose operators are known; what else computes a map cannot be looked into. */
const knownDomains = new Set(["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "ai.onnx.preview.training"]);
const controlFlow = new Set(["If", "Loop", "Scan"]);
const passesOn = new Set([...onlyLayout, "Concat", "Dropout", "ReduceMean"]);

/**
 * @param found sites of the graph and of its bodies
 * @param left outputs that the manifest speaks of
 */
export function outputSites(
  view: GraphView,
  found: readonly FoundSite[],
  left: ReadonlySet<string>,
): { readonly sites: readonly FoundSite[]; readonly notSupported: readonly NotSupported[] } {
  const sites: FoundSite[] = [];
  const notSupported: NotSupported[] = [];
  const batchNames = new Set(
    view.graph.inputs.flatMap(({ dims }) => (typeof dims?.[0] === "string" ? [dims[0]] : [])),
  );
  const withSites = new Set(found.flatMap(({ body }) => (body ? [body.node] : [])));
  for (const { name, dims, elementType } of view.graph.outputs) {
    const shape = view.shape(name) ?? dims ?? undefined;
    if (!shape || left.has(name) || !mapName.test(name) || otherName.test(name)) continue;
    if (![1, 10, 11, 16].includes(view.elementType(name) || elementType)) continue;
    const origin = originOf(name, view, withSites);
    if (origin === undefined || !sumsToOne(name, shape, view)) continue;
    const read = readAxes(shape, batchNames);
    if (!read) continue;
    const node = view.producer(name) ?? initializerNode(name, view);
    const layers = read.layerAxis === null ? 1 : shape[read.layerAxis];
    if (typeof layers !== "number" || layers > MAX_LAYERS) {
      const reason = `it seems to hold the maps of several layers, and the graph does not tell of how many: declare it in the manifest's \`sites\``;
      notSupported.push({ name, reason });
      continue;
    }
    for (let index = 0; index < layers; index++) {
      sites.push(
        givenSite(
          {
            ...{ node, tensor: name, shape, layout: read.layout, kind: "unknown" },
            layer: read.layerAxis === null ? null : { axis: read.layerAxis, index },
            averaged: read.averaged,
            called: {
              name: read.layerAxis === null ? name : `${name}[${index}]`,
              component: null,
              layer: read.layerAxis === null ? layerIn(name) : index,
            },
            assumed: [`the output ${name} holds attention by its name`, ...read.assumed],
            note: origin,
          },
          view,
        ),
      );
    }
  }
  return { sites, notSupported };
}

/** Why nothing is known behind an output, in words; undefined where the graph computes it with known operators. */
function originOf(output: string, view: GraphView, withSites: ReadonlySet<Node>): string | undefined {
  if (view.isConstant(output)) return "folded into a constant: it depends on no input";
  const queue = [output];
  const opaque = new Set<string>();
  for (let steps = 0; steps < Math.min(queue.length, MAX_STEPS); steps++) {
    const value = queue[steps] as string;
    if (view.isConstant(value)) continue;
    const node = view.producer(value);
    if (!node) return undefined;
    if (!knownDomains.has(node.domain)) opaque.add(`${node.domain}.${node.opType}`);
    else if (controlFlow.has(node.opType) && !withSites.has(node)) opaque.add(node.opType);
    else if (!passesOn.has(node.opType)) return undefined;
    else queue.push(...(node.opType === "Concat" ? node.inputs : node.inputs.slice(0, 1)));
  }
  return opaque.size > 0 ? `computed inside ${[...opaque].join(", ")}, where no site was found` : undefined;
}

interface ReadAxes {
  readonly layout: Layout;
  readonly layerAxis: number | null;
  readonly averaged: boolean;
  readonly assumed: readonly string[];
}

/** [T, S], [B, T, S] or [H, T, S], [B, H, T, S] or [L, B, T, S], [L, B, H, T, S] or [B, L, H, T, S]. */
function readAxes(shape: readonly Dim[], batchNames: ReadonlySet<string>): ReadAxes | undefined {
  const rank = shape.length;
  if (rank < 2 || rank > 5 || shape.slice(-2).includes(1)) return undefined;
  const named = shape.slice(0, -2).findIndex((dim) => typeof dim === "string" && batchNames.has(dim));
  const leading = leadingAxes(rank, named, shape[0] ?? null);
  const roles = { batch: "batch", heads: "head", layers: "batch" } as const;
  const layout: Layout = [
    ...leading.map((word, axis) => [{ role: roles[word], size: shape[axis] ?? null }]),
    [{ role: "query" as const, size: shape[rank - 2] ?? null }],
    [{ role: "key" as const, size: shape[rank - 1] ?? null }],
  ];
  const at = leading.indexOf("layers");
  const averaged = !leading.includes("heads") && leading.length > 0;
  return {
    layout,
    layerAxis: at < 0 ? null : at,
    averaged,
    assumed: [
      `its axes are ${[...leading, "queries", "keys"].join(", ")}`,
      ...(averaged ? ["its heads were averaged"] : []),
    ],
  };
}

function leadingAxes(rank: number, batch: number, first: Dim): readonly ("batch" | "heads" | "layers")[] {
  switch (rank) {
    case 5:
      return batch === 0 ? ["batch", "layers", "heads"] : ["layers", "batch", "heads"];
    case 4:
      return batch === 1 ? ["layers", "batch"] : ["batch", "heads"];
    case 3:
      return batch === 0 || first === 1 ? ["batch"] : ["heads"];
    default:
      return [];
  }
}

/** Whether the first rows of a constant sum to 1; what cannot be read is believed. */
function sumsToOne(output: string, shape: readonly Dim[], view: GraphView): boolean {
  const keys = shape.at(-1);
  if (typeof keys !== "number") return true;
  const values = view.firstValues(output, keys);
  if (!values) return true;
  const sum = values.reduce((all, value) => all + value, 0);
  return Math.abs(sum - 1) <= ROW_SUM_TOLERANCE && values.every((value) => value >= 0);
}

function layerIn(name: string): number | null {
  const number = /(\d+)$/.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

/** Stands for the node of an output that is an initializer. */
function initializerNode(name: string, view: GraphView): Node {
  return {
    ...{ index: view.graph.nodes.length, name, opType: "Constant", domain: "", overload: "" },
    ...{ inputs: [], outputs: [name], attributes: new Map(), metadata: new Map() },
    range: { start: 0, end: 0 },
  };
}
