import { expect, test } from "vitest";
import type { Capture } from "../../../src/shared/capture";
import { buildFigure } from "../../../src/shared/figure/build-figure";
import { defaultSpec, type FigureSpec } from "../../../src/shared/figure/figure-spec";
import { figureTheme } from "../../../src/shared/figure/figure-theme";
import type { Scene } from "../../../src/shared/figure/scene";
import { probability } from "../../../src/shared/format";
import { numberedAxis, prompt, seededSource, shapes } from "./source";

const theme = figureTheme("light");
const texts = (scene: Scene) => scene.marks.flatMap((mark) => (mark.kind === "text" ? [mark] : []));
const rects = (scene: Scene, fill: string) =>
  scene.marks.flatMap((mark) => (mark.kind === "rect" && mark.fill === fill ? [mark] : []));

test("entropy bars are as high as their figures on an axis to 1.05", () => {
  const source = shapes["repeated triples"]!();
  const { scene } = buildFigure(source, { ...defaultSpec, view: "entropy" });
  const bars = rects(scene, theme.bar);
  const figures = source.capture.sites.flatMap((site) =>
    site.figures[0]!.map((figure) => figure.normalisedEntropy!),
  );
  expect(bars).toHaveLength(figures.length);
  const tick = (text: string) => texts(scene).find((mark) => mark.text === text)!.y;
  const unit = tick("0") - tick("1");
  bars.forEach((bar, index) => expect(bar.height / unit, `bar ${index}`).toBeCloseTo(figures[index]!, 5));
  const dashed = scene.marks.filter((mark) => mark.kind === "line" && mark.dashed);
  expect(dashed).toHaveLength(1);
});

test("a head without a figure has no bar but a dash", () => {
  const source = seededSource([numberedAxis("one", 1)], [{ heads: 2, queryAxis: 0, keyAxis: 0 }]);
  const { scene } = buildFigure(source, { ...defaultSpec, view: "entropy" });
  expect(rects(scene, theme.bar)).toHaveLength(0);
  expect(texts(scene).filter((mark) => mark.text === "—")).toHaveLength(2);
});

test("all heads stand on one scale, whose end is their largest cell", () => {
  const source = shapes["few tokens"]!();
  const { scene } = buildFigure(source, { ...defaultSpec, view: "heads" });
  const site = source.capture.sites[0]!;
  const largest = Math.max(
    ...Array.from({ length: site.heads }, (_, head) =>
      Math.max(
        ...new Float32Array(
          source.readPage({
            handle: site.handle,
            generation: source.capture.generation,
            batch: 0,
            head,
            queryStart: 0,
            queryEnd: 9,
            keyStart: 0,
            keyEnd: 9,
            maxRows: 9,
            maxColumns: 9,
            pooling: "max",
          }).cells,
        ),
      ),
    ),
  );
  expect(texts(scene).map(({ text }) => text)).toContain(largest.toFixed(2));
  expect(scene.marks.filter((mark) => mark.kind === "image")).toHaveLength(site.heads + 1);
});

test("a long map says that its pixels are maxima, and a clipped range what is above it", () => {
  const source = seededSource(
    [numberedAxis("tokens", 5000), numberedAxis("few", 4)],
    [{ kind: "cross", heads: 1, queryAxis: 1, keyAxis: 0 }],
  );
  const spec: FigureSpec = {
    ...defaultSpec,
    view: "heatmap",
    sites: [0],
    heads: [0],
    size: "column",
    range: 0.001,
  };
  const words = texts(buildFigure(source, spec).scene)
    .map(({ text }) => text)
    .join(" ");
  expect(words).toMatch(/each pixel is the maximum of 1 × \d+ cells/);
  expect(words).toMatch(/cells above 0.001 have its colour; the largest is/);
});

