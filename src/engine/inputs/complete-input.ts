/** What was given, fitted to the model; what is missing is made up, with the sizes that are known. */
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import { embeddingRows } from "../../onnx/embedding-rows";
import { GraphView } from "../../onnx/graph-view";
import type { NamedArray } from "../../inputs/arrays";
import { fitFeeds } from "../../inputs/feeds";
import { oddValues } from "../../inputs/odd-values";
import type { SampleSet } from "../../inputs/sample-set";
import { symbolSizes, syntheticDims, syntheticFeeds } from "../../inputs/synthetic";
import { checkIds } from "./check-ids";
import { type CacheInputs, cacheOf } from "./cache-inputs";
import type { OpenModel } from "../model/open-model";
import { withinTables } from "./table-limits";
import { tokenFeeds, type TokenRole, tokenRoles } from "./token-feeds";

/**
 * What was given, fitted to the model; the caches of past keys and values are empty where nothing fills them.
 * @param beside the recording only gives what a text or pictures leave, and need not be whole
 */
export function completed(
  opened: OpenModel,
  given: ReadonlyMap<string, NamedArray>,
  choice: InputChoice | null,
  set: SampleSet | null,
  beside = false,
): {
  feeds: Map<string, NamedArray>;
  notices: string[];
  made: number;
  /** Sizes that nothing says, by symbol. */
  assumed: Record<string, number>;
} {
  const { inputs, file } = opened;
  const wanted = inputs.filter(({ name }) => given.has(name));
  const where = set?.name ?? "";
  const fitted = fitFeeds(wanted, given, where);
  const missing = inputs.filter(({ name }) => !given.has(name));
  // A recording must be whole, but for what a first step can do without.
  const cache = cacheOf(opened);
  const spared = withoutArrays(opened);
  const lacking = missing.filter(({ name }) => !spared.has(name));
  if (set?.recorded && set.partial !== true && !beside && lacking.length > 0)
    fitFeeds(lacking, given, where, set.names, choice?.arrays);
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
  const length = cache && opened.inputs.find(({ name }) => name === cache.ids)?.dims?.at(-1);
  if (cache && cache.length !== null && typeof length === "string" && !sizes.has(length))
    sizes.set(length, Math.min(cache.length, symbolSizes(inputs).get(length) ?? cache.length));
  const follows = new Set(cache ? derivedInputs(opened, cache, true) : []);
  const open = symbols(lacking.filter(({ name }) => !follows.has(name))).filter(
    (name) => !sizes.has(name) && !/batch/i.test(name),
  );
  const usual = symbolSizes(inputs, sizes);
  const within = withinTables(
    opened,
    new Map(open.map((name) => [name, usual.get(name) ?? 0])),
    (tried) =>
      new Map<string, readonly number[]>([
        ...syntheticDims(missing, withSizes(inputs, new Map([...sizes, ...tried]))),
        ...[...fitted.feeds].map(([name, { dims }]) => [name, dims] as const),
      ]),
  );
  for (const [name, size] of within.sizes) if (size !== usual.get(name)) sizes.set(name, size);
  const view = GraphView.of(file.model, file.source);
  const rows = embeddingRows(view);
  for (const [name, array] of fitted.feeds) checkIds(view, name, array, where);
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
  if (cache) for (const [name, array] of withTokens(opened, cache, feeds, given)) feeds.set(name, array);
  const notices = [...fitted.notices, ...oddValues(fitted.feeds)];
  if (wanted.length === 0) notices.push("The input is synthetic: made up by name, type and shape.");
  else if (lacking.length > 0)
    notices.push(`${lacking.map(({ name }) => name).join(", ")}: made up by name, type and shape.`);
  if (open.length > 0) {
    const table = symbolSizes(inputs, sizes);
    notices.push(
      `${open.map((name) => `${name} = ${table.get(name) ?? "?"}`).join(", ")} ${open.length === 1 ? "was" : "were"} assumed, since no input says it; set it with --dim ${open[0]}=N.`,
    );
  }
  notices.push(...within.notices);
  const assumed = Object.fromEntries(open.map((name) => [name, symbolSizes(inputs, sizes).get(name) ?? 0]));
  return { feeds, notices, made: missing.length, assumed };
}

