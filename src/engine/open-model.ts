/** A model that was scanned: its file, its manifest, its sites, and the summary that the view shows. */
import path from "node:path";
import { type ModelSummary, type Site, siteSchema, type TensorSignature } from "../shared/model";
import { count, bytes as formatBytes } from "../shared/format";
import { discover, type Discovery } from "../attention/discover";
import { elementTypeName, type ValueInfo } from "../onnx/model";
import { matchesGlob } from "../inputs/glob";
import { type LoadedManifest, loadManifest, type Manifest } from "../inputs/manifest";
import { ModelFile } from "./model-file";
import type { Phases } from "./phases";

export interface OpenModel {
  readonly file: ModelFile;
  readonly manifest: LoadedManifest | null;
  /** Inputs that a run must be given: graph inputs that are no initializers. */
  readonly inputs: readonly TensorSignature[];
  readonly summary: ModelSummary;
}

export function openModel(modelPath: string, phases: Phases): OpenModel {
  phases.start("read");
  const file = new ModelFile(modelPath);
  const { model } = file;
  phases.end("read", `${formatBytes(model.bytesRead)} read of ${formatBytes(file.size)}`);
  phases.start("find");
  const manifest = loadManifest(modelPath);
  const found = discover(model, file);
  const sites = found.sites.map((site) => toSite(site, manifest?.manifest));
  phases.end("find", sitesText(sites));
  const inputs = model.graph.inputs
    .filter((input) => !model.graph.initializers.has(input.name))
    .map(signature);
  const parameters = [...model.graph.initializers.values()]
    .filter((tensor) => [1, 2, 3, 10, 11, 16].includes(tensor.elementType))
    .reduce((all, tensor) => all + tensor.dims.reduce((product, dim) => product * dim, 1), 0);
  return {
    file,
    manifest,
    inputs,
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

/** A site as the view sees it, with the manifest's component name in place of its own. */
export function toSite(discovered: Discovery["sites"][number], manifest: Manifest | undefined): Site {
  const component = manifest?.components?.find(
    ({ match }) => matchesGlob(match, discovered.name) || matchesGlob(match, discovered.id),
  );
  return siteSchema.parse({ ...discovered, component: component?.name ?? discovered.component });
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
