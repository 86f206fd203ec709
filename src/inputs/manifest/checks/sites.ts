/** Checks of components and sites: patterns that match, declared maps that exist, heads and defaults that there are. */
import type { ManifestPath } from "../document";
import { matchesSite } from "../lookup";
import { didYouMean, some } from "../problem";
import type { ManifestPattern } from "../values";
import type { CheckContext, CheckedModel, CheckedSite } from "./context";

export function checkSites(context: CheckContext, model: CheckedModel): void {
  const { manifest } = context;
  manifest.components?.forEach(({ match, source }, index) => {
    checkPattern(context, model, match, ["components", index, "match"]);
    if (source !== undefined) context.files(source.replace(/:[^:]*$/, ""), ["components", index, "source"]);
  });
  manifest.sites?.forEach((site, index) => {
    const at = ["sites", index];
    if (site.match === undefined && site.tensor === undefined)
      context.add(at, 'Say which sites it is about with "match", or declare one with "tensor".');
    if (site.match !== undefined) checkPattern(context, model, site.match, [...at, "match"]);
    if (site.tensor !== undefined) {
      const shape = model.shapeOf(site.tensor);
      if (shape === undefined)
        context.add(
          [...at, "tensor"],
          `The graph has no output, tensor or node ${site.tensor}; its outputs are ${some(model.outputs.map(({ name }) => name))}.`,
        );
      if (shape && site.layout && shape.length !== site.layout.length)
        context.add(
          [...at, "layout"],
          `It has ${site.layout.length} axes and ${site.tensor} has ${shape.length}: [${shape.map((dim) => dim ?? "?").join(", ")}].`,
        );
      if (site.layout === undefined)
        context.add(
          at,
          'A declared site wants a "layout": the meaning of its axes, as ["batch", "heads", "queries", "keys"].',
        );
    }
    const { batchAxis } = site;
    if (typeof batchAxis === "object") {
      if (batchAxis.labels !== undefined && !Array.isArray(batchAxis.labels))
        context.array(batchAxis.labels, [...at, "batchAxis", "labels"]);
      if (batchAxis.valid !== undefined)
        context.array(
          batchAxis.valid,
          [...at, "batchAxis", "valid"],
          model.inputs.map(({ name }) => name),
        );
      if (batchAxis.default === "lastValid" && batchAxis.valid === undefined)
        context.add(
          [...at, "batchAxis", "default"],
          'lastValid wants "valid": the array that marks padding with 0.',
        );
    }
    const heads =
      site.match === undefined ? undefined : matched(model, site.match).find(headsDiffer(site.heads));
    if (heads)
      context.add(
        [...at, "heads"],
        `${heads.name} has ${heads.heads} heads by its graph, not ${site.heads}.`,
      );
  });
  checkDefaults(context, model);
}

const matched = (model: CheckedModel, pattern: ManifestPattern) =>
  model.sites.filter((site) => matchesSite(pattern, site));

const headsDiffer = (heads: number | undefined) => (site: CheckedSite) =>
  heads !== undefined && typeof site.heads === "number" && site.heads !== heads;

export function checkPattern(
  context: CheckContext,
  model: CheckedModel,
  pattern: ManifestPattern,
  at: ManifestPath,
): void {
  [pattern].flat().forEach((each, index) => {
    if (matched(model, each).length > 0) return;
    const names = model.sites.flatMap(({ id, name }) => [name, id]);
    const place = Array.isArray(pattern) ? [...at, index] : at;
    context.add(
      place,
      `${each} matches no site; sites are ${some(model.sites.map(({ name }) => name))}.${didYouMean(each, names)}`,
    );
  });
}

function checkDefaults(context: CheckContext, model: CheckedModel): void {
  const { defaults } = context.manifest;
  if (!defaults) return;
  const { site, heads, layers, query } = defaults;
  const named = model.sites.flatMap(({ id, name, component }) => [
    id,
    name,
    ...(component ? [component] : []),
  ]);
  if (site !== undefined && !named.includes(site))
    context.add(
      ["defaults", "site"],
      `No site or component is called ${site}; there is ${some(new Set(named))}.${didYouMean(site, named)}`,
    );
  const counts = model.sites.map((each) => each.heads);
  if (Array.isArray(heads) && counts.every((count) => typeof count === "number")) {
    const most = Math.max(0, ...counts);
    heads.forEach((head, index) => {
      if (most > 0 && head >= most)
        context.add(
          ["defaults", "heads", index],
          `There is no head ${head}: heads count from 0 to ${most - 1}.`,
        );
    });
  }
  const known = new Set(model.sites.map(({ layer }) => layer));
  layers?.forEach((layer, index) => {
    if (model.sites.length > 0 && !known.has(layer))
      context.add(["defaults", "layers", index], `There is no layer ${layer}: layers count from 0.`);
  });
  const segment = typeof query === "string" ? /^mean\((.+)\)$|^(.+)\[-?\d+\]$/.exec(query) : null;
  const name = segment?.[1] ?? segment?.[2];
  const names = segmentNames(context);
  if (name !== undefined && !names.includes(name))
    context.add(
      ["defaults", "query"],
      `There is no segment ${name}; there is ${some(names)}.${didYouMean(name, names)}`,
    );
}

/** Names of all segments, wherever they are written. */
export function segmentNames({ manifest }: CheckContext): string[] {
  const lists = [
    manifest.segments ?? [],
    ...Object.values(manifest.axes ?? {}),
    ...(manifest.sites ?? []).flatMap(({ queries, keys }) =>
      [queries, keys].map((side) =>
        Array.isArray(side) ? side.filter((part) => typeof part !== "string") : [],
      ),
    ),
  ];
  return [
    ...new Set(
      lists
        .flat()
        .flatMap((segment) =>
          "interleave" in segment ? segment.interleave.map(({ name }) => name) : [segment.name],
        ),
    ),
  ];
}
