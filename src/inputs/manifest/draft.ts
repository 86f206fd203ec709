/**
 * A manifest to begin with, from what graph and data show. What is guessed says so in a comment; what nothing shows is
 * left out.
 */
import type { Dim, Site, TensorSignature } from "../../shared/model";
import { assumedGrid, gridSegments, gridSentence, type PictureInput } from "../assumed-grid";
import type { ArrayHeader } from "../files/lazy-arrays";
import { matchesGlob } from "../glob";
import { pathText } from "./problem";
import { manifestText } from "./write-text";

/** A softmax, or an output, that may be a map. */
export interface Candidate {
  readonly name: string;
  readonly reason: string;
  readonly dims: readonly Dim[] | null;
}

export interface DraftFacts {
  readonly name: string;
  readonly inputs: readonly TensorSignature[];
  /** With sizes of the recorded input, where they follow from it. */
  readonly sites: readonly Pick<Site, "id" | "name" | "component" | "queries" | "keys" | "kind" | "source">[];
  /** Numbers of tokens that the graph itself says: others are the recording's. */
  readonly fixed: ReadonlySet<Dim>;
  readonly candidates: readonly Candidate[];
  /** The recorded file that fits best, with its arrays. */
  readonly recorded: { readonly file: string; readonly arrays: ReadonlyMap<string, ArrayHeader> } | null;
  /** Files of arrays of which none has an input's name, where no file fits. */
  readonly others?: readonly { readonly file: string; readonly arrays: ReadonlyMap<string, ArrayHeader> }[];
  readonly pictures: readonly PictureInput[];
  readonly tokenizer: boolean;
  readonly preprocessor: boolean;
  /** Source files beside the model. */
  readonly sources: readonly string[];
}

class Draft {
  readonly value: Record<string, unknown> = { version: 1 };
  readonly comments = new Map<string, string[]>();

  say(path: (string | number)[], ...sentences: string[]): void {
    const key = pathText(path);
    this.comments.set(key, [...(this.comments.get(key) ?? []), ...sentences]);
  }
}

export function draftManifest(facts: DraftFacts): string {
  const draft = new Draft();
  draft.value["title"] = facts.name.replace(/\.onnx$/, "");
  addInputs(draft, facts);
  addSegments(draft, facts);
  addComponents(draft, facts);
  addCandidates(draft, facts);
  const [source] = facts.sources;
  if (source !== undefined) draft.value["source"] = source;
  draft.say(
    [],
    "What graph and data show of this model. What says “assumed” is a guess: correct it.",
    "All fields: docs/manifest.md.",
  );
  return manifestText(draft.value, draft.comments, pathText);
}

const isIds = ({ name, dtype }: TensorSignature) => /^int/.test(dtype) && /(^|_)(ids|tokens)$/.test(name);

function addInputs(draft: Draft, facts: DraftFacts): void {
  const { inputs, recorded, others = [], tokenizer, preprocessor, pictures } = facts;
  const written: Record<string, unknown> = {};
  if (recorded) {
    written["file"] = recorded.file;
    const mapped = inputs.flatMap((input) => {
      if (recorded.arrays.has(input.name)) return [];
      const array = byShape(input, recorded.arrays);
      return array === undefined ? [] : [[input.name, array] as const];
    });
    if (mapped.length > 0) {
      written["arrays"] = Object.fromEntries(mapped);
      for (const [input] of mapped)
        draft.say(["inputs", "arrays", input], "Assumed: the one array of this type and shape.");
    }
    const used = new Set([...inputs.map(({ name }) => name), ...mapped.map(([, array]) => array)]);
    const rest = [...recorded.arrays].filter(([name]) => !used.has(name)).slice(0, 12);
    if (rest.length > 0) {
      const list = rest.map(([name, { dims }]) => `${name} [${dims.join(", ")}]`).join(", ");
      draft.say(["inputs"], `Also recorded, for labels and steps: ${list}.`);
    }
  }
  if (!recorded) for (const other of others) addOther(draft, inputs, other, written);
  const ids = inputs.find(isIds);
  if (tokenizer && ids && !recorded) {
    written["texts"] = [
      {
        text: "The quick brown fox jumps over the lazy dog.",
        ...(ids.name === "input_ids" ? {} : { ids: ids.name }),
      },
    ];
    draft.say(["inputs", "texts"], "The tokenizer.json beside the model makes ids of it.");
  }
  if (preprocessor && pictures.length > 0)
    draft.say(
      ["inputs"],
      `preprocessor_config.json says how pictures become ${pictures.map(({ name }) => name).join(" and ")}.`,
    );
  if (Object.keys(written).length > 0 || draft.comments.has("inputs")) draft.value["inputs"] = written;
}

/** A file whose arrays have other names than the inputs: what fits by shape alone is assumed, the rest is listed. */
function addOther(
  draft: Draft,
  inputs: readonly TensorSignature[],
  { file, arrays }: NonNullable<DraftFacts["others"]>[number],
  written: Record<string, unknown>,
): void {
  const known = (written["arrays"] ?? {}) as Record<string, object>;
  const taken = new Set<string>();
  for (const input of inputs) {
    const array = byShape(input, arrays);
    // Without a size that is fixed, every array of so many axes would fit.
    if (array === undefined || input.name in known || taken.has(array) || !hasFixedSize(input)) continue;
    taken.add(array);
    known[input.name] = { array, file };
    draft.say(["inputs", "arrays", input.name], "Assumed: the one array of this type and shape.");
  }
  if (Object.keys(known).length > 0) written["arrays"] = known;
  const rest = [...arrays].filter(([name]) => !taken.has(name)).slice(0, 12);
  if (rest.length === 0) return;
  const list = rest.map(([name, { dims }]) => `${name} [${dims.join(", ")}]`).join(", ");
  draft.say(
    ["inputs"],
    `${file} has ${list}: no array has the name of an input. Name the file, and the array of each input in "arrays".`,
  );
}

