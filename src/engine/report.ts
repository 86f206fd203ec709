/** The plain page: the figures of all heads and every head's map; and the maps as one picture. */
import sharp from "sharp";
import type { Capture, CapturedSite } from "../shared/capture";
import { providerLabels } from "../shared/capture";
import { colourTable, tableColour } from "../shared/colour-maps";
import { type HeadPicture, headsFigure, type SiteRow } from "../shared/figure/heads-figure";
import { escapeXml } from "../shared/figure/svg";
import { type MetricName, metrics } from "../shared/figures";
import { figure as formatFigure, headName } from "../shared/format";
import type { ModelSummary } from "../shared/model";
import { pageOf } from "../attention/head-map";
import { type CaptureStore, headMap, type StoredSite } from "./capture-store";

/** Side in px at which a map is drawn at most; larger maps are max-pooled to it, and that is said. */
const MAP_SIDE = 300;
const BATCH = 0;

function oneComponent(capture: Capture): boolean {
  return new Set(capture.sites.map((site) => site.component)).size <= 1;
}

/** A map as a PNG data URI with colours 0 … the head's maximum, magma on white; masked cells grey. */
async function picture(
  site: StoredSite,
  head: number,
): Promise<{ image: string; pooled: boolean; aspect: number }> {
  const map = headMap(site, BATCH, head);
  const page = pageOf(map, {
    queryStart: 0,
    queryEnd: map.queries,
    keyStart: 0,
    keyEnd: map.keys,
    maxRows: MAP_SIDE,
    maxColumns: MAP_SIDE,
    pooling: "max",
  });
  const table = colourTable("magma", true);
  const maximum = page.cells.reduce((most, value) => (value > most ? value : most), 0) || 1;
  const pixels = new Uint8Array(page.cells.length * 3);
  page.cells.forEach((value, cell) => {
    const colour = Number.isNaN(value)
      ? [255, 0, 255]
      : value < 0
        ? [232, 232, 232]
        : tableColour(table, Math.round((value / maximum) * 255));
    pixels.set(colour, cell * 3);
  });
  // Extreme shapes (one query over many keys) are drawn at 8 : 1 at most, so that they can be seen.
  const aspect = Math.min(8, Math.max(1 / 8, map.keys / map.queries));
  const height = Math.max(1, Math.round(MAP_SIDE / Math.max(1, aspect)));
  const png = await sharp(pixels, { raw: { width: page.columns, height: page.rows, channels: 3 } })
    .resize(Math.max(1, Math.round(height * aspect)), height, { kernel: "nearest", fit: "fill" })
    .png()
    .toBuffer();
  return {
    image: `data:image/png;base64,${png.toString("base64")}`,
    pooled: page.pooling !== "none",
    aspect,
  };
}

async function siteRow(site: CapturedSite, stored: StoredSite, single: boolean): Promise<SiteRow> {
  const heads: HeadPicture[] = [];
  let pooled = false;
  for (let head = 0; head < site.heads; head++) {
    const drawn = await picture(stored, head);
    pooled ||= drawn.pooled;
    const entropy = site.figures[BATCH]?.[head]?.normalisedEntropy;
    heads.push({
      name: headName(site, head, single),
      caption: `H/ln n ${formatFigure(entropy)}`,
      image: drawn.image,
      aspect: drawn.aspect,
    });
  }
  const shape = `${site.queries} queries × ${site.keys} keys, ${site.kind}`;
  return {
    title: site.name,
    subtitle: [shape, pooled ? "pooled by maximum" : "", site.note ?? ""].filter(Boolean).join(", "),
    heads,
  };
}

async function drawHeads(
  model: ModelSummary,
  capture: Capture,
  store: CaptureStore,
): Promise<ReturnType<typeof headsFigure>> {
  const stored = new Map([...store.sites()].map((site) => [site.handle, site]));
  const single = oneComponent(capture);
  const rows: SiteRow[] = [];
  for (const site of capture.sites) {
    const entry = stored.get(site.handle);
    if (entry) rows.push(await siteRow(site, entry, single));
  }
  const table = colourTable("magma", true);
  const colours = Array.from({ length: 64 }, (_, index) => `rgb(${tableColour(table, index * 4).join(",")})`);
  const batch = capture.sites.some((site) => site.batch > 1) ? `; batch element ${BATCH}` : "";
  return headsFigure({
    title: model.title,
    subtitle: `${capture.input.label} on ${providerLabels[capture.provider.used]}${batch}`,
    rows,
    bar: {
      colours,
      low: "0",
      high: "head's maximum",
      label: "probability; masked cells grey; query 0 on top",
    },
  });
}

/** PNG at 2×. */
export async function reportPicture(
  model: ModelSummary,
  capture: Capture,
  store: CaptureStore,
): Promise<Uint8Array> {
  const { svg, width } = await drawHeads(model, capture, store);
  return sharp(Buffer.from(svg), { density: 144, unlimited: true })
    .resize({ width: Math.min(16_000, Math.round(width * 2)) })
    .png()
    .toBuffer();
}

/** One page without scripts or requests. */
export async function reportPage(
  model: ModelSummary,
  capture: Capture,
  store: CaptureStore,
): Promise<string> {
  const { svg } = await drawHeads(model, capture, store);
  const names = Object.keys(metrics) as MetricName[];
  const single = oneComponent(capture);
  const cells = (values: readonly string[], tag = "td") =>
    values.map((value) => `<${tag}>${escapeXml(value)}</${tag}>`).join("");
  const rows = capture.sites.flatMap((site) =>
    (site.figures[BATCH] ?? []).map((figures, head) => {
      const left = [
        headName(site, head, single),
        site.name,
        ...names.map((name) => formatFigure(figures[name])),
      ];
      return `<tr>${cells([...left, String(figures.rowsMasked), String(figures.rowsFlagged)])}</tr>`;
    }),
  );
  const header = [
    "head",
    "site",
    ...names.map((name) => metrics[name].label + (metrics[name].unit ? ` (${metrics[name].unit})` : "")),
    "masked rows",
    "flagged rows",
  ];
  const notices = capture.notices.map((notice) => `<li>${escapeXml(notice)}</li>`).join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeXml(model.title)}: attention</title>
<style>
body { font: 13px/1.5 system-ui, sans-serif; margin: 24px; color: #1f1f1f; background: #fff; }
h1 { font-size: 18px; } svg { max-width: 100%; height: auto; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 10px; text-align: right; border-bottom: 1px solid #e4e4e4; white-space: nowrap; }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; } th { font-weight: 600; }
</style>
</head>
<body>
<h1>${escapeXml(model.title)}</h1>
<p>${escapeXml(model.name)}, opset ${model.opset}, ${escapeXml(model.producer)}. ${escapeXml(capture.input.label)} on ${providerLabels[capture.provider.used]}. This page holds the attention of that input.</p>
<ul>${notices}</ul>
<div>${svg}</div>
<h2>Figures of the heads</h2>
<div class="table"><table><thead><tr>${cells(header, "th")}</tr></thead><tbody>
${rows.join("\n")}
</tbody></table></div>
</body>
</html>
`;
}
