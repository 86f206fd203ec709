/** What was given, fitted to the model; what is missing is made up, with the sizes that are known. */
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import { embeddingRows } from "../onnx/embedding-rows";
import { GraphView } from "../onnx/graph-view";
import type { NamedArray } from "../inputs/arrays";
import { fitFeeds } from "../inputs/feeds";
import type { SampleSet } from "../inputs/sample-set";
import { symbolSizes, syntheticFeeds } from "../inputs/synthetic";
import { cacheOf } from "./cache-inputs";
import type { OpenModel } from "./open-model";

/** What was given, fitted to the model; the caches of past keys and values are empty where nothing fills them. */
export function completed(
  opened: OpenModel,
  given: ReadonlyMap<string, NamedArray>,
  choice: InputChoice | null,
  set: SampleSet | null,
): { feeds: Map<string, NamedArray>; notices: string[]; made: number } {
  const { inputs, file } = opened;
  const wanted = inputs.filter(({ name }) => given.has(name));
  const where = set?.name ?? "";
  const fitted = fitFeeds(wanted, given, {}, where);
  const missing = inputs.filter(({ name }) => !given.has(name));
  // A recording must be whole, but for the caches that a first step has none of.
  const caches = new Set(cacheOf(opened)?.inputs ?? []);
  const lacking = missing.filter(({ name }) => !caches.has(name));
  if (set && set.recorded && lacking.length > 0) fitFeeds(lacking, given, {}, where, set.names);
  const sizes = new Map([...boundSymbols(wanted, fitted.feeds), ...Object.entries(choice?.dims ?? {})]);
  const unknown = Object.keys(choice?.dims ?? {}).filter(
    (name) => !inputs.some(({ dims }) => dims?.some((dim) => typeof dim === "string" && dim.includes(name))),
  );
  if (unknown.length > 0)
    throw new AttentionError(
      "inputMismatch",
      `No input of the model has a dimension ${unknown.join(", ")}.`,
      {
        fix: `There are ${symbols(inputs).join(", ") || "none that are open"}.`,
      },
    );
  const rows = embeddingRows(GraphView.of(file.model, file.source));
  const synthetic = syntheticFeeds(missing, {
    rows,
    sizes: withSizes(inputs, sizes),
    seed: choice?.synthetic?.seed ?? 0,
  });
  const feeds = new Map(
    inputs.flatMap(({ name }) => {
      const array = fitted.feeds.get(name) ?? synthetic.get(name);
      return array ? [[name, array] as const] : [];
    }),
  );
  const notices = [...fitted.notices];
  if (wanted.length === 0) notices.push("The input is synthetic: made up by name, type and shape.");
  else if (lacking.length > 0)
    notices.push(`${lacking.map(({ name }) => name).join(", ")}: made up by name, type and shape.`);
  const open = symbols(lacking).filter((name) => !sizes.has(name) && !/batch/i.test(name));
  if (open.length > 0) {
    const table = symbolSizes(inputs, sizes);
    notices.push(
      `${open.map((name) => `${name} = ${table.get(name) ?? "?"}`).join(", ")} ${open.length === 1 ? "was" : "were"} assumed, since no input says it; set it with --dim ${open[0]}=N.`,
    );
  }
  return { feeds, notices, made: missing.length };
}

/** Sizes for symbols, those of what is given first, for what is made up beside it. */
function withSizes(inputs: OpenModel["inputs"], known: ReadonlyMap<string, number>): Map<string, number> {
  return symbolSizes(inputs, known);
}

function symbols(inputs: OpenModel["inputs"]): string[] {
  const found = inputs.flatMap(
    ({ dims }) => dims?.filter((dim) => typeof dim === "string" && /^\w+$/.test(dim)) ?? [],
  );
  return [...new Set(found.map(String))].filter((name) => !/past|cache/i.test(name));
}

function boundSymbols(
  inputs: OpenModel["inputs"],
  feeds: ReadonlyMap<string, NamedArray>,
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, dims } of inputs)
    dims?.forEach((dim, axis) => {
      const size = feeds.get(name)?.dims[axis];
      if (typeof dim === "string" && size !== undefined) sizes.set(dim, size);
    });
  return sizes;
}
