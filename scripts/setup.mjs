// What every command needs first: Node new enough, the dependencies of the lock file, a build no older than the
// sources. Does nothing when it is all there. Works on a fresh clone: Node's own modules only.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { root } from "./paths.mjs";
import { mustRun, npm } from "./processes.mjs";

/** Built programs without which nothing starts; there are more. */
const programs = ["extension/main.cjs", "engine/main.cjs", "cli/main.cjs", "webview/main.js"];

/** Dependencies as the lock file names them, then a build. */
export async function setUp() {
  requireNode();
  await ensureDependencies();
  await ensureBuild();
}

/**
 * An early, clear word instead of a syntax error later.
 * @param {string} [least] The tools of the tests want a later release than the programs do.
 */
export function requireNode(least = "20.11", version = process.versions.node) {
  const [major, minor] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = least.split(".").map(Number);
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    throw new Error(`Node ${least} or newer is needed; this is Node ${version}.`);
  }
}

export async function ensureDependencies() {
  if (dependenciesAreThere()) return;
  console.log("Installing the dependencies (npm ci) …");
  await npm(["ci", "--no-audit", "--no-fund"]);
}

/**
 * Whether `node_modules` holds what the lock file names. npm writes `node_modules/.package-lock.json` as its last
 * act, so an install that was cut short counts as missing.
 */
export function dependenciesAreThere(folder = root) {
  const wanted = readPackages(path.join(folder, "package-lock.json"));
  const present = readPackages(path.join(folder, "node_modules", ".package-lock.json"));
  if (wanted === null || present === null) return false;
  return Object.entries(wanted).every(([where, entry]) => {
    if (where === "") return true;
    const found = present[where];
    // Packages for other platforms are in the lock file only.
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

export async function ensureBuild() {
  if (buildIsFresh()) return;
  console.log("Building …");
  await mustRun(process.execPath, [path.join(root, "esbuild.mjs")]);
}

/** Whether every program was built after the newest change of a source. */
export function buildIsFresh(folder = root) {
  const dist = path.join(folder, "dist");
  if (!programs.every((program) => existsSync(path.join(dist, program))) || isOverBudget(folder))
    return false;
  const built = readdirSync(dist, { recursive: true }).filter((name) => /\.c?js$/.test(name));
  const oldest = Math.min(...built.map((name) => statSync(path.join(dist, name)).mtimeMs));
  const sources = ["src", "esbuild.mjs", "package.json", "package-lock.json", "tsconfig.base.json"];
  return sources.every((source) => newest(path.join(folder, source)) <= oldest);
}

/** A build that was refused for its size leaves its files; it must be refused again. */
function isOverBudget(folder) {
  const file = path.join(folder, "dist", "webview-first-load.json");
  if (!existsSync(file)) return true;
  const { bytes, budget } = JSON.parse(readFileSync(file, "utf8"));
  return bytes > budget;
}

/** The latest change in a folder, its own included: a file taken away counts too. */
function newest(file) {
  const stat = statSync(file);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(file).map((name) => newest(path.join(file, name))));
}
