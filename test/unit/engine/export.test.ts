import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import type { EngineClient } from "../../../src/client/engine-client";
import { readNpz } from "../../../src/inputs/arrays";
import { colourTable } from "../../../src/shared/colour-maps";
import type { Capture } from "../../../src/shared/capture";
import { defaultSpec, type FigureSpec, figureViews } from "../../../src/shared/figure/figure-spec";
import { exampleModel, newClient, onCpu, temporaryFolder } from "./harness";

const command = "attention-lens figure 'my model.onnx' --out f.png";
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
const recorded = path.join(path.dirname(exampleModel), "recorded.npz");

async function captured(): Promise<{ client: EngineClient; capture: Capture; folder: string }> {
  const client = newClient();
  await client.open(exampleModel, "full");
  return { client, capture: await client.capture(onCpu), folder: temporaryFolder() };
}

const oneMap: FigureSpec = { ...defaultSpec, view: "heatmap", sites: [1], heads: [2], size: "column" };

async function mapOf(
  client: EngineClient,
  capture: Capture,
  site: number,
  head: number,
): Promise<Float32Array> {
  const { handle, queries, keys } = capture.sites[site]!;
  const window = {
    queryStart: 0,
    queryEnd: queries,
    keyStart: 0,
    keyEnd: keys,
    maxRows: queries,
    maxColumns: keys,
  };
  const page = await client.readPage({
    handle,
    generation: capture.generation,
    batch: 0,
    head,
    ...window,
    pooling: "max",
  });
  return new Float32Array(page.cells);
}

test("the pixel at every cell of a PNG has the colour of the cell's probability", async () => {
  const { client, capture, folder } = await captured();
  const [png, svg] = [path.join(folder, "map.png"), path.join(folder, "map.svg")];
  await client.writeFigure({ spec: oneMap, format: "png", file: png, command });
  await client.writeFigure({ spec: oneMap, format: "svg", file: svg, command });
  const text = readFileSync(svg, "utf8");
  const [, viewWidth = ""] = /viewBox="0 0 ([\d.]+)/.exec(text) ?? [];
  const place = /<image x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/.exec(text)!;
  const [left, top, width, height] = place.slice(1).map(Number) as [number, number, number, number];
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  // 85 mm at 600 dpi.
  expect(info.width).toBe(2008);
  const scale = info.width / Number(viewWidth);
  const cells = await mapOf(client, capture, 1, 2);
  const { queries, keys } = capture.sites[1]!;
  const table = colourTable("magma", true);
  const largest = Math.max(...cells);
  cells.forEach((p, cell) => {
    if (p < 0) return;
    const x = Math.round((left + (((cell % keys) + 0.5) / keys) * width) * scale);
    const y = Math.round((top + ((Math.floor(cell / keys) + 0.5) / queries) * height) * scale);
    const at = (y * info.width + x) * info.channels;
    const index = Math.floor((p / largest) * 255 + 0.5) * 4;
    expect([...data.subarray(at, at + 3)], `cell ${cell}`).toEqual([...table.subarray(index, index + 3)]);
  });
});

test(
  "every view is written as PNG and SVG, two as PDF, and is not of one colour",
  { timeout: 120_000 },
  async () => {
    const { client, folder } = await captured();
    for (const view of figureViews) {
      const one = view === "heatmap" || view === "tokens";
      const spec: FigureSpec = {
        ...defaultSpec,
        view,
        size: "column",
        sites: one ? [0] : null,
        heads: one ? ["mean"] : "all",
      };
      const file = (format: string) => path.join(folder, `${view}.${format}`);
      const formats =
        view === "heads" || view === "tokens" ? (["png", "svg", "pdf"] as const) : (["png", "svg"] as const);
      for (const format of formats) await client.writeFigure({ spec, format, file: file(format), command });
      const { channels } = await sharp(file("png")).stats();
      expect(Math.max(...channels.map(({ stdev }) => stdev)), view).toBeGreaterThan(5);
      expect((await sharp(file("png")).metadata()).density, view).toBe(600);
      expect(readFileSync(file("svg"), "utf8"), view).toMatch(/<text [^>]*>/);
      if (formats.length < 3) continue;
      const pdf = readFileSync(file("pdf")).toString("latin1");
      expect(pdf.startsWith("%PDF-"), view).toBe(true);
      // Type on paper is embedded, as journals ask.
      expect(pdf, view).toMatch(/\/FontFile[23]? /);
    }
  },
);

test("a picture of given pixels has these, on a dark ground when asked", async () => {
  const { client, folder } = await captured();
  const file = path.join(folder, "slide.png");
  const spec: FigureSpec = { ...defaultSpec, size: { width: 960, height: 540 }, theme: "dark" };
  await client.writeFigure({ spec, format: "png", file, command });
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([960, 540]);
  expect([...data.subarray(0, 3)]).toEqual([0x1f, 0x1f, 0x1f]);
});

