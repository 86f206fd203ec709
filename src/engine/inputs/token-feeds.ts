/**
 * The inputs that go with the tokens of a text: ids, mask, positions, and the lengths that GroupQueryAttention and its
 * like are told. What they hold follows from how many tokens there are and how many of them are queries.
 */
import { AttentionError } from "../../shared/errors";
import type { TensorSignature } from "../../shared/model";
import type { NamedArray } from "../../inputs/arrays";
import { integers } from "../../inputs/integers";
import { GraphView } from "../../onnx/graph-view";
import type { CacheInputs } from "./cache-inputs";
import type { OpenModel } from "../model/open-model";

export type TokenRole =
  | "ids"
  | "mask"
  | "positions"
  | "types"
  | "cachePositions"
  /** Valid keys of each row, less one. */
  | "lengthsLessOne"
  | "total"
  | "past";

const byName: readonly (readonly [RegExp, TokenRole])[] = [
  [/position_ids$/, "positions"],
  [/token_type_ids$/, "types"],
  [/^cache_position$/, "cachePositions"],
  [/^seq(uence)?_?lens?_k$/, "lengthsLessOne"],
  [/^total_seq(uence)?_len(gth)?$/, "total"],
  [/^past_seq(uence)?_len(gth)?$/, "past"],
];

/** Inputs of fused operators that hold lengths, by the operator and the number of the input. */
const byOperator: Readonly<Record<string, Readonly<Record<number, TokenRole>>>> = {
  GroupQueryAttention: { 5: "lengthsLessOne", 6: "total" },
};

const known = new WeakMap<OpenModel, ReadonlyMap<string, TokenRole>>();

/** The inputs of a model that follow its tokens. */
export function tokenRoles(opened: OpenModel, cache: CacheInputs): ReadonlyMap<string, TokenRole> {
  const before = known.get(opened);
  if (before) return before;
  const mask = cache.ids === "decoder_input_ids" ? "decoder_attention_mask" : /^(decoder_)?attention_mask$/;
  const lengths = operatorInputs(opened);
  const roles = new Map<string, TokenRole>();
  for (const { name, dims } of opened.inputs) {
    if ((dims?.length ?? 2) > 2) continue;
    const isMask = typeof mask === "string" ? name === mask : mask.test(name);
    const role =
      name === cache.ids
        ? "ids"
        : isMask
          ? "mask"
          : (lengths.get(name) ?? byName.find(([pattern]) => pattern.test(name))?.[1]);
    if (role) roles.set(name, role);
  }
  known.set(opened, roles);
  return roles;
}

const layoutOnly = new Set(["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/** Inputs of the model that an operator takes as its lengths, as they are but for type and layout. */
function operatorInputs({ file, inputs }: OpenModel): Map<string, TokenRole> {
  const view = GraphView.of(file.model, file.source);
  const names = new Set(inputs.map(({ name }) => name));
  const roles = new Map<string, TokenRole>();
  for (const node of view.graph.nodes) {
    const wanted = node.domain === "com.microsoft" ? byOperator[node.opType] : undefined;
    for (const [index, role] of Object.entries(wanted ?? {})) {
      let value = node.inputs[Number(index)] ?? "";
      for (let made = view.producer(value); made && layoutOnly.has(made.opType); made = view.producer(value))
        value = made.inputs[0] ?? "";
      if (names.has(value)) roles.set(value, role);
    }
  }
  return roles;
}

/** What of a text a run is given. */
export interface TokensOfRun {
  /** All tokens so far, of each row of the batch; 0 where the mask hides one. */
  readonly visible: readonly (readonly number[])[];
  /** How many of them, the last ones, are queries. */
  readonly queries: number;
}

/**
 * Arrays of the inputs that follow the tokens; those of ids are the caller's.
 * @param before what the run before was given, whose form they keep
 */
export function tokenFeeds(
  opened: OpenModel,
  cache: CacheInputs,
  { visible, queries }: TokensOfRun,
  before: ReadonlyMap<string, NamedArray>,
): Map<string, NamedArray> {
  const batch = visible.length;
  const total = visible[0]?.length ?? 0;
  const feeds = new Map<string, NamedArray>();
  for (const input of opened.inputs) {
    const role = tokenRoles(opened, cache).get(input.name);
    const rank = input.dims?.length ?? before.get(input.name)?.dims.length ?? 2;
    const rows = (length: number) => (rank === 1 ? [length] : [batch, length]);
    const each = (of: (row: readonly number[]) => readonly number[]) => visible.flatMap(of);
    const fixed = input.dims?.at(-1);
    switch (role) {
      case "mask": {
        // A cache of fixed length has a mask as long as itself.
        const length = typeof fixed === "number" && fixed > 0 ? fixed : total;
        if (length < total) throw tooLong(input, total, length);
        const padded = (row: readonly number[]) => [...row, ...new Array<number>(length - total).fill(0)];
        feeds.set(input.name, integers(input, rows(length), each(padded)));
        break;
      }
      case "positions": {
        const values =
          rank === 1 || batch === 1
            ? nextPositions(visible[0] ?? [], queries, before.get(input.name))
            : visible.flatMap((row) => positions(row).slice(-queries));
        feeds.set(input.name, integers(input, rows(queries), values));
        break;
      }
      case "types":
        feeds.set(input.name, integers(input, rows(queries), new Array<number>(batch * queries).fill(0)));
        break;
      case "cachePositions":
        feeds.set(
          input.name,
          integers(
            input,
            [queries],
            Array.from({ length: queries }, (_, at) => total - queries + at),
          ),
        );
        break;
      case "lengthsLessOne":
        feeds.set(
          input.name,
          integers(
            input,
            rank === 0 ? [] : rank === 1 ? [batch] : [batch, 1],
            visible.map((row) => row.filter((seen) => seen !== 0).length - 1),
          ),
        );
        break;
      case "total":
      case "past": {
        const value = role === "total" ? total : total - queries;
        feeds.set(input.name, integers(input, new Array<number>(rank).fill(1), [value]));
        break;
      }
      default:
    }
  }
  return feeds;
}

/** Positions of the last tokens of a row: they count on from those of the run before, whatever these began with. */
function nextPositions(row: readonly number[], queries: number, before: NamedArray | undefined): number[] {
  const own = before ? Array.from(before.data as ArrayLike<number | bigint>, Number) : [];
  const last = own.at(-1);
  if (last === undefined) return positions(row).slice(-queries);
  return queries === 1 ? [last + 1] : [...own, last + 1];
}

/** Positions count the tokens that are seen, so that padding on the left takes none. */
function positions(row: readonly number[]): number[] {
  let seen = 0;
  return row.map((visible) => (visible === 0 ? Math.max(0, seen - 1) : seen++));
}

export function tooLong(
  { name }: Pick<TensorSignature, "name">,
  tokens: number,
  length: number,
): AttentionError {
  return new AttentionError("inputMismatch", `The text has ${tokens} tokens, and ${name} holds ${length}.`, {
    where: name,
    fix: "Give a shorter text.",
  });
}
