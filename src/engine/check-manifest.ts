/** The manifest beside a model, checked against its schema, the model's graph and the files that it names. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Capture } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { ManifestReport, ManifestReportProblem } from "../shared/manifest-report";
import { discover } from "../attention/discover";
import type { OnnxModel } from "../onnx/model";
import { manifestPath, parseManifest } from "../inputs/manifest";
import { checkManifest } from "../inputs/manifest/check";
import type { CheckedModel } from "../inputs/manifest/checks/context";
import type { ManifestText, TextRange } from "../inputs/manifest/document";
import { type ManifestProblem, pathText, problem } from "../inputs/manifest/problem";
import type { Manifest } from "../inputs/manifest/schema";
import { type OpenModel, openModel } from "./open-model";
import { Phases } from "./phases";

/**
 * @param opened the model that is open, if it is this one
 * @param capture its last capture: the sizes of its maps are the run's own
 */
export function checkManifestOf(
  modelPath: string,
  opened: OpenModel | undefined,
  capture: Capture | undefined,
): ManifestReport {
  const file = manifestPath(modelPath);
  if (!existsSync(file)) return { file, exists: false, problems: [] };
  const { manifest, text, problems } = parseManifest(readFileSync(file, "utf8"));
  const found: ManifestReportProblem[] = text.syntaxErrors.map(({ message, range }) => ({
    path: "",
    message,
    severity: "error",
    ...range,
  }));
  const isOpen = opened !== undefined && path.resolve(opened.file.path) === path.resolve(modelPath);
  const beside = isOpen ? problemsBeside(manifest, opened, capture) : problemsOfClosed(manifest, modelPath);
  return { file, exists: true, problems: [...found, ...placed([...problems, ...beside], text)] };
}

function problemsOfClosed(manifest: Manifest, modelPath: string): readonly ManifestProblem[] {
  let model: OpenModel | undefined;
  try {
    model = openModel(modelPath, new Phases(() => undefined));
    return problemsBeside(manifest, model, undefined);
  } catch (error) {
    const why = AttentionError.wrap(error).message;
    const message = `${path.basename(modelPath)} cannot be read, so that only the fields are checked: ${why}`;
    return [problem([], message, { severity: "warning" })];
  } finally {
    model?.file.close();
  }
}

function problemsBeside(
  manifest: Manifest,
  opened: OpenModel,
  capture: Capture | undefined,
): readonly ManifestProblem[] {
  const { file, inputs, summary } = opened;
  return checkManifest(manifest, path.dirname(file.path), inputs, (fed) => {
    const sized = new Map(
      discover(file.model, file.source, fed.size > 0 ? fed : undefined).sites.map((site) => [site.id, site]),
    );
    const ran = new Map(capture?.sites.map((site) => [site.id, site]));
    const { graph } = file.model;
    return {
      inputs,
      outputs: summary.outputs,
      weights: new Map([...graph.initializers].map(([name, { dims }]) => [name, dims])),
      hasTensor: namesOf(file.model),
      sites: summary.sites.map((site): CheckedModel["sites"][number] => {
        const { heads, queries, keys } = ran.get(site.id) ?? sized.get(site.id) ?? site;
        const { id, name, component, layer } = site;
        return { id, name, component, layer, batch: ran.get(site.id)?.batch ?? null, heads, queries, keys };
      }),
    };
  });
}

function namesOf({ graph }: OnnxModel): (name: string) => boolean {
  let names: Set<string> | undefined;
  return (name) => {
    names ??= new Set([
      ...graph.outputs.map((output) => output.name),
      ...graph.initializers.keys(),
      ...graph.nodes.flatMap((node) => [node.name, ...node.outputs]),
    ]);
    return name !== "" && names.has(name);
  };
}

/** With places; in the order of the text. */
function placed(problems: readonly ManifestProblem[], text: ManifestText): ManifestReportProblem[] {
  const rangeOf = ({ path: at, on }: ManifestProblem): TextRange => text.range(at, on);
  return problems
    .map((each) => ({
      path: pathText(each.path),
      message: each.message,
      severity: each.severity,
      ...rangeOf(each),
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
