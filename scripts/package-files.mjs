// What goes into the package: an allow-list. The built programs, and of `node_modules` only the native packages
// that the engine loads, with one platform's binaries. Everything else is bundled into the programs.
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { cache, root } from "./paths.mjs";
import { fetchPackages } from "./registry.mjs";
import { unpackTarball } from "./tar.mjs";

/** Platforms that a package can be made for: those of onnxruntime-node. */
export const targets = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64", "win32-arm64"];

/** Beside the programs: the manifest is written by `package.mjs`. */
const besides = ["LICENSE", "README.md", "CHANGELOG.md", "media", "schemas"];
/** The example that *Attention: Open Example* copies: what a person needs to look at it. */
const example = {
  folder: "examples/decision-transformer",
  files: ["README.md", "model.attention.json", "model.onnx", "model.py", "recorded.npz"],
};
const programs = ["extension", "engine", "cli", "webview"];

/**
 * Native packages and what they load, with the files that are needed at run time.
 * @param {string} target
 * @returns {Record<string, RegExp>} Package name to a pattern of the paths inside it.
 */
export function nativePackages(target) {
  const [system, architecture] = target.split("-");
  const licence = "licen[cs]e|licen[cs]e\\.md|notice|versions\\.json";
  const files = (pattern) => new RegExp(`^(package\\.json|${licence}|${pattern})$`, "i");
  return {
    // The macOS library is there twice; the one without its minor version is the one that is loaded.
    "onnxruntime-node": files(
      `dist/[^/]+\\.js|bin/napi-v\\d+/${system}/${architecture}/(?!libonnxruntime\\.\\d+\\.\\d)[^/]+`,
    ),
    // Its package.json says that the files beside it are CommonJS.
    "onnxruntime-common": files("dist/cjs/([^/]+\\.js|package\\.json)"),
    sharp: files("dist/[^/]+\\.[cm]js"),
    [`@img/sharp-${target}`]: files("index\\.cjs|lib/[^/]+"),
    // On Windows sharp's own package carries libvips.
    ...(system === "win32" ? {} : { [`@img/sharp-libvips-${target}`]: files("README\\.md|lib/[^/]+") }),
    "@img/colour": files("[^/]+\\.cjs"),
    "detect-libc": files("lib/[^/]+\\.js"),
    semver: files("index\\.js|(classes|functions|internal|ranges)/[^/]+\\.js"),
  };
}

/**
 * Copy everything but the manifest into `stage`. The native packages go to `dist/node_modules`, where the engine
 * finds them and where the packager, told of no dependencies, leaves them alone.
 */
export async function stageFiles(stage, target) {
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  for (const name of besides) {
    const from = path.join(root, name);
    if (existsSync(from)) await cp(from, path.join(stage, name), { recursive: true });
  }
  for (const name of example.files) {
    await cp(path.join(root, example.folder, name), path.join(stage, example.folder, name));
  }
  for (const program of programs)
    await copyProgram(path.join(root, "dist", program), path.join(stage, "dist", program));
  for (const [name, wanted] of Object.entries(nativePackages(target))) {
    const from = await packageFolder(name);
    await copyMatching(from, path.join(stage, "dist", "node_modules", name), wanted);
  }
}

/** A built program without its source maps and without the line that points to them. */
async function copyProgram(from, to) {
  for (const name of await filesOf(from)) {
    if (name.endsWith(".map")) continue;
    const target = path.join(to, name);
    await mkdir(path.dirname(target), { recursive: true });
    if (/\.(c?js|css)$/.test(name)) {
      const text = await readFile(path.join(from, name), "utf8");
      await writeFile(target, text.replace(/\n(\/\/|\/\*)# sourceMappingURL=[^\n]*\n?$/, "\n"));
    } else {
      await cp(path.join(from, name), target);
    }
  }
}

async function copyMatching(from, to, wanted) {
  let copied = 0;
  for (const name of await filesOf(from)) {
    if (!wanted.test(name)) continue;
    await mkdir(path.dirname(path.join(to, name)), { recursive: true });
    await cp(path.join(from, name), path.join(to, name));
    copied += 1;
  }
  // package.json alone is no package.
  if (copied < 2) throw new Error(`${path.relative(root, from)} has none of the files that were expected.`);
}

/** Paths of all files below a folder, with `/`, sorted. */
export async function filesOf(folder) {
  const names = await readdir(folder, { recursive: true });
  const files = [];
  for (const name of names) {
    if ((await stat(path.join(folder, name))).isFile()) files.push(name.replaceAll("\\", "/"));
  }
  return files.sort();
}

/** A package's folder. One for another platform is not in node_modules: npm gives it, as the lock file names it. */
export async function packageFolder(name) {
  const installed = path.join(root, "node_modules", name);
  if (existsSync(path.join(installed, "package.json"))) return installed;
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  const entry = lock.packages[`node_modules/${name}`];
  if (entry?.integrity === undefined) throw new Error(`${name} is not in the lock file.`);
  const id = `${name}@${entry.version}`;
  const folder = path.join(cache, "platforms", id.replaceAll("/", "+"));
  if (existsSync(folder)) return folder;
  const downloads = path.join(cache, "platforms", "downloads");
  const tarballs = await fetchPackages({ [id]: entry.integrity }, downloads);
  const unfinished = `${folder}.part`;
  await rm(unfinished, { recursive: true, force: true });
  await unpackTarball(tarballs[id], unfinished, (inside) => inside.replace(/^package\//, ""));
  await rename(unfinished, folder);
  return folder;
}
