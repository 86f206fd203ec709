// `npm start` as a person runs it after a clone: in the browser, and without a window.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { expect, inject, onTestFinished, test } from "vitest";
import { npmCommand, run } from "../../scripts/processes.mjs";
import { isRunning } from "./harness/processes";
import { repository } from "./harness/workspace";
import { Visualizer } from "./pages/visualizer";

function startWindow(...args: string[]): { process: ChildProcess; output: () => string } {
  const [command, ...first] = npmCommand();
  const child = spawn(command, [...first, "start", "--", ...args], { cwd: repository, detached: true });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL");
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { process: child, output: () => output };
}

test("npm start opens the example's source on the left and its visualizer on the right, until Ctrl-C", async () => {
  const started = startWindow("--browser", "--no-open");
  const address = /http:\/\/127\.0\.0\.1:\d+\/\?tkn=[0-9a-f]{48}&folder=\S+/;
  await expect.poll(started.output, { timeout: 60_000 }).toMatch(address);
  const [url] = address.exec(started.output())!;

  const withoutToken = await fetch(new URL("/", url), { redirect: "manual" });
  expect(withoutToken.status, "without the token").toBe(403);

  const browser = await chromium.launch(inject("browser"));
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  await page.goto(url);
  const visualizer = new Visualizer(page, 0);
  await visualizer.drawn(60_000);
  const source = await page.locator('.tab[data-resource-name="model.py"]').boundingBox();
  const model = await page.locator('.tab[data-resource-name="model.onnx"]').boundingBox();
  expect(source!.x, "the source is left of the model").toBeLessThan(model!.x);
  expect(await page.locator(".view-lines", { hasText: "class" }).count(), "source text").toBeGreaterThan(0);
  expect(await page.locator(".monaco-dialog-box").count(), "no question").toBe(0);
  await page.screenshot({ path: path.join(repository, "out", "screenshots", "npm-start.png") });

  // Ctrl-C in a terminal reaches npm and its child alike.
  process.kill(-started.process.pid!, "SIGINT");
  await expect.poll(() => isRunning(started.process.pid!), { timeout: 15_000 }).toBe(false);
  await expect(fetch(url)).rejects.toThrow();
});

test("npm start -- --headless prints the table of heads and writes the report", async () => {
  const html = path.join(repository, "out", "report.html");
  const png = path.join(repository, "out", "report.png");
  for (const file of [html, png]) rmSync(file, { force: true });

  const [command, ...first] = npmCommand();
  const { code, output } = await run(command, [...first, "start", "--", "--headless"], { quiet: true });

  expect(code, output).toBe(0);
  const heads = output.split("\n").filter((line) => /^L[01]H[0-3] .* 17 × 17 /.test(line));
  expect(heads, output).toHaveLength(8);
  expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>/i);
  const { channels } = await sharp(png).stats();
  expect(Math.max(...channels.map(({ stdev }) => stdev)), "more than one colour").toBeGreaterThan(5);
});

test("npm start -- --headless passes on that a file is not a model", async () => {
  const [command, ...first] = npmCommand();
  const { code, output } = await run(
    command,
    [...first, "start", "--", "--headless", path.join(repository, "package.json")],
    { quiet: true },
  );
  expect(code).toBe(4);
  expect(output).toContain("Not an ONNX model");
});
