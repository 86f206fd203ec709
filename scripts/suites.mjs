// What `npm test` runs, in this order. Each suite gives counts; one that could not run counts as a failure.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { findBrowser, softwareVulkan } from "./browser.mjs";
import { out, platform, root } from "./paths.mjs";
import { endGroup, startGroup } from "./processes.mjs";
import { ensureBuild } from "./setup.mjs";

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} [failures] What failed, in words.
 *
 * @typedef {object} Suite
 * @property {string} title
 * @property {() => Promise<Counts>} run
 */

/** A suite that has not ended by then hangs. */
const LIMIT_MS = 20 * 60_000;

/** @type {Record<string, Suite>} */
export const suites = {
  build: {
    title: "build (esbuild)",
    run: async () => {
      await ensureBuild();
      return { passed: 1, failed: 0, skipped: 0 };
    },
  },
  types: { title: "types (tsc)", run: () => tool("types", "typescript/bin/tsc", ["-b"]) },
  lint: {
    title: "lint (eslint, prettier)",
    run: async () =>
      sum([
        await tool("eslint", "eslint/bin/eslint.js", [".", "--max-warnings", "0"]),
        await tool("prettier", "prettier/bin/prettier.cjs", ["--check", "."]),
      ]),
  },
  unit: {
    title: "unit (Node)",
    run: () => vitest("unit", "vitest.unit.config.ts", ["--project", "unit"]),
  },
  webview: {
    title: "webview (real Chromium)",
    run: async () => vitest("webview", "vitest.webview.config.ts", [], await browserVariables()),
  },
  webgpu: {
    title: "WebGPU (software adapter)",
    run: async () => {
      const vulkan = await softwareVulkan();
      if (vulkan === null && process.platform === "linux") {
        return failure(`no software Vulkan driver was found on ${platform}: install Chromium`);
      }
      return vitest("webgpu", "vitest.unit.config.ts", ["--project", "webgpu"], vulkan ?? {});
    },
  },
  package: {
    title: "package (.vsix, unpacked elsewhere)",
    run: () => onPackage("package"),
  },
  e2e: {
    title: "end to end (real VS Code on the package)",
    run: async () => onPackage("e2e", await browserVariables()),
  },
};

async function onPackage(project, env = {}) {
  const { ensurePackage } = await import("./package.mjs");
  const { file } = await ensurePackage();
  return vitest(project, "vitest.e2e.config.ts", ["--project", project], {
    ...env,
    ATTENTION_LENS_VSIX: file,
  });
}

/** What a suite needs to start the browser: the program, and its arguments as a JSON list. */
async function browserVariables() {
  const { executablePath, args, from } = await findBrowser();
  console.log(`browser: ${executablePath} (${from === "carried" ? "from npm" : "installed"})`);
  return { ATTENTION_LENS_CHROMIUM: executablePath, ATTENTION_LENS_CHROMIUM_ARGS: JSON.stringify(args) };
}

/** A program of node_modules that passes or fails as a whole. */
async function tool(name, program, args) {
  const started = Date.now();
  const code = await runLimited([path.join(root, "node_modules", program), ...args]);
  console.log(
    `${name} ${code === 0 ? "passed" : "failed"} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : failure(`${name} ended with ${code}`);
}

/** Run a vitest config; the counts come from its JSON report. */
async function vitest(name, config, args, env = {}) {
  if (!existsSync(path.join(root, config))) return failure(`${config} is missing`);
  const results = path.join(out, "test", `${name}.json`);
  mkdirSync(path.dirname(results), { recursive: true });
  rmSync(results, { force: true });
  const code = await runLimited(
    [
      path.join(root, "node_modules", "vitest", "vitest.mjs"),
      ...["run", "--config", config, ...args],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${results}`],
    ],
    env,
  );
  return readCounts(name, results, code);
}

/**
 * Counts of a vitest JSON report. A file that failed without a failed test (it did not load), a run without
 * tests and a bad exit code with nothing to show for it are failures too.
 */
export function readCounts(name, file, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return failure(`${name} wrote no results (exit code ${code})`);
  }
  const failures = [];
  for (const tested of report.testResults) {
    const failed = tested.assertionResults.filter((test) => test.status === "failed");
    const where = path.relative(root, tested.name);
    failures.push(...failed.map((test) => `${where}: ${test.fullName}`));
    if (tested.status === "failed" && failed.length === 0) failures.push(`${where}: did not load`);
  }
  const passed = report.numPassedTests;
  if (passed + failures.length === 0) failures.push(`${name} has no tests that ran`);
  if (code !== 0 && failures.length === 0) failures.push(`${name} ended with ${code}`);
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed, failed: failures.length, skipped, failures };
}

/** Run Node on a script, in a group that is ended when it takes too long. */
async function runLimited(args, env = {}) {
  const child = startGroup(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  const limit = setTimeout(() => {
    console.error(`not done after ${LIMIT_MS / 60_000} minutes: ended`);
    void endGroup(child);
  }, LIMIT_MS);
  const code = await new Promise((resolve) => child.once("exit", (value) => resolve(value ?? 1)));
  clearTimeout(limit);
  return code;
}

/** @returns {Counts} */
export function failure(words) {
  return { passed: 0, failed: 1, skipped: 0, failures: [words] };
}

/** @returns {Counts} */
export function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const count of counts) {
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
    total.failures.push(...(count.failures ?? []));
  }
  return total;
}
