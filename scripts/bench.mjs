// `npm run bench`: sets up what is missing, bundles the bench and runs it.
//   npm run bench                       all bars; writes bench/results.json
//   npm run bench -- --only P10,P15     some; writes nothing
//   npm run bench -- --only P6 --save   some; takes them into bench/results.json, which keeps the others
//   npm run bench -- --quick            fewer pairs; writes nothing
//   npm run bench -- --slowed           only the variants slowed on purpose: every bar must see red
// Ends with 1 when a bar fails (or holds for a slowed variant), with 2 when the control makes the run void.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { findBrowser } from "./browser.mjs";
import { cache, root } from "./paths.mjs";
import { run } from "./processes.mjs";
import { setUp } from "./setup.mjs";

try {
  await setUp();
  const { build } = await import("esbuild");
  const folder = path.join(cache, "bench");
  await build({
    absWorkingDir: root,
    entryPoints: ["bench/main.ts", "bench/child.ts"],
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    sourcemap: "linked",
    logLevel: "warning",
    external: ["onnxruntime-node", "sharp", "playwright-core"],
    // Its other form asks for its files by names that a bundle can't follow.
    alias: { "jsonc-parser": path.join(root, "node_modules/jsonc-parser/lib/esm/main.js") },
  });
  await build({
    absWorkingDir: root,
    entryPoints: ["bench/page/drawing.ts", "bench/page/view-frame.ts"],
    outdir: path.join(folder, "page"),
    bundle: true,
    platform: "browser",
    target: "es2022",
    format: "iife",
    logLevel: "warning",
    tsconfig: "src/webview/tsconfig.json",
  });
  const main = path.join(folder, "main.cjs");
  const { code } = await run(process.execPath, ["--enable-source-maps", main, ...process.argv.slice(2)], {
    env: { ATTENTION_LENS_BENCH_BROWSER: JSON.stringify(await findBrowser()) },
  });
  await formatResults();
  process.exitCode = code;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** As the rest of the repository is formatted: the file is committed. */
async function formatResults() {
  const { format, resolveConfig } = await import("prettier");
  const file = path.join(root, "bench/results.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return;
  const formatted = await format(text, { ...(await resolveConfig(file)), parser: "json" });
  if (formatted !== text) await writeFile(file, formatted);
}
