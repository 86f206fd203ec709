// `npm run package [-- --target linux-x64]`: makes the extension's package (.vsix) for one platform, prints what is
// in it and its size. The package is put together in a folder of its own, so that nothing comes along by chance.
import { existsSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { cache, out, platform, root } from "./paths.mjs";
import { mustRun } from "./processes.mjs";
import { buildIsFresh, setUp } from "./setup.mjs";

export const LIMIT_BYTES = 40_000_000;
/** Parts of package.json that mean nothing to who installs the extension. */
const onlyForDevelopment = [
  "scripts",
  "devDependencies",
  "dependencies",
  "overrides",
  "private",
  "bin",
  "exports",
];

/**
 * Make the package.
 * @param {string} [target] A platform such as "linux-x64"; this one by default.
 * @returns {Promise<{ file: string, bytes: number }>}
 */
export async function makePackage(target = platform) {
  const { filesOf, stageFiles, targets } = await import("./package-files.mjs");
  const { notices } = await import("./notices.mjs");
  if (!targets.includes(target)) {
    throw new Error(`There is no package for ${target}; there is one for ${targets.join(", ")}.`);
  }
  const stage = path.join(cache, `package-${target}`);
  await stageFiles(stage, target);
  await writeFile(path.join(stage, "THIRD_PARTY_NOTICES.txt"), await notices(target));
  const parts = Object.entries(readManifest()).filter(([key]) => !onlyForDevelopment.includes(key));
  await writeFile(path.join(stage, "package.json"), JSON.stringify(Object.fromEntries(parts), null, 2));
  await copyFile(path.join(root, ".vscodeignore"), path.join(stage, ".vscodeignore"));

  const file = packageFile(target);
  await mkdir(out, { recursive: true });
  const unfinished = `${file}.part`;
  await mustRun(
    process.execPath,
    [
      path.join(root, "node_modules", "@vscode", "vsce", "vsce"),
      ...["package", "--target", target, "--out", unfinished],
      ...["--no-dependencies", "--no-rewrite-relative-links", "--allow-missing-repository"],
    ],
    { cwd: stage, quiet: true },
  );
  await rename(unfinished, file);
  const files = (await filesOf(stage)).filter((name) => name !== ".vscodeignore");
  printContents(stage, files);
  const bytes = statSync(file).size;
  console.log(`${path.relative(root, file)}  ${megabytes(bytes)} of at most ${megabytes(LIMIT_BYTES)}`);
  if (bytes > LIMIT_BYTES) throw new Error("The package is larger than its limit.");
  return { file, bytes };
}

/** The package for this platform, made again only when the build or a part of the package is newer. */
export async function ensurePackage() {
  const file = packageFile(platform);
  if (existsSync(file) && buildIsFresh()) {
    const made = statSync(file).mtimeMs;
    const parts = [
      "dist/extension/main.cjs",
      "dist/webview/main.js",
      "package.json",
      "README.md",
      "CHANGELOG.md",
    ];
    const inputs = [
      ...parts,
      "media",
      "schemas",
      ".vscodeignore",
      "scripts",
      "node_modules/.package-lock.json",
    ];
    const older = (name) =>
      !existsSync(path.join(root, name)) || statSync(path.join(root, name)).mtimeMs <= made;
    if (inputs.every(older)) return { file, bytes: statSync(file).size };
  }
  await setUp();
  return makePackage();
}

function readManifest() {
  return JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
}

function packageFile(target) {
  const { name, version } = readManifest();
  return path.join(out, `${name}-${target}-${version}.vsix`);
}

/** One line per file; one per package of node_modules. */
function printContents(stage, files) {
  const lines = new Map();
  for (const name of files) {
    const folder = /^dist\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[0];
    const line = lines.get(folder ?? name) ?? { bytes: 0, count: 0 };
    line.bytes += statSync(path.join(stage, name)).size;
    line.count += 1;
    lines.set(folder ?? name, line);
  }
  for (const [name, { bytes, count }] of lines) {
    console.log(`${kilobytes(bytes).padStart(12)}  ${name}${count > 1 ? ` (${count} files)` : ""}`);
  }
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function kilobytes(bytes) {
  return `${(bytes / 1e3).toFixed(1)} KB`;
}

async function main() {
  const { values } = parseArgs({ options: { target: { type: "string", default: platform } } });
  await setUp();
  await makePackage(values.target);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
