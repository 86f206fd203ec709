// Third-party notices: every package whose code is in ours, with its licence's text. The bundled ones are read off
// the source maps of the build, so that the list is what was really taken.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { root } from "./paths.mjs";
import { filesOf, nativePackages, packageFolder } from "./package-files.mjs";

/** Licences that the project accepts (LGPL only for libvips, a library of its own that can be replaced). */
const accepted = /^(MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|Unlicense|BlueOak-1\.0\.0)$/;

/** Folders of the packages that esbuild bundled into `dist`. */
export async function bundledPackages() {
  const dist = path.join(root, "dist");
  const folders = new Set();
  for (const map of (await filesOf(dist)).filter((name) => name.endsWith(".map"))) {
    const { sources } = JSON.parse(await readFile(path.join(dist, map), "utf8"));
    for (const source of sources) {
      const folder = packageOf(path.resolve(dist, path.dirname(map), source));
      if (folder) folders.add(folder);
    }
  }
  // Put into a program as bytes: the typeface of figures. Source maps name only code.
  folders.add(path.join(root, "node_modules", "roboto-fontface"));
  if (folders.size === 1) throw new Error("The build has no source maps to read the bundled packages from.");
  return [...folders];
}

/** The package that a file belongs to. A package that was bundled itself names files that are not there. */
function packageOf(file) {
  for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder)) {
    const above = path.dirname(folder);
    const parent = path.basename(above).startsWith("@") ? path.dirname(above) : above;
    const inModules = path.basename(parent) === "node_modules";
    if (inModules && existsSync(path.join(folder, "package.json"))) return folder;
  }
  return undefined;
}

/** The text of THIRD_PARTY_NOTICES.txt for a target. */
export async function notices(target) {
  const native = await Promise.all(Object.keys(nativePackages(target)).map(packageFolder));
  const described = [...native, ...(await bundledPackages())].map(describe);
  // One version may lie in several folders.
  const unique = new Map(described.map((entry) => [`${entry.name} ${entry.version}`, entry]));
  const entries = [...unique.values()].sort((a, b) => a.name.localeCompare(b.name, "en"));
  return [
    "Attention Lens contains the third-party software listed here, under the terms given with each.",
    "",
    ...entries.map(({ name, version, licence }) => `  ${name} ${version} (${licence})`),
    "",
    ...entries.flatMap((entry) => [
      "=".repeat(100),
      `${entry.name} ${entry.version}`,
      `Licence: ${entry.licence}`,
      ...(entry.home ? [entry.home] : []),
      "",
      entry.text.trim(),
      "",
    ]),
  ].join("\n");
}

function describe(folder) {
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const { name, version } = manifest;
  const own = ownTexts(folder);
  const licence = manifest.license ?? licenceOfText(own);
  const libvips = /^@img\/sharp-/.test(name) && licence.includes("LGPL");
  const parts = licence.replace(/[()]/g, "").split(/ (?:AND|OR) /);
  if (!libvips && !parts.every((part) => accepted.test(part))) {
    throw new Error(`${name} ${version} is under ${licence}, which the project does not accept.`);
  }
  const home = (manifest.repository?.url ?? manifest.repository ?? manifest.homepage ?? "")
    .replace(/^git\+/, "")
    .replace(/^git:/, "https:");
  const text = libvips ? libvipsText(own) : own || standardText(manifest, parts);
  return { name, version, licence: licence.replace(/^\((.*)\)$/, "$1"), home, text };
}

/** The licence that a text is, for a package whose manifest names none. */
function licenceOfText(text) {
  return /^\s*(The )?MIT License|Permission is hereby granted, free of charge/.test(text) ? "MIT" : "unknown";
}

/** Licence and notice files of a package, one after the other. */
function ownTexts(folder) {
  return readdirSync(folder)
    .filter((file) =>
      /^(licen[cs]e|notices?|copying|copyrightnotice|thirdpartynotices)(\.(md|txt))?$/i.test(file),
    )
    .sort()
    .map((file) => readFileSync(path.join(folder, file), "utf8").replaceAll("\r\n", "\n"))
    .join("\n\n");
}

/** For a package that carries no licence file: the licence's standard text, with the holder from its manifest. */
function standardText(manifest, parts) {
  const author = typeof manifest.author === "string" ? manifest.author : manifest.author?.name;
  const holder = /microsoft|onnxruntime/i.test(manifest.name)
    ? "Microsoft Corporation"
    : (author ?? manifest.name);
  const texts = parts.map((part) => {
    const file = licenceFile(part);
    return existsSync(file) ? readFileSync(file, "utf8") : `Licensed under ${part}.`;
  });
  return [`Copyright (c) ${holder}`, ...texts].join("\n\n");
}

function libvipsText(own) {
  return [
    own,
    "libvips and the libraries in it are used as a separate shared library, which can be replaced by another build",
    "of the same version: https://github.com/lovell/sharp-libvips has the sources and the way to build it.",
    "Their licences are listed in the README.md beside the library. The LGPL and the GPL, which it refers to:",
    "",
    readFileSync(licenceFile("LGPL-3.0"), "utf8"),
    readFileSync(licenceFile("GPL-3.0"), "utf8"),
  ].join("\n");
}

function licenceFile(id) {
  return path.join(root, "scripts", "licences", `${id}.txt`);
}
