// Starts VS Code for the browser: on 127.0.0.1, a free port and a random token.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { endGroup, mustRun, startGroup } from "./processes.mjs";
import { ensureVscodeWeb } from "./vscode-web.mjs";

/** No tips, no updates, no telemetry: a first start shows the folder and nothing else. */
export const QUIET_SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.commandCenter.enabled": false,
};

/**
 * @typedef {object} ServerOptions
 * @property {string} home Folder for user data, server data and extensions; made when missing.
 * @property {boolean} trusted Every folder counts as trusted (no question is asked).
 * @property {string} [extensions] Folder of installed extensions; one below `home` by default.
 * @property {number} [port] 0 for a free one.
 * @property {Record<string, string | undefined>} [env] Variables for the extension host.
 * @property {Record<string, unknown>} [settings] User settings beyond the quiet ones.
 *
 * @typedef {object} Server
 * @property {(folder: string) => string} address The address that opens a folder, token included.
 * @property {string} token
 * @property {number} port
 * @property {string} extensions Folder of installed extensions.
 * @property {string} logs Folder of the logs of the extension hosts and their extensions.
 * @property {import("node:child_process").ChildProcess} process
 * @property {() => string} output What it has printed so far.
 * @property {() => Promise<void>} stop Ends the server and everything that it started.
 */

/**
 * Start a server and wait until it answers.
 * @param {ServerOptions} options
 * @returns {Promise<Server>}
 */
export async function startServer(options) {
  const { home, trusted, port = 0, env = {}, settings = {} } = options;
  const program = await ensureVscodeWeb();
  const { userData, serverData, extensions } = await makeFolders(home, options.extensions);
  await writeSettings(path.join(userData, "User", "settings.json"), settings);

  const chosen = await freePort(port);
  const token = randomBytes(24).toString("hex");
  const child = startGroup(
    process.execPath,
    [
      program,
      ...["--host", "127.0.0.1", "--port", String(chosen), "--connection-token", token],
      ...["--user-data-dir", userData, "--server-data-dir", serverData],
      ...["--extensions-dir", extensions, "--telemetry-level", "off", "--accept-server-license-terms"],
      ...(trusted ? ["--disable-workspace-trust"] : []),
    ],
    { env: { ...env, ELECTRON_RUN_AS_NODE: undefined, VSCODE_IPC_HOOK_CLI: undefined } },
  );
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  try {
    await answers(chosen, token, child, () => output);
  } catch (error) {
    await endGroup(child);
    throw error;
  }
  return {
    address: (folder) =>
      `http://127.0.0.1:${chosen}/?tkn=${token}&folder=${encodeURIComponent(asUriPath(folder)).replaceAll("%2F", "/")}`,
    token,
    port: chosen,
    extensions,
    logs: path.join(userData, "logs"),
    process: child,
    output: () => output,
    stop: () => endGroup(child),
  };
}

/**
 * Install a package (.vsix) with VS Code's own installer.
 * @param {string} vsix
 * @param {{ home: string }} where As for `startServer`.
 * @returns {Promise<string>} The folder of extensions, for `startServer`.
 */
export async function installExtension(vsix, { home }) {
  const program = await ensureVscodeWeb();
  const { userData, serverData, extensions } = await makeFolders(home);
  await mustRun(
    process.execPath,
    [
      ...[program, "--install-extension", vsix, "--accept-server-license-terms"],
      ...["--user-data-dir", userData, "--server-data-dir", serverData, "--extensions-dir", extensions],
    ],
    { quiet: true },
  );
  return extensions;
}

async function makeFolders(home, extensions = path.join(home, "extensions")) {
  const folders = { userData: path.join(home, "user"), serverData: path.join(home, "server"), extensions };
  for (const folder of [path.join(folders.userData, "User"), folders.serverData, extensions]) {
    await mkdir(folder, { recursive: true });
  }
  return folders;
}

async function writeSettings(file, settings) {
  if (existsSync(file) && Object.keys(settings).length === 0) return;
  await writeFile(file, JSON.stringify({ ...QUIET_SETTINGS, ...settings }, null, 2));
}

/** A folder as the workbench wants it in its address: "/c:/work" on Windows. */
function asUriPath(folder) {
  const path_ = path.resolve(folder).replaceAll("\\", "/");
  return path_.startsWith("/") ? path_ : `/${path_}`;
}

/** The port that was asked for, or a free one for 0; one that is taken is an error. */
async function freePort(asked) {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`Port ${asked} can't be used (${error.code}).`)));
    server.listen(asked, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}

/** Ask until the workbench's page comes; a server that ends before is an error with its last words. */
async function answers(port, token, child, output, limitMs = 90_000) {
  const until = Date.now() + limitMs;
  let failure = "";
  child.once("error", (error) => (failure = error.message));
  while (Date.now() < until) {
    if (failure || child.exitCode !== null) {
      throw new Error(`VS Code's server ended as it started. ${failure}\n${output()}`);
    }
    try {
      const response = await fetch(`http://127.0.0.1:${port}/?tkn=${token}`, { redirect: "manual" });
      if (response.status < 400) return;
    } catch {
      // Not listening yet.
    }
    await wait(150);
  }
  throw new Error(`VS Code's server did not answer within ${limitMs / 1000} s.\n${output()}`);
}
