/** What a run leaves: a table for people and `bench/results.json`. */
import { type BarResult, holds, isValid, type Spread, verdictOf } from "./harness";
import { type Opening, type Step, stepLabels } from "./opening";

export interface Run {
  /** In words: "2 cores, 24 GiB, no GPU". */
  readonly machine: string;
  readonly date: string;
  /** Programs waiting for a core, averaged over a minute, at the start and at the end. */
  readonly load: readonly [number, number];
  readonly control: Spread;
  readonly bars: readonly BarResult[];
  readonly openings: readonly Opening[];
  /** The same bars on the variants slowed on purpose, none of which may hold. */
  readonly slowed: readonly BarResult[];
}

const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(4));
const range = ({ min, max }: Spread) => `${number(min)} to ${number(max)}`;

export function barTable(bars: readonly BarResult[], control: Spread): string {
  const rows = bars.map((bar) => [
    bar.id,
    bar.title,
    number(bar.value),
    `≤ ${bar.bar}`,
    bar.unit,
    range(bar.spread),
    String(bar.spread.all.length),
    verdictOf(bar, control),
  ]);
  const notes = bars.map((bar) => `  ${bar.id}: ${bar.note}`);
  return [table(["", "", "value", "bar", "unit", "spread", "n", ""], rows), ...notes].join("\n");
}

export function slowedTable(slowed: readonly BarResult[]): string {
  return table(
    ["", "slowed on purpose", "value", "bar", "unit", ""],
    slowed.map((bar) => [
      bar.id,
      bar.title,
      number(bar.value),
      `≤ ${bar.bar}`,
      bar.unit,
      holds(bar) ? "HOLDS: the bar sees nothing" : "seen: fails as it must",
    ]),
  );
}

export function openingTable(opening: Opening): string {
  const steps = (Object.keys(stepLabels) as Step[]).map((step) => [
    stepLabels[step],
    number(opening.steps[step].median),
    range(opening.steps[step]),
  ]);
  const { load, create, run } = opening.plain;
  return [
    `${opening.model}, ${opening.pairs} pairs, ms`,
    table(
      ["", "median", "spread"],
      [
        ...steps,
        ["Right-click to first page", number(opening.total.median), range(opening.total)],
        ["Plain: load the library", number(load.median), range(load)],
        ["Plain: create", number(create.median), range(create)],
        ["Plain: run", number(run.median), range(run)],
        ["Total / plain (create + run)", number(opening.ratio.median), range(opening.ratio)],
      ],
    ),
  ].join("\n");
}

export function controlLine(control: Spread): string {
  const words = `control (plain / plain) ${control.median.toFixed(3)}, ${range(control)}, ${control.all.length} pairs`;
  return isValid(control) ? words : `void: ${words}; times are not judged`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Numbers to six digits: what was measured is not finer. */
const rounded = (value: number) => Number(value.toPrecision(6));
const roundedSpread = ({ median, min, max, all }: Spread) => ({
  median: rounded(median),
  min: rounded(min),
  max: rounded(max),
  all: all.map(rounded),
});

/** `bench/results.json`: every bar as it was measured last, with the control and the load of that run. */
export interface Results {
  readonly machine: string;
  readonly date: string;
  readonly load: readonly number[];
  readonly control: unknown;
  readonly bars: Readonly<Record<string, unknown>>;
  readonly slowed: Readonly<Record<string, unknown>>;
  readonly openings: readonly unknown[];
}

/** @param earlier results to keep where this run has none: it measured some bars alone */
export function resultsDocument(run: Run, earlier: Results | null): Results {
  const load = run.load.map(rounded);
  const control = roundedSpread(run.control);
  const bars = run.bars.map(({ id, value, bar, unit, spread, note }) => [
    id,
    {
      ...{ value: rounded(value), bar, unit, pairs: spread.all.length },
      ...{ min: rounded(spread.min), max: rounded(spread.max), note },
      ...{ all: spread.all.map(rounded), date: run.date, load, control: control.median },
    },
  ]);
  const slowed = run.slowed.map((result) => [
    result.id,
    { value: rounded(result.value), bar: result.bar, unit: result.unit, holds: holds(result) },
  ]);
  const openings = run.openings.map((opening) => ({
    model: opening.model,
    pairs: opening.pairs,
    unit: "ms",
    total: roundedSpread(opening.total),
    steps: eachSpread(opening.steps),
    plain: eachSpread(opening.plain),
    ratio: roundedSpread(opening.ratio),
  }));
  return {
    machine: run.machine,
    ...(earlier
      ? { date: earlier.date, load: earlier.load, control: earlier.control }
      : { date: run.date, load, control }),
    bars: inOrder({ ...earlier?.bars, ...Object.fromEntries(bars) }),
    slowed: inOrder({ ...earlier?.slowed, ...Object.fromEntries(slowed) }),
    openings: openings.length > 0 ? openings : (earlier?.openings ?? []),
  };
}

function inOrder(byId: Record<string, unknown>): Record<string, unknown> {
  const ids = Object.keys(byId).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return Object.fromEntries(ids.map((id) => [id, byId[id]]));
}

function eachSpread(spreads: Readonly<Record<string, Spread>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spreads).map(([name, spread]) => [name, roundedSpread(spread)]));
}
