import { describe, expect, it } from "vitest";
import { filterEpisodes, filterFields } from "../../../src/shared/episode-filter";
import type { Episode } from "../../../src/shared/input-choice";

const episodes: Episode[] = [
  { name: "a", group: "success", steps: 12, fields: { return: 7.5, seed: 1, solved: true } },
  { name: "b", group: "failure", steps: 30, fields: { return: -2, seed: 3, solved: false } },
  { name: "c", group: null, steps: null, fields: { return: 6, seed: 3 } },
];
const names = (condition: string) =>
  filterEpisodes(episodes, condition).map((index) => episodes[index]!.name);

describe("a condition over episodes", () => {
  it.each([
    ["", "abc"],
    ["return > 5", "ac"],
    ["return > 5 and length < 20", "a"],
    ["return > 5 or group = failure", "abc"],
    ["return>=7.5", "a"],
    ["return < -1.5", "b"],
    ["seed != 3", "a"],
    ["not seed != 3", "bc"],
    ["not (seed = 3 and return < 0)", "ac"],
    ["solved = true", "a"],
    ["group = 'success'", "a"],
    ["return > 0 and seed = 3 or name = b", "bc"],
    ["return > 0 and (seed = 3 or name = b)", "c"],
    ["steps > 12", "b"],
    ["return > 5 AND seed = 1", "a"],
  ])("%s", (condition, expected) => {
    expect(names(condition).join("")).toBe(expected);
  });

  it("counts an episode without the field out, whatever is compared", () => {
    expect(names("solved != true")).toEqual(["b"]);
    expect(names("length < 100")).toEqual(["a", "b"]);
  });

  it.each([
    ["retrun > 5", 1, "no field retrun; there are name, group, steps, length, return, seed, solved"],
    ["return >", 9, "Expected a value after >"],
    ["return 5", 8, "Expected <, >, = or != after return"],
    ["return > 5 length < 3", 12, "Expected “and” or “or”, not “length”"],
    ["(return > 5", 12, "A bracket is not closed"],
    ["return > 5 & seed = 3", 12, "“&” means nothing here"],
  ])("says what is wrong in %s, and where", (condition, at, says) => {
    expect(() => names(condition)).toThrow(`at character ${at} of`);
    expect(() => names(condition)).toThrow(says);
  });

  it("knows which fields there are", () => {
    expect(filterFields(episodes)).toEqual(["name", "group", "steps", "length", "return", "seed", "solved"]);
  });
});
