import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCounts, sum } from "../../../scripts/suites.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "suites-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface TestedFile {
  readonly status: string;
  readonly tests?: readonly string[];
}

/** Counts read from a report as vitest writes it. */
function counts(code: number, files: readonly TestedFile[]) {
  const all = files.flatMap((file) => file.tests ?? []);
  const report = {
    numPassedTests: all.filter((status) => status === "passed").length,
    numPendingTests: all.filter((status) => status === "pending").length,
    numTodoTests: 0,
    testResults: files.map((file) => ({
      name: "a.test.ts",
      status: file.status,
      assertionResults: (file.tests ?? []).map((status) => ({ status, fullName: `a ${status} test` })),
    })),
  };
  const file = path.join(folder, "report.json");
  writeFileSync(file, JSON.stringify(report));
  return readCounts("unit", file, code);
}

describe("readCounts", () => {
  test("counts what passed, failed and was skipped", () => {
    const read = counts(1, [{ status: "failed", tests: ["passed", "failed", "pending"] }]);
    expect(read).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
    expect(read.failures).toEqual([expect.stringContaining("a failed test")]);
  });

  test("counts a file that did not load as a failure", () => {
    expect(counts(1, [{ status: "failed" }, { status: "passed", tests: ["passed"] }])).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  test("counts a suite without tests, with skipped ones only, and one that crashed, as failures", () => {
    expect(counts(0, [])).toMatchObject({ passed: 0, failed: 1 });
    expect(counts(0, [{ status: "passed", tests: ["pending"] }])).toMatchObject({ failed: 1, skipped: 1 });
    expect(counts(139, [{ status: "passed", tests: ["passed"] }])).toMatchObject({ passed: 1, failed: 1 });
    expect(readCounts("unit", path.join(folder, "none.json"), 1)).toMatchObject({ passed: 0, failed: 1 });
  });
});

test("sums over suites keep every failure's words", () => {
  const total = sum([
    { passed: 2, failed: 0, skipped: 1 },
    { passed: 1, failed: 1, skipped: 0, failures: ["a"] },
  ]);
  expect(total).toEqual({ passed: 3, failed: 1, skipped: 1, failures: ["a"] });
});