const hasFixedSize = ({ dims }: TensorSignature) =>
  dims?.some((dim) => typeof dim === "number" && dim > 1) === true;

/** The only recorded array that has the input's rank and sizes, and its kind of numbers. */
function byShape(input: TensorSignature, arrays: ReadonlyMap<string, ArrayHeader>): string | undefined {
  const fits = [...arrays].filter(
    ([, { dims, dtype }]) =>
      input.dims?.length === dims.length &&
      input.dims.every((dim, axis) => typeof dim !== "number" || dim === dims[axis]) &&
      /^float/.test(dtype) === /^float/.test(input.dtype),
  );
  return fits.length === 1 ? fits[0]?.[0] : undefined;
}

type DraftSite = DraftFacts["sites"][number];

/** Axes of tokens by their size; one for all sites, or several with names. */
function addSegments(draft: Draft, facts: DraftFacts): void {
  const sizes = [...new Set(facts.sites.flatMap(({ queries, keys }) => [queries, keys]).map(String))];
  if (sizes.length === 0) return;
  const dimOf = new Map(
    facts.sites.flatMap(({ queries, keys }) => [queries, keys]).map((dim) => [String(dim), dim]),
  );
  if (sizes.length === 1) {
    draft.value["segments"] = segmentsOf(draft, facts, dimOf.get(sizes[0] ?? "") ?? null, ["segments"]);
    return;
  }
  const nameOf = (dim: Dim) =>
    typeof dim === "number" ? `tokens_${dim}` : `tokens_${String(dim ?? "open").replace(/\W+/g, "_")}`;
  draft.value["axes"] = Object.fromEntries(
    sizes.map((size) => {
      const dim = dimOf.get(size) ?? null;
      return [nameOf(dim), segmentsOf(draft, facts, dim, ["axes", nameOf(dim)])];
    }),
  );
  draft.say(["axes"], "One list of segments for each number of tokens; sites name them below.");
  draft.value["sites"] = groupedSites(facts.sites, ({ queries, keys }) => `${queries}/${keys}`).map(
    (group) => ({
      match: group.map(({ id }) => id),
      queries: nameOf(group[0]?.queries ?? null),
      keys: nameOf(group[0]?.keys ?? null),
    }),
  );
}

function segmentsOf(
  draft: Draft,
  { pictures, inputs, fixed, tokenizer }: DraftFacts,
  size: Dim,
  path: (string | number)[],
): object[] {
  const grid = typeof size === "number" ? assumedGrid(size, pictures) : undefined;
  if (grid && typeof size === "number") {
    draft.say([...path, grid.before === 0 ? 0 : 1], gridSentence(grid, size));
    return gridSegments(grid);
  }
  const ids = inputs.find(isIds);
  const text = ids && pictures.length === 0;
  draft.say(
    [...path, 0],
    `Assumed: ${typeof size === "number" ? `all ${size} tokens` : "all tokens"} are of one kind. Split them into runs with a role and a count each.`,
  );
  return [
    {
      name: text ? "text" : "token",
      role: text ? "text" : "other",
      ...(typeof size === "number" && fixed.has(size) ? { count: size } : {}),
      ...(text && tokenizer ? { labels: { ids: ids.name } } : {}),
    },
  ];
}

function groupedSites(sites: readonly DraftSite[], keyOf: (site: DraftSite) => string): DraftSite[][] {
  const groups = new Map<string, DraftSite[]>();
  for (const site of sites) groups.set(keyOf(site), [...(groups.get(keyOf(site)) ?? []), site]);
  return [...groups.values()];
}

/** Groups of sites that the module paths name, so that they can be renamed. */
function addComponents(draft: Draft, { sites }: DraftFacts): void {
  const named = sites.filter(({ component }) => component !== null);
  if (named.length === 0) return;
  draft.value["components"] = groupedSites(named, ({ component }) => component ?? "").map((group) => {
    const name = group[0]?.component ?? "";
    const pattern = `${name}.*`;
    const covers = sites.every((site) => matchesGlob(pattern, site.name) === (site.component === name));
    return { name, match: covers ? pattern : group.map(({ id }) => id) };
  });
  draft.say(["components"], "As the module paths name them; give them names of your own.");
}

/** Nothing was found: the nearest candidates as sites, to be corrected. */
function addCandidates(draft: Draft, { sites, candidates }: DraftFacts): void {
  if (sites.length > 0 || candidates.length === 0) return;
  draft.value["sites"] = candidates.map(({ name, dims }) => ({
    tensor: name,
    layout: layoutFor(dims?.length ?? 4),
  }));
  draft.say(
    ["sites"],
    "No attention was found. These come nearest: keep what holds attention, and say what its axes are.",
  );
  candidates.forEach(({ reason, dims }, index) => {
    const shape = dims
      ? `Its shape is [${dims.map((dim) => dim ?? "?").join(", ")}]; the layout is assumed.`
      : "Its layout is assumed.";
    draft.say(["sites", index], `Not taken for attention because ${reason}. ${shape}`);
  });
}

function layoutFor(rank: number): string[] {
  const last = ["batch", "heads", "queries", "keys"];
  return rank <= 4
    ? last.slice(4 - Math.max(2, rank))
    : [...new Array<string>(rank - 4).fill("one"), ...last];
}
