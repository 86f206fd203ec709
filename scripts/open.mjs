// Opens VS Code on a model: its source on the left, its visualizer on the right. A desktop VS Code where `code`
// is on the PATH, else VS Code for the browser, which runs until Ctrl-C.
//
// The extension is told what to open by two variables: ATTENTION_LENS_OPEN, the model, and
// ATTENTION_LENS_SOURCE, its source where the manifest names one.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cache, root } from "./paths.mjs";
import { findOnPath, run } from "./processes.mjs";
import { QUIET_SETTINGS, startServer } from "./vscode-server.mjs";

const examples = path.join(root, "examples");

/**
 * @param {{ model: string, port: number, open: boolean, browser: boolean }} options
 * @returns {Promise<number>} The exit code.
 */
export function openVscode(options) {
  const code = options.browser ? undefined : desktopVscode();
  return code ? openDesktop(code, options) : openBrowser(options);
}

/** What to open, and whether it may run: the bundled examples are trusted, anything else is asked about. */
function plan(model) {
  const bundled = model.startsWith(examples + path.sep);
  const source = sourceOf(model);
  return {
    folder: bundled ? examples : path.dirname(model),
    trusted: bundled,
    env: { ATTENTION_LENS_OPEN: model, ATTENTION_LENS_SOURCE: source ?? undefined },
  };
}

/** The model's source file, as its manifest names it. */
function sourceOf(model) {
  try {
    const manifest = JSON.parse(readFileSync(model.replace(/\.onnx$/i, ".attention.json"), "utf8"));
    const source = path.resolve(path.dirname(model), manifest.source);
    return existsSync(source) ? source : null;
  } catch {
    return null;
  }
}

/**
 * The `code` of a desktop VS Code. In a terminal of a remote window, and in WSL, `code` speaks to a VS Code on
 * another machine, which can't load an extension from here.
 */
function desktopVscode() {
  if (process.env.VSCODE_IPC_HOOK_CLI) return undefined;
  const code = findOnPath(["code"]);
  if (process.env.WSL_DISTRO_NAME && code?.startsWith("/mnt/")) return undefined;
  if (process.platform !== "win32" || !code) return code;
  // `code.cmd` would need a shell, and a shell would need quoting.
  const program = path.join(path.dirname(code), "..", "Code.exe");
  return existsSync(program) ? program : undefined;
}

async function openDesktop(code, { model }) {
  const { folder, trusted, env } = plan(model);
  const userData = path.join(cache, "vscode-user");
  mkdirSync(path.join(userData, "User"), { recursive: true });
  const settings = path.join(userData, "User", "settings.json");
  if (!existsSync(settings)) writeFileSync(settings, JSON.stringify(QUIET_SETTINGS, null, 2));
  console.log(`Opening ${path.relative(process.cwd(), model) || model} in VS Code (${code}) …`);
  const result = await run(
    code,
    [
      ...["--extensionDevelopmentPath", root, "--user-data-dir", userData],
      ...["--extensions-dir", path.join(userData, "extensions"), "--new-window", "--skip-welcome"],
      ...(trusted ? ["--disable-workspace-trust"] : []),
      folder,
    ],
    { env },
  );
  if (result.code !== 0)
    console.error(`VS Code ended with ${result.code}. \`npm start -- --browser\` needs none.`);
  return result.code;
}

async function openBrowser({ model, port, open }) {
  const { folder, trusted, env } = plan(model);
  const home = path.join(cache, "vscode-start");
  linkExtension(path.join(home, "extensions"));
  const server = await startServer({ home, trusted, port, env });
  const address = server.address(folder);
  const ended = new Promise((resolve) => server.process.once("exit", () => resolve("server")));
  const interrupted = new Promise((resolve) => {
    // npm passes a signal on that the terminal has sent already: the second one must not cut the end short.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve("person"));
  });

  console.log(`\nVS Code runs until Ctrl-C, for this machine only, at\n\n  ${address}\n`);
  if (open) openAddress(address);
  const who = await Promise.race([ended, interrupted]);
  if (who === "server") {
    console.error(`VS Code's server ended.\n${server.output()}`);
    return 1;
  }
  await server.stop();
  return 0;
}

/** The repository itself as an installed extension, so that a build is seen after a reload. */
function linkExtension(extensions) {
  const { publisher, name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  // VS Code's own list of this folder would hide a new version.
  rmSync(extensions, { recursive: true, force: true });
  mkdirSync(extensions, { recursive: true });
  symlinkSync(root, path.join(extensions, `${publisher}.${name}-${version}`), "junction");
}

/** Open the system's browser where there is a display. The address is printed anyway. */
function openAddress(address) {
  const opener = {
    darwin: ["open", address],
    win32: ["rundll32", "url.dll,FileProtocolHandler", address],
    linux: process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? ["xdg-open", address] : undefined,
  }[process.platform];
  if (opener === undefined) return;
  const child = spawn(opener[0], opener.slice(1), { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
