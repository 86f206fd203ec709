import { describe, expect, it } from "vitest";
import type { TokenAxis } from "../../../src/shared/capture";
import {
  findQuery,
  lastChoosing,
  meanName,
  queryText,
  queryTextSchema,
  rowCountWords,
  rowsOfQuery,
  tokensOfSegment,
} from "../../../src/shared/query-choice";

const axis: TokenAxis = {
  id: "tokens",
  labels: ["R0", "s0", "a0", "R1", "s1", "a1"],
  segments: [
    { name: "return", role: "return" },
    { name: "state", role: "state" },
    { name: "action", role: "action" },
  ],
  segmentOf: [0, 1, 2, 0, 1, 2],
  from: "manifest",
};
const site = { name: "decoder.0", queries: 6 };
const find = (text: string | number) => findQuery(text, site, axis, () => 4);

describe("a query that is written", () => {
  it.each([
    ["last", 4],
    [3, 3],
    ["state[0]", 1],
    ["state[-1]", 4],
    ["mean(state)", { mean: "state" }],
  ])("%s", (text, query) => {
    expect(find(text)).toEqual({ query });
    expect(queryTextSchema.safeParse(text).success).toBe(true);
  });

  it.each([
    [6, "query 6, and decoder.0 has 6 queries, counted from 0"],
    ["state[2]", "state[2], and the queries of decoder.0 have 2 of state"],
    ["mean(word)", "mean(word), and the queries of decoder.0 have the segments return, state, action"],
  ])("%s means none", (text, problem) => expect(find(text)).toEqual({ problem }));

  it.each(["", "first", "state", "mean()", "state[]", -1])("%s is none", (text) =>
    expect(queryTextSchema.safeParse(text).success).toBe(false),
  );

  it("is written as it is read", () => {
    for (const text of [3, "mean(state)"] as const) {
      const found = find(text);
      expect("query" in found && queryText(found.query)).toBe(text);
    }
  });
});

describe("the rows of a query", () => {
  it("are those of its segment, wherever they lie, and the same list each time", () => {
    expect(rowsOfQuery({ mean: "state" }, axis, 6)).toEqual([1, 4]);
    expect(rowsOfQuery({ mean: "state" }, axis, 6)).toBe(tokensOfSegment(axis, "state"));
    expect(rowsOfQuery(2, axis, 6)).toBe(2);
  });

  it("are none where the site has no such queries", () => {
    expect(rowsOfQuery({ mean: "word" }, axis, 6)).toBeNull();
    expect(rowsOfQuery({ mean: "state" }, axis, 3)).toBeNull();
    expect(rowsOfQuery(6, axis, 6)).toBeNull();
  });

  it("have words", () => {
    expect(meanName(axis, [1, 4])).toBe("mean of state");
    expect(rowCountWords({ rows: 12, masked: 0, flagged: 0 })).toBe("12 rows");
    expect(rowCountWords({ rows: 1, masked: 2, flagged: 1 })).toBe("1 row, 2 masked and 1 with NaN left out");
  });
});

it("the last that can choose among keys, else the last that sees one", () => {
  expect(lastChoosing(Uint32Array.from([1, 2, 5, 1, 0]))).toBe(2);
  expect(lastChoosing(Uint32Array.from([1, 1, 0]))).toBe(1);
  expect(lastChoosing(Uint32Array.from([0, 0]))).toBeNull();
});