/**
 * Inputs that a recording need not hold, with what they are given instead: caches begin empty, counts follow, and a
 * loop of the manifest sets some in every run.
 */
export function withoutArrays(opened: OpenModel): ReadonlyMap<string, string> {
  const cache = cacheOf(opened);
  const planned = opened.manifest?.manifest.loops?.flatMap(({ set }) => Object.keys(set ?? {})) ?? [];
  const set = planned.map((name) => [name, "set by the manifest's loop"] as const);
  if (!cache) return new Map(set);
  return new Map([
    ...set,
    ...derivedInputs(opened, cache, cache.length !== null).map(
      (name) => [name, "follows from the tokens"] as const,
    ),
    ...cache.inputs.map((name) => [name, "begins empty"] as const),
  ]);
}

/** Inputs that follow from the tokens alone. @param masks whether a mask does, such as the one over a buffer */
function derivedInputs(opened: OpenModel, cache: CacheInputs, masks: boolean): string[] {
  const counted: readonly TokenRole[] = ["lengthsLessOne", "total", "past", "cachePositions"];
  return [...tokenRoles(opened, cache)].flatMap(([name, role]) =>
    counted.includes(role) || (masks && role === "mask" && cache.pairs.length > 0) ? [name] : [],
  );
}

/** Lengths that nobody gave, by the tokens that were; and empty buffers. */
function withTokens(
  opened: OpenModel,
  cache: CacheInputs,
  feeds: ReadonlyMap<string, NamedArray>,
  given: ReadonlyMap<string, NamedArray>,
): Map<string, NamedArray> {
  const made = new Map<string, NamedArray>();
  const ids = feeds.get(cache.ids ?? "");
  const derived = derivedInputs(opened, cache, true).filter((name) => !given.has(name));
  if (ids && derived.length > 0) {
    const queries = ids.dims.at(-1) ?? 1;
    // Those of an encoder are as long as its text, and longer than an empty past.
    const pasts = cache.pairs.map(({ input }) => feeds.get(input)?.dims[2] ?? 0);
    const before = cache.length === null && pasts.length > 0 ? Math.min(...pasts) : 0;
    const batch = ids.dims.length > 1 ? (ids.dims[0] ?? 1) : 1;
    const visible = Array.from({ length: batch }, (_, row) =>
      Array.from({ length: before + queries }, (_, at) =>
        maskAt(opened, cache, given, row, at, before + queries),
      ),
    );
    const follow = tokenFeeds(opened, cache, { visible, queries }, new Map());
    for (const name of derived) {
      const array = follow.get(name);
      if (array) made.set(name, array);
    }
  }
  if (cache.length !== null)
    for (const { input } of cache.pairs) {
      const array = feeds.get(input);
      if (array && !given.has(input) && !Array.isArray(array.data))
        made.set(input, { ...array, data: emptied(array.data) });
    }
  return made;
}

/** Whether a token is seen, by the mask that was given; 1 where there is none. */
function maskAt(
  opened: OpenModel,
  cache: CacheInputs,
  given: ReadonlyMap<string, NamedArray>,
  row: number,
  at: number,
  length: number,
): number {
  const [name] = [...tokenRoles(opened, cache)].find(([, role]) => role === "mask") ?? [];
  const mask = name === undefined ? undefined : given.get(name);
  return mask?.dims.at(-1) === length ? Number(mask.data[row * length + at] ?? 1) : 1;
}

function emptied<A extends Exclude<NamedArray["data"], string[]>>(data: A): A {
  const copy = data.slice() as A;
  if (copy instanceof BigInt64Array || copy instanceof BigUint64Array) copy.fill(0n);
  else (copy as Float32Array).fill(0);
  return copy;
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
