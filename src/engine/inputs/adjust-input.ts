/** Inputs of one number that a person moves: their values set, and what a view has sliders for. */
import { AttentionError } from "../../shared/errors";
import type { AdjustableInput } from "../../shared/input-choice";
import type { NamedArray } from "../../inputs/arrays";
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from "../../inputs/half-precision";
import type { Manifest } from "../../inputs/manifest/schema";
import type { ManifestAdjustable } from "../../inputs/manifest/inputs-schema";

const entryOf = (said: Manifest | undefined, input: string): ManifestAdjustable | undefined =>
  said?.inputs?.adjustable?.find((each) => each.input === input || each.name === input);

/**
 * The arrays with the values that were set, by the input's name or the manifest's name for it. Throws `inputMismatch`
 * for an input that there is not, or that holds no numbers.
 */
export function withValues(
  feeds: ReadonlyMap<string, NamedArray>,
  values: Readonly<Record<string, number>>,
  said: Manifest | undefined,
): Map<string, NamedArray> {
  const changed = new Map(feeds);
  for (const [named, value] of Object.entries(values)) {
    const entry = entryOf(said, named);
    const input = feeds.has(named) ? named : (entry?.input ?? named);
    const array = feeds.get(input);
    if (!array || Array.isArray(array.data))
      throw new AttentionError("inputMismatch", `The model has no input ${named} whose value can be set.`, {
        fix: `Its inputs are ${[...feeds.keys()].join(", ")}.`,
      });
    changed.set(input, entry?.how === "shift" ? shifted(array, value) : filled(array, value));
  }
  return changed;
}

/** What the manifest has sliders for, with the value that each input has: its first number. */
export function adjustableInputs(
  feeds: ReadonlyMap<string, NamedArray>,
  said: Manifest | undefined,
): AdjustableInput[] {
  return (said?.inputs?.adjustable ?? []).flatMap(({ input, name, range: [from, to], step, unit }) => {
    const array = feeds.get(input);
    if (!array || array.data.length === 0 || Array.isArray(array.data) || !(from < to)) return [];
    const value = numbersOf(array)[0] ?? from;
    return [
      { input, name: name ?? input, from, to, step: step ?? (to - from) / 100, unit: unit ?? "", value },
    ];
  });
}

function filled(array: NamedArray, value: number): NamedArray {
  return withNumbers(array, new Array<number>(array.data.length).fill(value));
}

/** The first number of each sample becomes the value; the differences to it stay. */
function shifted(array: NamedArray, value: number): NamedArray {
  const numbers = numbersOf(array);
  const samples = array.dims.length > 1 ? Math.max(1, array.dims[0] ?? 1) : 1;
  const size = numbers.length / samples;
  return withNumbers(
    array,
    numbers.map((number, at) => number + value - (numbers[Math.floor(at / size) * size] ?? 0)),
  );
}

function numbersOf({ dtype, data }: NamedArray): number[] {
  const plain = Array.from(data as ArrayLike<number | bigint>, Number);
  return dtype === "float16" ? plain.map(fromHalf) : dtype === "bfloat16" ? plain.map(fromBfloat16) : plain;
}

/** Numbers in the array's own type; whole ones are rounded. */
function withNumbers(array: NamedArray, numbers: readonly number[]): NamedArray {
  const { dtype, data } = array;
  const copy = data.slice() as Exclude<NamedArray["data"], string[]>;
  const isBig = copy instanceof BigInt64Array || copy instanceof BigUint64Array;
  const isFloat = copy instanceof Float32Array || copy instanceof Float64Array;
  numbers.forEach((number, at) => {
    if (isBig) copy[at] = BigInt(Math.round(number));
    else if (dtype === "float16") copy[at] = toHalf(number);
    else if (dtype === "bfloat16") copy[at] = toBfloat16(number);
    else copy[at] = isFloat ? number : Math.round(number);
  });
  return { ...array, data: copy };
}
