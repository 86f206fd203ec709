/** The manifest beside a model, checked against its schema, the model's graph and the files that it names. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Capture } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import type { ManifestReport, ManifestReportProblem } from "../../shared/manifest-report";
import { discover } from "../../attention/discover";
import { GraphView } from "../../onnx/graph-view";
import { manifestPath, parseManifest, readManifest } from "../../inputs/manifest";
import { checkManifest } from "../../inputs/manifest/check";
import { componentOf, declaredIn } from "../../inputs/manifest/lookup";
import type { CheckedModel } from "../../inputs/manifest/checks/context";
import type { ManifestText, TextRange } from "../../inputs/manifest/document";
import { type ManifestProblem, pathText, problem } from "../../inputs/manifest/problem";
import type { Manifest } from "../../inputs/manifest/schema";
import { withoutArrays } from "../inputs/complete-input";
import { type OpenModel, openModel } from "../model/open-model";
import { Phases } from "../phases";

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
  const written = readManifest(file);
  if ("problem" in written) {
    const { problem: message } = written;
    const range = { line: 0, column: 0, endLine: 0, endColumn: 1 };
    return { file, exists: true, problems: [{ path: "", message, severity: "error", ...range }] };
  }
  const { manifest, text, problems } = parseManifest(written.content);
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
    const sized = discover(
      file.model,
      file.source,
      fed.size > 0 ? fed : undefined,
      declaredIn(manifest),
    ).sites;
    const ran = new Map(capture?.sites.map((site) => [site.id, site]));
    // What the search finds without sizes is more where a recording's sizes contradict the graph.
    const sites = sized.length >= summary.sites.length ? sized : summary.sites;
    const { graph } = file.model;
    return {
      inputs,
      spared: new Set(withoutArrays(opened).keys()),
      outputs: summary.outputs,
      weights: new Map([...graph.initializers].map(([name, { dims }]) => [name, dims])),
      shapeOf: shapesOf(opened),
      sites: sites.map((site): CheckedModel["sites"][number] => {
        const { heads, queries, keys } = ran.get(site.id) ?? site;
        const { id, name, layer } = site;
        const component = componentOf(manifest, site) ?? site.component;
        return { id, name, component, layer, batch: ran.get(id)?.batch ?? null, heads, queries, keys };
      }),
    };
  });
}

/** Shapes of what the graph makes, by the name of a tensor or a node. */
function shapesOf({ file }: OpenModel): CheckedModel["shapeOf"] {
  let view: GraphView | undefined;
  return (name) => {
    view ??= GraphView.of(file.model, file.source);
    const made = view.producer(name);
    const node = made ?? file.model.graph.nodes.find((each) => each.name !== "" && each.name === name);
    if (!node) return undefined;
    return view.shape(made ? name : (node.outputs[0] ?? "")) ?? null;
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
