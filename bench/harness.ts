/**
 * How the bars are measured: two things done in the same run, in turn (A B B A …), a ratio for every pair, the median
 * of them, and a control pair of one thing with itself that says whether the machine was quiet enough to judge.
 */

/** Medians of the control outside these make the run void. */
export const CONTROL_RANGE = { lowest: 0.9, highest: 1.1 } as const;
/** Fewest pairs whose median counts. */
export const PAIRS = 9;

export interface Pair {
  readonly a: number;
  readonly b: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Every value, in the order in which it was measured. */
  readonly all: readonly number[];
}

/** A measured bar: it holds when `value` ≤ `bar`. */
export interface BarResult {
  readonly id: string;
  /** What is divided by what. */
  readonly title: string;
  readonly value: number;
  readonly bar: number;
  /** "ratio", or the unit of `value`. */
  readonly unit: string;
  /** Bytes and memory do not depend on what else the machine does: they are judged in a void run too. */
  readonly hard: boolean;
  readonly spread: Spread;
  /** The figures behind the ratio, in words. */
  readonly note: string;
}

/** Spread of at least one number. Throws `RangeError` on none, and on what is not a number. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0 || values.some(Number.isNaN))
    throw new RangeError(`No spread of [${values.join(", ")}].`);
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle]!;
  return {
    median: sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    all: [...values],
  };
}

/** a / b of every pair. */
export function ratiosOf(pairs: readonly Pair[]): Spread {
  return spreadOf(pairs.map(({ a, b }) => a / b));
}

/** Which of a pair goes first: A B, B A, A B … so that a drift of the machine hits both alike. */
export function startsWithA(pair: number): boolean {
  return pair % 2 === 0;
}

/**
 * Measure two things in turn.
 * @param first number of the first pair, so that pairs measured in several parts keep alternating
 */
export async function inTurn<A, B>(
  pairs: number,
  measureA: () => Promise<A>,
  measureB: () => Promise<B>,
  first = 0,
): Promise<{ a: A; b: B }[]> {
  const measured: { a: A; b: B }[] = [];
  for (let pair = first; pair < first + pairs; pair++) {
    if (startsWithA(pair)) {
      const a = await measureA();
      measured.push({ a, b: await measureB() });
    } else {
      const b = await measureB();
      measured.push({ a: await measureA(), b });
    }
  }
  return measured;
}

export function holds({ value, bar }: BarResult): boolean {
  return value <= bar;
}

/** Whether the control lets times be judged. */
export function isValid(control: Spread): boolean {
  return control.median >= CONTROL_RANGE.lowest && control.median <= CONTROL_RANGE.highest;
}

export type Verdict = "pass" | "fail" | "void";

/** One bar's verdict: in a void run only bytes and memory are judged. */
export function verdictOf(result: BarResult, control: Spread): Verdict {
  if (!result.hard && !isValid(control)) return "void";
  return holds(result) ? "pass" : "fail";
}

/** Exit code of a run: 1 when a bar fails, 2 when the run is void, else 0. */
export function exitCodeOf(results: readonly BarResult[], control: Spread): 0 | 1 | 2 {
  if (results.some((result) => verdictOf(result, control) === "fail")) return 1;
  return isValid(control) ? 0 : 2;
}
