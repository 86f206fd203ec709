// `npm run corpus:make`: makes the models of test/corpus with pinned Python packages.
//   npm run corpus:make                       every maker, into test/corpus
//   npm run corpus:make -- --only 'bert*'     the models of these names
//   npm run corpus:make -- --large            the larger set, into .cache/corpus/large
//   npm run corpus:make -- --coverage         makes nothing: captures all that is there and writes docs/coverage.md
// PYTHON names the Python to make the environment with (python3, or python on Windows).
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { cache, root } from "./paths.mjs";
import { mustRun } from "./processes.mjs";
import { setUp } from "./setup.mjs";

const folder = path.join(root, "test", "corpus");
const makers = [
  "make_transformers.py",
  "make_families.py",
  "make_opsets.py",
  "make_jax.py",
  "make_optimised.py",
  "make_blind.py",
  "make_blind_more.py",
];
/** Those with models that are made only on demand. */
const withLarge = ["make_families.py", "make_optimised.py", "make_blind_more.py"];

try {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      large: { type: "boolean", default: false },
      coverage: { type: "boolean", default: false },
    },
  });
  await (values.coverage ? writeCoverage() : make(values));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function make({ large, only }) {
  const python = await environment();
  const words = [...(only ? ["--only", only] : []), ...(large ? ["--large"] : [])];
  for (const maker of large ? withLarge : makers) {
    console.log(`\n${maker}`);
    await mustRun(python, [path.join(folder, maker), ...words]);
  }
  if (!only) await mustRun(python, [path.join(folder, "make_node_cases.py")]);
}

/** A virtual environment with the pinned packages, made again when the pins change. */
async function environment() {
  const where = path.join(cache, "corpus", "venv");
  const python = path.join(where, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const pins = await readFile(path.join(folder, "requirements.txt"), "utf8");
  const mark = path.join(where, "requirements.txt");
  if (existsSync(mark) && (await readFile(mark, "utf8")) === pins) return python;
  console.log(`Making ${path.relative(root, where)} (about 2 GB) …`);
  const base = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");
  await mustRun(base, ["-m", "venv", "--clear", where]);
  await mustRun(python, ["-m", "pip", "install", "--quiet", "-r", path.join(folder, "requirements.txt")]);
  await writeFile(mark, pins);
  return python;
}

/** Captures every model of the tables and writes down what came of it. */
async function writeCoverage() {
  await setUp();
  const { build } = await import("esbuild");
  const program = path.join(cache, "corpus", "coverage.cjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/corpus/coverage.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Some packages' `main` asks for files at run time, which a bundle does not bring.
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  const file = path.join(root, "docs", "coverage.md");
  await mustRun(process.execPath, [program, root, file]);
  const { format, resolveConfig } = await import("prettier");
  const text = await readFile(file, "utf8");
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: "markdown" }));
}
