// Starting and ending other programs, the same way on Linux, macOS and Windows.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { root } from "./paths.mjs";

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] Folder to run in; the repository's by default.
 * @property {Record<string, string | undefined>} [env] Variables added to this process's own.
 * @property {boolean} [quiet] Keep the output back and show it only on failure.
 */

/**
 * Run a program to its end and give its exit code (128 + n when a signal n ended it, 127 when it is not there).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} `output` is empty unless `quiet`.
 */
export function run(command, args, { cwd = root, env = {}, quiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
      windowsHide: true,
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code, signal) => resolve({ code: code ?? (signal ? 130 : 1), output }));
  });
}

/** As `run`, but a failure is an error that carries the program's output. */
export async function mustRun(command, args, options = {}) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) {
    const shown = [path.basename(command), ...args].join(" ");
    // A minified program's crash prints its whole source: the last words are what helps.
    throw new Error(`\`${shown}\` ended with ${code}.${output ? `\n${output.trim().slice(-4000)}` : ""}`);
  }
  return output;
}

/**
 * npm as a command: npm's own script run by this Node, because `npm` is a shell script on some systems and a
 * `.cmd` file on others.
 * @returns {readonly [string, ...string[]]}
 */
export function npmCommand() {
  const node = path.dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath?.endsWith("npm-cli.js") ? process.env.npm_execpath : undefined,
    path.join(node, "node_modules", "npm", "bin", "npm-cli.js"),
    path.join(node, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
  ];
  const script = candidates.find((candidate) => candidate && existsSync(candidate));
  return script ? [process.execPath, script] : ["npm"];
}

/** Run npm to its end; a failure is an error with npm's words. */
export function npm(args, options) {
  const [command, ...first] = npmCommand();
  return mustRun(command, [...first, ...args], options);
}

/** Groups that run; none outlives this process. */
const groups = new Set();
let groupsEndWithThisProcess = false;

function endGroupsWithThisProcess() {
  process.once("exit", () => groups.forEach((child) => signalGroup(child, "SIGKILL")));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // Without a listener a signal ends this process and skips "exit"; who else listens decides by itself.
    process.on(signal, () => process.listenerCount(signal) === 1 && process.exit(130));
  }
}

/**
 * Start a program that stays, in a group of its own so that `endGroup` reaches its children too.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, stdio?: import("node:child_process").StdioOptions }} [options]
 */
export function startGroup(command, args, { cwd = root, env = {}, stdio = "pipe" } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio,
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  if (!groupsEndWithThisProcess) {
    groupsEndWithThisProcess = true;
    endGroupsWithThisProcess();
  }
  groups.add(child);
  return child;
}

/**
 * End a program that `startGroup` started, and its children. Resolves when it is gone.
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} [graceMs] How long it may take to end by itself.
 */
export async function endGroup(child, graceMs = 5000) {
  const gone = new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(undefined);
    else child.once("exit", resolve);
  });
  signalGroup(child, "SIGTERM");
  const force = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  await gone;
  clearTimeout(force);
  // Children that outlived their parent are still in the group.
  signalGroup(child, "SIGKILL");
  groups.delete(child);
}

function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
    else process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

/**
 * The first of some programs that is on the PATH, as a full path; undefined when there is none.
 * @param {readonly string[]} names
 */
export function findOnPath(names, searchPath = process.env.PATH ?? "") {
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  for (const name of names) {
    for (const folder of searchPath.split(path.delimiter).filter(Boolean)) {
      for (const ending of endings) {
        const candidate = path.join(folder, name + ending);
        if (existsSync(candidate)) return candidate;
      }
    }
  }
  return undefined;
}
