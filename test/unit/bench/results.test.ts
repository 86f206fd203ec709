import { beforeAll, describe, expect, it, vi } from "vitest";

interface Results {
  readonly date: string;
  readonly bars: Readonly<Record<string, { readonly value: number; readonly date: string }>>;
  readonly slowed: Readonly<Record<string, unknown>>;
  readonly openings: readonly unknown[];
}
/** What is tested of `bench/report.ts`, which belongs to another project of TypeScript. */
interface Report {
  resultsDocument(run: unknown, earlier: Results | null): Results;
}

let report: Report;
beforeAll(async () => {
  report = await vi.importActual<Report>("../../../bench/report");
});

const spread = { median: 1, min: 1, max: 1, all: [1] };
const run = (date: string, ...ids: string[]) => ({
  ...{ machine: "a machine", date, load: [1, 2], control: spread, openings: [], slowed: [] },
  bars: ids.map((id) => ({ id, title: id, value: 0.5, bar: 1, unit: "ratio", hard: true, spread, note: "" })),
});

describe("results", () => {
  it("of single bars take the place of theirs and leave the others with their date", () => {
    const first = report.resultsDocument(run("earlier", "P4", "P10"), null);
    const second = report.resultsDocument(run("later", "P10", "P12"), first);
    expect(Object.entries(second.bars).map(([id, { date }]) => [id, date])).toEqual([
      ["P4", "earlier"],
      ["P10", "later"],
      ["P12", "later"],
    ]);
    expect(second.date).toBe("earlier");
  });

  it("of a full run leave nothing of the run before", () => {
    expect(Object.keys(report.resultsDocument(run("now", "P4"), null).bars)).toEqual(["P4"]);
  });
});
