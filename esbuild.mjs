// Builds the programs: extension host, engine, command line (CommonJS for Node), the programmatic interface with its
// types, the view of a report, and the webview (ESM, split so that charts load when first needed); and the manifest's JSON Schema from its zod schema. `--watch` rebuilds;
// `--production` leaves source maps out.
import { build, context } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "prettier";

const root = import.meta.dirname;
const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");

/** Webview code that loads before the first chart: at most this many bytes, minified. */
const FIRST_LOAD_BUDGET = 700_000;

const common = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: production ? false : "linked",
  logLevel: "warning",
  metafile: true,
};
const node = {
  ...common,
  platform: "node",
  target: "node20",
  format: "cjs",
  // Smaller, and still readable in the stack of an error: names are kept.
  minifyWhitespace: true,
  minifySyntax: true,
  // Its main file asks for its parts in a way that no bundler sees.
  alias: { "jsonc-parser": path.join(root, "node_modules/jsonc-parser/lib/esm/main.js") },
};

/** Leave a module to a program of its own beside this one. */
function builtApart(name) {
  return {
    name: "built-apart",
    setup: ({ onResolve }) =>
      onResolve({ filter: new RegExp(`^${name.replace(".", "\\.")}$`) }, () => ({
        path: `${name}.cjs`,
        external: true,
      })),
  };
}

const programs = [
  {
    ...node,
    entryPoints: ["src/extension/main.ts"],
    outfile: "dist/extension/main.cjs",
    external: ["vscode"],
  },
  {
    ...node,
    entryPoints: ["src/engine/main.ts"],
    outfile: "dist/engine/main.cjs",
    // Native packages stay beside the bundle in node_modules.
    external: ["onnxruntime-node", "sharp"],
    plugins: [builtApart("./typography")],
  },
  {
    ...node,
    entryPoints: ["src/engine/exports/typography.ts"],
    outfile: "dist/engine/typography.cjs",
    external: ["sharp"],
    loader: { ".woff": "binary" },
    // Its ES module asks for its own address, which a bundle in CommonJS has none of.
    alias: { pdfkit: path.join(root, "node_modules/pdfkit/js/pdfkit.js") },
    minify: production,
  },
  { ...node, entryPoints: ["src/cli/main.ts"], outfile: "dist/cli/main.cjs" },
  {
    ...node,
    format: "esm",
    entryPoints: ["src/api/index.ts"],
    outfile: "dist/api/index.js",
    // Bundled CommonJS asks for Node's own modules by `require`.
    banner: {
      js: 'import { createRequire as attentionLensRequire } from "node:module"; const require = attentionLensRequire(import.meta.url);',
    },
  },
  {
    // The view of a report: one file, which the engine puts into the page.
    ...common,
    sourcemap: false,
    platform: "browser",
    target: "es2022",
    format: "iife",
    minify: true,
    entryPoints: ["src/webview/report-main.ts"],
    outfile: "dist/webview/report.js",
    tsconfig: "src/webview/tsconfig.json",
  },
  {
    ...common,
    platform: "browser",
    target: "es2022",
    format: "esm",
    splitting: true,
    minify: true,
    entryPoints: { main: "src/webview/main.ts" },
    outdir: "dist/webview",
    chunkNames: "chunks/[name]-[hash]",
    tsconfig: "src/webview/tsconfig.json",
  },
];

/** Bytes of the entry and of everything that it imports statically. */
function firstLoad(metafile) {
  const entry = Object.keys(metafile.outputs).find((file) => file.endsWith("webview/main.js"));
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const imported of metafile.outputs[file]?.imports ?? []) {
      if (imported.kind === "import-statement") visit(imported.path);
    }
  };
  visit(entry);
  return [...seen].reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? 0), 0);
}

/** Files of earlier builds; what is built is never missing meanwhile, so that a running engine or test keeps working. */
async function removeStale(results) {
  const built = new Set(results.flatMap((result) => Object.keys(result.metafile.outputs)));
  for (const entry of await readdir(path.join(root, "dist"), { recursive: true, withFileTypes: true })) {
    const file = path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/");
    if (entry.isFile() && /\.(c|m)?js(\.map)?$/.test(file) && !built.has(file))
      await rm(path.join(root, file));
  }
}

async function writeFormatted(file, text, parser) {
  const formatted = await format(text, { parser, printWidth: 110 });
  await mkdir(path.dirname(file), { recursive: true });
  if ((await readFile(file, "utf8").catch(() => "")) !== formatted) await writeFile(file, formatted);
}

/** The JSON Schema that VS Code validates manifests against, and `docs/manifest.md`, both from the one schema. */
async function writeSchema() {
  const bundle = path.join(root, ".cache/manifest-reference.mjs");
  await build({
    ...common,
    metafile: false,
    sourcemap: false,
    platform: "node",
    format: "esm",
    entryPoints: ["src/inputs/manifest/reference.ts"],
    outfile: bundle,
  });
  const { manifestJsonSchema, manifestReference } = await import(
    `${pathToFileURL(bundle).href}?${Date.now()}`
  );
  const schema = path.join(root, "schemas/attention-manifest.schema.json");
  await writeFormatted(schema, JSON.stringify(manifestJsonSchema()), "json");
  const examples = path.join(root, "docs/manifest");
  const texts = (await readdir(examples))
    .filter((name) => name.endsWith(".jsonc"))
    .sort()
    .map(async (name) => ({ name, text: await readFile(path.join(examples, name), "utf8") }));
  const reference = manifestReference(await Promise.all(texts));
  await writeFormatted(path.join(root, "docs/manifest.md"), reference, "markdown");
}

/** The types of the programmatic interface: its two files name nothing of the rest. */
async function writeApiTypes() {
  const { transpileDeclaration } = (await import("typescript")).default;
  for (const name of ["index", "types"]) {
    const source = await readFile(path.join(root, `src/api/${name}.ts`), "utf8");
    const { outputText } = transpileDeclaration(source, { compilerOptions: { isolatedDeclarations: true } });
    const file = path.join(root, `dist/api/${name}.d.ts`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, outputText.replaceAll('from "./types"', 'from "./types.js"'));
  }
}

await writeSchema();
if (watch) {
  for (const program of programs) await (await context(program)).watch();
  console.log("watching");
} else {
  const results = await Promise.all(programs.map((program) => build(program)));
  const webview = results.at(-1).metafile;
  const bytes = firstLoad(webview);
  await removeStale(results);
  await writeApiTypes();
  await writeFile(
    path.join(root, "dist/webview-first-load.json"),
    JSON.stringify({ bytes, budget: FIRST_LOAD_BUDGET }),
  );
  console.log(`webview first load ${(bytes / 1000).toFixed(0)} KB of ${FIRST_LOAD_BUDGET / 1000} KB`);
  if (bytes > FIRST_LOAD_BUDGET) {
    console.error(
      "The webview's first load is over its budget: load what is not needed for the first picture later.",
    );
    process.exit(1);
  }
}
