// Exports by what lies on disk afterwards: a picture that decodes, arrays that are the capture's, a page with the maps.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { unzipSync } from "fflate";
import sharp from "sharp";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";
import type { Workbench } from "./pages/workbench";

async function opened(workspace: Workspace): Promise<Workbench> {
  const workbench = await openVscode(workspace);
  await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  return workbench;
}

async function expectPicture(file: string): Promise<void> {
  await expect.poll(() => existsSync(file), { timeout: 30_000 }).toBe(true);
  const { channels, entropy } = await sharp(file).stats();
  expect(channels.length).toBeGreaterThanOrEqual(3);
  expect(entropy, "a picture of more than one colour").toBeGreaterThan(0.5);
}

test("a figure is exported as PNG, SVG and PDF, with the command that makes it again", async () => {
  const workspace = Workspace.withExample();
  const workbench = await opened(workspace);
  const start: Record<string, string> = { png: "\x89PNG", svg: "<", pdf: "%PDF" };
  for (const format of ["png", "svg", "pdf"]) {
    const file = workspace.path(`exported.${format}`);
    await workbench.palette.run("Attention: Export Figure…");
    await workbench.quickInput.choose("Export Figure of model.onnx", "Head map of L0H0");
    await workbench.quickInput.choose("Export Head map", format.toUpperCase());
    if (format === "png") await workbench.screenshot("export-dialog");
    await workbench.quickInput.saveAs("Export Head map", file);
    await workbench.notifications.waitFor(`Saved exported.${format}`, 30_000);
    expect(readFileSync(file).toString("latin1", 0, 4)).toContain(start[format]!.slice(0, 4));
  }
  await expectPicture(workspace.path("exported.png"));
  expect(readFileSync(workspace.path("exported.svg"), "utf8")).toContain(
    "attention-lens figure model.onnx --view heatmap --layers 0 --heads 0",
  );
  await workbench.notifications.press("exported.png", "Open");
  await workbench.tab("exported.png").waitFor();
  await workbench.screenshot("exported-figure");
  workbench.expectHealthy();
});

test("the maps are exported as NPZ and JSON that agree with each other", async () => {
  const workspace = Workspace.withExample();
  const workbench = await opened(workspace);
  await workbench.palette.run("Attention: Export Data…");
  await workbench.quickInput.choose("Export Data of model.onnx", "Maps and figures");
  await workbench.quickInput.saveAs("Export Maps and figures", workspace.path("data.npz"));
  await workbench.notifications.waitFor("Saved data.npz and data.json", 30_000);
  const arrays = unzipSync(workspace.read("data.npz"));
  const document = JSON.parse(workspace.read("data.json").toString());
  const npy = arrays["site_000.npy"]!;
  const header = Buffer.from(npy.subarray(0, 128)).toString("latin1");
  expect(header).toMatch(/'descr': '<f4'.*'shape': \(1, 4, 17, 17\)/);
  expect(document.sites).toHaveLength(2);
  // Rows sum to 1: they are probabilities and not pixels.
  const cells = new Float32Array(npy.slice(npy.length - 4 * 17 * 17 * 4).buffer);
  const sum = cells.subarray(0, 17).reduce((total, p) => total + p, 0);
  expect(sum).toBeCloseTo(1, 4);
  workbench.expectHealthy();
});

test("the report says that it holds the input, and holds it", async () => {
  const workspace = Workspace.withExample();
  const workbench = await opened(workspace);
  await workbench.palette.run("Attention: Next Head");
  await workbench.palette.run("Attention: Export Report…");
  await workbench.quickInput.asked("Export Report of model.onnx");
  const [entry] = await workbench.quickInput.entries();
  expect(entry).toContain("holds your input (recorded.npz)");
  await workbench.screenshot("export-report");
  await workbench.page.keyboard.press("Enter");
  await workbench.quickInput.saveAs("It holds your input", workspace.path("report.html"));
  await workbench.notifications.waitFor(/Saved report\.html.*It holds your input/, 30_000);

  const page = await workbench.page.context().newPage();
  await page.goto(`file://${workspace.path("report.html")}`);
  await page.locator("attention-app").waitFor();
  const heading = page.getByRole("region", { name: "Heatmap" }).getByRole("heading");
  await expect.poll(() => heading.textContent()).toContain("head 1");
  await page.screenshot({ path: path.join(repository, "out", "screenshots", "report-page.png") });
  workbench.expectHealthy();
});

test("the copied command line makes the figure outside VS Code", async () => {
  const workspace = Workspace.withExample();
  workspace.copyModel("it's a model.onnx");
  const workbench = await openVscode(workspace);
  await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.explorer.doubleClick("it's a model.onnx");
  await workbench.visualizer().drawn();
  await workbench.palette.run("Attention: Next Layer");
  await workbench.palette.run("Attention: Copy as Command Line");
  await expect.poll(() => workbench.clipboard()).toContain("npx attention-lens figure");
  const line = (await workbench.clipboard()).replace(
    /^npx attention-lens/,
    `node ${path.join(repository, "dist", "cli", "main.cjs")}`,
  );
  // npm tells programs where it was started; a person's shell does not.
  const env = { ...process.env };
  delete env["INIT_CWD"];
  execFileSync("sh", ["-c", line], { cwd: workspace.folder, env });
  await expectPicture(workspace.path("it-s-a-model-L1H0-heatmap.png"));
  workbench.expectHealthy();
});