test("every file says which model, input and command made it", async () => {
  const { client, folder } = await captured();
  const facts = { model: sha256(exampleModel), input: sha256(recorded) };
  const file = (name: string) => path.join(folder, name);
  await client.writeFigure({ spec: oneMap, format: "png", file: file("f.png"), command });
  await client.writeFigure({ spec: oneMap, format: "svg", file: file("f.svg"), command });
  await client.writeFigure({ spec: oneMap, format: "pdf", file: file("f.pdf"), command });
  for (const format of ["npz", "json", "csv"] as const)
    await client.writeData({ format, file: file(`d.${format}`), command });
  for (const name of ["f.png", "f.svg", "f.pdf", "d.json", "d.csv"]) {
    const bytes = readFileSync(file(name));
    // Texts of a PDF with characters outside ASCII are UTF-16.
    const text = bytes.toString("utf8").replaceAll("\u0000", "");
    expect(text.includes(facts.model), `${name}: model`).toBe(true);
    expect(text.includes(facts.input), `${name}: input`).toBe(true);
    expect(text.includes("attention-lens figure"), `${name}: command`).toBe(true);
    expect(text.includes(path.dirname(exampleModel)), `${name}: no folder of this machine`).toBe(
      name === "d.json",
    );
  }
  // The archive's comment ends the file: after the signature of the end record come 18 bytes and its length.
  const npz = readFileSync(file("d.npz"));
  const end = npz.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const comment = npz.subarray(end + 22, end + 22 + npz.readUInt16LE(end + 20));
  expect(end + 22 + comment.length).toBe(npz.length);
  const provenance = JSON.parse(comment.toString()) as { model: { sha256: string }; command: string };
  expect(provenance.model.sha256).toBe(facts.model);
  expect(provenance.command).toBe(command);
});

test("the npz equals the capture, cell by cell, and holds nothing but its maps", async () => {
  const { client, capture, folder } = await captured();
  const file = path.join(folder, "maps.npz");
  await client.writeData({ format: "npz", file, command });
  const arrays = readNpz(readFileSync(file), "maps.npz");
  expect([...arrays.keys()].sort()).toEqual(capture.sites.map(({ id }) => id).sort());
  for (const [index, site] of capture.sites.entries()) {
    const array = arrays.get(site.id)!;
    expect([array.dtype, ...array.dims]).toEqual([
      "float32",
      site.batch,
      site.heads,
      site.queries,
      site.keys,
    ]);
    for (let head = 0; head < site.heads; head++) {
      const cells = await mapOf(client, capture, index, head);
      const start = head * cells.length;
      cells.forEach((p, cell) => {
        if (p >= 0) expect((array.data as Float32Array)[start + cell]).toBe(p);
      });
    }
  }
  expect(Object.keys(unzipSync(readFileSync(file)))).toContain("site_000.npy");
});

test("the CSV has a row for each head, with the figures of the capture", async () => {
  const { client, capture } = await captured();
  const lines = (await client.dataText({ format: "csv", command })).trimEnd().split("\n");
  const data = lines.filter((line) => !line.startsWith("#"));
  const header = data[0]!.split(",");
  const rows = data.slice(1).map((line) => line.split(","));
  expect(lines[0]).toMatch(/^# /);
  expect(rows).toHaveLength(capture.sites.reduce((sum, site) => sum + site.heads, 0));
  rows.forEach((row) => {
    const cell = (name: string) => row[header.indexOf(name)]!;
    const site = capture.sites.find(({ id }) => id === cell("site"))!;
    const figures = site.figures[0]![Number(cell("head"))]!;
    expect(Number(cell("normalisedEntropy"))).toBe(figures.normalisedEntropy);
    expect(Number(cell("sinkMass"))).toBe(figures.sinkMass);
  });
});

test("where a file cannot be written there is an error and no part of one", async () => {
  const { client, folder } = await captured();
  const refused = async (file: string) => {
    await expect(client.writeFigure({ spec: oneMap, format: "png", file, command })).rejects.toMatchObject({
      code: "writeFailed",
      where: file,
    });
    await expect(client.writeData({ format: "npz", file, command })).rejects.toMatchObject({
      code: "writeFailed",
    });
    await expect(
      client.writeReport({ file, command, limitBytes: 1e6, viewState: null }),
    ).rejects.toMatchObject({ code: "writeFailed" });
  };
  // A folder stands where the file should be; its parent is a file; there is no such folder.
  mkdirSync(path.join(folder, "taken", "inside"), { recursive: true });
  await refused(path.join(folder, "taken"));
  writeFileSync(path.join(folder, "plain"), "");
  await refused(path.join(folder, "plain", "f.png"));
  await refused(path.join(folder, "absent", "f.png"));
  expect(readdirSync(folder).sort()).toEqual(["plain", "taken"]);
  expect(existsSync(path.join(folder, "absent"))).toBe(false);
  if (process.getuid?.() === 0) return; // A root user may write into a read-only folder.
  const locked = path.join(folder, "locked");
  mkdirSync(locked);
  chmodSync(locked, 0o555);
  await refused(path.join(locked, "f.png"));
  expect(readdirSync(locked)).toEqual([]);
});
