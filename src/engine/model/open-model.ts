/** A model that was scanned: its file, its manifest, its sites, and the summary that the view shows. */
import path from "node:path";
import { type ModelSummary, type Site, siteSchema, type TensorSignature } from "../../shared/model";
import { count, bytes as formatBytes } from "../../shared/format";
import { discover, type Discovery } from "../../attention/discover";
import { explainSite } from "../../attention/explain";
import { GraphView } from "../../onnx/graph-view";
import { AttentionError } from "../../shared/errors";
import { elementTypeName, type ValueInfo } from "../../onnx/model";
import { bakedDims } from "../../onnx/baked-dims";
import { syntheticDims } from "../../inputs/synthetic";
import { type LoadedManifest, loadManifest } from "../../inputs/manifest";
import { componentOf, declaredIn, siteEntry } from "../../inputs/manifest/lookup";
import type { Manifest } from "../../inputs/manifest/schema";
import { ModelFile } from "./model-file";
import type { Phases } from "../phases";
import { SessionKeeper } from "../run/session-keeper";

export interface OpenModel {
  readonly file: ModelFile;
  readonly manifest: LoadedManifest | null;
  /** Inputs that a run must be given: graph inputs that are no initializers. */
  readonly inputs: readonly TensorSignature[];
  readonly summary: ModelSummary;
  /** The session of the last run. */
  readonly sessions: SessionKeeper;
}

export function openModel(modelPath: string, phases: Phases): OpenModel {
  phases.start("read");
  const file = new ModelFile(modelPath);
  const { model } = file;
  phases.end("read", `${formatBytes(model.bytesRead)} read of ${formatBytes(file.size)}`);
  phases.start("find");
  const manifest = loadManifest(modelPath);
  const inputs = model.graph.inputs
    .filter((input) => !model.graph.initializers.has(input.name))
    .map(signature);
  const found = findSites(file, inputs, manifest?.manifest);
  const sites = found.sites.map((site) => toSite(site, manifest?.manifest));
  phases.end("find", sitesText(sites));
  const parameters = [...model.graph.initializers.values()]
    .filter((tensor) => [1, 2, 3, 10, 11, 16].includes(tensor.elementType))
    .reduce((all, tensor) => all + tensor.dims.reduce((product, dim) => product * dim, 1), 0);
  return {
    file,
    manifest,
    inputs,
    sessions: new SessionKeeper(),
    summary: {
      path: modelPath,
      name: path.basename(modelPath),
      title: manifest?.manifest.title ?? path.basename(modelPath),
      fileBytes: file.size,
      bytesRead: model.bytesRead,
      nodes: model.graph.nodes.length,
      opset: model.opset,
      producer: model.producer,
      parameters,
      inputs,
      outputs: model.graph.outputs.map(signature),
      sites,
      notSupported: [...found.notSupported],
      otherSoftmaxes: [...found.otherSoftmaxes],
      manifest: manifest?.path ?? null,
      manifestProblems: [...(manifest?.problems ?? [])],
    },
  };
}

/**
 * Sites by the graph's own symbols. Where these do not tell a layout, sizes that its constants fix may; where neither
 * does, sizes of made-up inputs do, and what they say of queries and keys is left open, since another input has others.
 */
function findSites(
  file: ModelFile,
  inputs: readonly TensorSignature[],
  manifest: Manifest | undefined,
): Discovery {
  const declared = declaredIn(manifest);
  const symbolic = discover(file.model, file.source, undefined, declared);
  if (symbolic.notSupported.length === 0) return symbolic;
  // An export that baked the sizes of its example in runs with them alone: they are what there is to know.
  const baked = bakedDims(file.model, file.source);
  const fixed = baked && discover(file.model, file.source, baked, declared);
  if (fixed && fixed.sites.length > symbolic.sites.length) return fixed;
  const sized = discover(file.model, file.source, syntheticDims(inputs), declared);
  if (sized.sites.length <= symbolic.sites.length) return symbolic;
  const known = new Map(symbolic.sites.map((site) => [site.tensor, site]));
  return {
    ...sized,
    sites: sized.sites.map((site) => {
      const same = known.get(site.tensor);
      return { ...site, queries: same?.queries ?? null, keys: same?.keys ?? null };
    }),
  };
}

/** A site as the view sees it, with the manifest's component name and kind in place of its own. */
export function toSite(discovered: Discovery["sites"][number], manifest: Manifest | undefined): Site {
  return siteSchema.parse({
    ...discovered,
    component: componentOf(manifest, discovered) ?? discovered.component,
    kind: siteEntry(manifest, discovered)?.kind ?? discovered.kind,
  });
}

function sitesText(sites: readonly Site[]): string {
  const heads = sites.reduce((all, site) => (typeof site.heads === "number" ? all + site.heads : NaN), 0);
  const word = sites.length === 1 ? "site" : "sites";
  return `${count(sites.length)} ${word}${Number.isNaN(heads) ? "" : `, ${count(heads)} heads`}`;
}

function signature(info: ValueInfo): TensorSignature {
  return {
    name: info.name,
    dtype: elementTypeName(info.elementType),
    dims: info.dims ? [...info.dims] : null,
  };
}

/** The text of `explainSite` for the site of a name or id. */
export function explain({ file, inputs, manifest }: OpenModel, wanted: string): string {
  const { sites } = findSites(file, inputs, manifest?.manifest);
  const site = sites.find(({ id, name }) => id === wanted || name === wanted);
  if (!site) {
    const names = sites.slice(0, 8).map(({ name }) => name);
    throw new AttentionError("siteUnknown", `Nothing is named ${wanted}; sites are ${names.join(", ")}.`);
  }
  return explainSite(site, GraphView.of(file.model, file.source, syntheticDims(inputs)));
}
