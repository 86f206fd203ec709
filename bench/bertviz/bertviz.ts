/**
 * BertViz 1.4 from PyPI in a scratch environment (`.cache/bench/bertviz`), and the libraries that its page loads from
 * a content network, from npm. Made once; afterwards nothing outside this machine is asked.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import type * as Programs from "../../scripts/processes.mjs";

const root = process.cwd();
const sources = path.join(root, "bench/bertviz");
const home = path.join(root, ".cache/bench/bertviz");
/** BertViz asks for jQuery 2.0.0; npm has none before 2.1.0. */
const libraries = { d3: "5.7.0", jquery: "2.1.0", requirejs: "2.3.6" } as const;
const files: readonly (readonly [RegExp, string])[] = [
  [/require\.js/, "requirejs/require.js"],
  [/d3/, "d3/dist/d3.min.js"],
  [/jquery/, "jquery/dist/jquery.min.js"],
];
/** The slowest machine that draws 2.4 million lines. */
const LONGEST = 600_000;

export interface Rendered {
  /** From the start of the navigation until the frame after the last line. */
  readonly ms: number;
  readonly lines: number;
}

/** The page of `model_view` for these maps (npz, [1, heads, queries, keys] for each layer). */
export async function bertvizPage(maps: string): Promise<string> {
  const python = await prepare();
  const { mustRun } = await programs();
  const page = path.join(home, "model_view.html");
  await mustRun(python, [path.join(sources, "model_view.py"), maps, page], { quiet: true });
  return page;
}

export async function renderBertviz(browser: Browser, file: string): Promise<Rendered> {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(LONGEST);
    await page.route(/^https:/, (route) => {
      const found = files.find(([name]) => name.test(route.request().url()))?.[1];
      if (found === undefined) return route.abort();
      return route.fulfill({ path: path.join(home, "node_modules", found), contentType: "text/javascript" });
    });
    await page.goto(pathToFileURL(file).href, { waitUntil: "commit" });
    // It draws in one go: whoever sees the picture begun sees it done.
    return await page.evaluate(
      () =>
        new Promise<Rendered>((resolve) => {
          const look = (): void => {
            if (!document.querySelector("#vis svg")) return void setTimeout(look, 20);
            requestAnimationFrame(() =>
              requestAnimationFrame(() => {
                const ms = performance.now();
                resolve({ ms, lines: document.querySelectorAll("#vis line").length });
              }),
            );
          };
          look();
        }),
    );
  } finally {
    await context.close();
  }
}

function programs(): Promise<typeof Programs> {
  const file = path.join(root, "scripts/processes.mjs");
  return import(pathToFileURL(file).href) as Promise<typeof Programs>;
}

/** Program of the environment's Python. */
async function prepare(): Promise<string> {
  const { findOnPath, mustRun, npm } = await programs();
  const python = path.join(
    home,
    process.platform === "win32" ? "venv/Scripts/python.exe" : "venv/bin/python",
  );
  const requirements = readFileSync(path.join(sources, "requirements.txt"), "utf8");
  const wanted = JSON.stringify({ requirements, libraries });
  const stamp = path.join(home, "stamp.json");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;

  const system = findOnPath(["python3", "python"]);
  if (system === undefined) throw new Error("P6 compares with BertViz and needs Python 3.10 or newer.");
  console.log("installing BertViz and what its page loads (once) …");
  mkdirSync(home, { recursive: true });
  await mustRun(system, ["-m", "venv", "--clear", path.join(home, "venv")], { quiet: true });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const [bertviz, ...others] = requirements.trim().split("\n");
  // Without PyTorch and transformers, which `model_view` does not need (model_view.py).
  await mustRun(python, [...pip, "--no-deps", bertviz!], { quiet: true });
  await mustRun(python, [...pip, ...others], { quiet: true });
  writeFileSync(
    path.join(home, "package.json"),
    JSON.stringify({ private: true, dependencies: libraries }, null, 2),
  );
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], {
    cwd: home,
    quiet: true,
  });
  writeFileSync(stamp, wanted);
  return python;
}