test("the tokens of a query carry its strongest probabilities, and the query an outline", () => {
  const source = seededSource(
    [prompt],
    [{ heads: 1, queryAxis: 0, keyAxis: 0, visible: (query, key) => key <= query }],
  );
  const site = source.capture.sites[0]!;
  const query = 20;
  const { scene } = buildFigure(source, { ...defaultSpec, view: "tokens", sites: [0], heads: [0], query });
  const row = new Float32Array(
    source.readRow({ handle: site.handle, generation: source.capture.generation, batch: 0, head: 0, query })
      .cells,
  );
  const strongest = [...row].sort((a, b) => b - a)[0]!;
  expect(texts(scene).map(({ text }) => text)).toContain(
    strongest < 0.1 ? strongest.toFixed(3) : strongest.toFixed(2),
  );
  expect(scene.marks.filter((mark) => mark.kind === "rect" && mark.stroke === theme.outline)).toHaveLength(1);
  const struck = scene.marks.filter((mark) => mark.kind === "line" && mark.stroke === theme.dim);
  expect(struck).toHaveLength([...row].filter((p) => p < 0).length);
});

test("the tokens of a segment's queries are lit by the mean of their rows, which the title names", () => {
  const source = seededSource(
    [prompt],
    [{ heads: 1, queryAxis: 0, keyAxis: 0, visible: (query, key) => key <= query && query !== 3 }],
  );
  const site = source.capture.sites[0]!;
  const name = prompt.segments[prompt.segmentOf[3]!]!.name;
  const queries = prompt.segmentOf.flatMap((_, query) =>
    prompt.segments[prompt.segmentOf[query]!]!.name === name && query !== 3 ? [query] : [],
  );
  const drawn = (query: FigureSpec["query"], start?: Capture["start"]) =>
    buildFigure(
      { ...source, capture: { ...source.capture, ...(start ? { start } : {}) } },
      { ...defaultSpec, view: "tokens", sites: [0], heads: [0], query },
    ).scene;
  const scene = drawn(`mean(${name})`);
  expect(scene.title).toContain(`the mean of ${name} (${queries.length} rows, 1 masked left out) attends to`);
  const request = { handle: site.handle, generation: source.capture.generation, batch: 0, head: 0 };
  const rows = queries.map((query) => new Float32Array(source.readRow({ ...request, query }).cells));
  const mean = Array.from(rows[0]!, (_, key) =>
    rows.every((row) => row[key]! < 0)
      ? -1
      : rows.reduce((sum, row) => sum + Math.max(0, row[key]!), 0) / rows.length,
  );
  expect(texts(scene).map(({ text }) => text)).toContain(probability(Math.max(...mean)));
  // No one token is the query.
  expect(scene.marks.filter((mark) => mark.kind === "rect" && mark.stroke === theme.outline)).toHaveLength(0);
  const struck = scene.marks.filter((mark) => mark.kind === "line" && mark.stroke === theme.dim);
  expect(struck).toHaveLength(mean.filter((p) => p < 0).length);
  // Nothing asked for is what the manifest asks for; where a site has no such query, the last.
  expect(drawn(null, { queryText: `mean(${name})` }).title).toBe(scene.title);
  expect(drawn(null, { queryText: "mean(elsewhere)" }).title).toBe(drawn("last").title);
  expect(() => drawn("mean(elsewhere)")).toThrow(
    /mean\(elsewhere\), and the queries of .* have the segments/,
  );
});

test("a site, a head, a sample or a query that is not there is refused by name", () => {
  const source = shapes["few tokens"]!();
  const draw = (over: Partial<FigureSpec>) => () => buildFigure(source, { ...defaultSpec, ...over });
  expect(draw({ sites: [3] })).toThrow(/no site 3/);
  expect(draw({ heads: [9] })).toThrow(/no 9/);
  expect(draw({ sample: 1 })).toThrow(/no 1/);
  expect(draw({ view: "tokens", sites: [0], heads: [0], query: 3 })).toThrow(/3 queries/);
  expect(draw({ view: "heatmap" })).toThrow(/draws one head/);
});
