/**
 * Which axis of which input a failed run was likely about. ONNX Runtime names a node of the graph and two sizes; what a
 * person can change is the size of an input. Only what the sizes tell is said, and its own words stay.
 */
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../../inputs/arrays";
import type { OpenModel } from "../model/open-model";
import { type Dims, type InputAxis, inputAxes, resized, tablesExceeded } from "../inputs/table-limits";

/** Most axes that are named: more are no help. */
const MOST_NAMED = 3;

/** The same error, with the input's axis named where it can be known; others as they are. */
export function withFaultyAxis(
  opened: Pick<OpenModel, "file" | "inputs">,
  feeds: ReadonlyMap<string, NamedArray>,
  thrown: unknown,
): unknown {
  if (!(thrown instanceof AttentionError) || thrown.code !== "runFailed") return thrown;
  const words = causeOf(thrown);
  if (!isOfShapes(words)) return thrown;
  const dims: Dims = new Map([...feeds].map(([name, array]) => [name, array.dims]));
  const told = tooLongFor(opened, dims) ?? mismatched(opened, dims, words);
  if (told === null) return thrown;
  return new AttentionError("runFailed", `${told.why} ONNX Runtime says: ${thrown.detail}`, {
    ...(thrown.where === undefined ? {} : { where: thrown.where }),
    fix: told.fix,
    cause: thrown.cause,
  });
}

interface Told {
  readonly why: string;
  readonly fix: string;
}

/** All that the runtime said: the sizes may stand behind its first sentence. */
function causeOf({ cause, detail }: AttentionError): string {
  return cause instanceof Error ? cause.message : detail;
}

function isOfShapes(words: string): boolean {
  return /out of data bounds|out of range|broadcast|dimension|shape|\b\d+ by \d+\b/i.test(words);
}

/** A table of positions that is too short, and the axis that is too long for it. */
function tooLongFor({ file, inputs }: Pick<OpenModel, "file" | "inputs">, dims: Dims): Told | null {
  const [table] = tablesExceeded({ file }, dims);
  if (!table) return null;
  const over = table.needed - table.rows;
  const axis = inputAxes(inputs, dims).find(
    (each) =>
      each.size > over &&
      !tablesExceeded({ file }, resized(inputs, dims, each, each.size - over)).some(
        (still) => still.table === table.table,
      ),
  );
  if (!axis) return null;
  return {
    why: `${placeOf(axis)} is too long: the table of positions ${table.table} has ${table.rows} rows, and ${table.needed} are needed.`,
    fix: `Give at most ${axis.size - over} there.`,
  };
}

/** Axes of the inputs that have one of two sizes that do not go together, or a size that a fixed shape has no room for. */
function mismatched({ inputs }: Pick<OpenModel, "inputs">, dims: Dims, words: string): Told | null {
  const axes = inputAxes(inputs, dims).filter(({ size }) => size > 1);
  const having = (size: number) => axes.filter((axis) => axis.size === size);
  const pair = /\b(\d+) by (\d+)\b/.exec(words);
  if (pair) {
    const [one, other] = [Number(pair[1]), Number(pair[2])];
    const [ofOne, ofOther] = [having(one), having(other)];
    if (one !== other && ofOne.length > 0 && ofOther.length > 0)
      return {
        why: `${listed(ofOne)} and ${listed(ofOther)} do not go together.`,
        fix: "Give both the same size.",
      };
    if (ofOne.length > 0) return likely(ofOne, other);
    return ofOther.length > 0 ? likely(ofOther, one) : null;
  }
  const [given, asked] = [...words.matchAll(/\{(-?\d+(?:,-?\d+)*)\}/g)].map(([, list]) =>
    (list ?? "").split(",").map(Number),
  );
  if (!given || !asked || asked.includes(-1)) return null;
  // A shape that an export kept: the sizes that it has room for are what is left of it.
  for (const axis of axes.filter(({ isOpen }) => isOpen)) {
    const room = (product(asked) / product(given)) * axis.size;
    if (given.includes(axis.size) && !asked.includes(axis.size) && Number.isInteger(room) && room > 0)
      return likely(
        having(axis.size).filter(({ isOpen }) => isOpen),
        room,
      );
  }
  return null;
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

function likely(axes: readonly InputAxis[], wanted: number): Told {
  return {
    why: `The graph has ${wanted} where it meets the size of ${listed(axes)}, which is likely the one at fault.`,
    fix: `Try ${wanted} there; an export may have kept the sizes of its example.`,
  };
}

function placeOf({ input, axis, size, symbol }: InputAxis): string {
  return `${input}, which has ${size} along its axis ${axis}${symbol === null ? "" : ` (${symbol})`},`;
}

/** "input_ids (5 along axis 1, sequence)". */
function listed(axes: readonly InputAxis[]): string {
  const named = axes
    .slice(0, MOST_NAMED)
    .map(
      ({ input, axis, size, symbol }) =>
        `${input} (${size} along axis ${axis}${symbol === null ? "" : `, ${symbol}`})`,
    );
  const rest = axes.length - named.length;
  return named.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
