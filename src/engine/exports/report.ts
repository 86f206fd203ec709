/**
 * The report: one page with the views and the maps that they draw. It opens from disk, asks for nothing, and its
 * Content-Security-Policy allows no script and no style but its own, by their hashes.
 */
import { type Frame, type FrameRequest, noInputChosen, plainRecording } from "../../shared/input-choice";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Capture } from "../../shared/capture";
import { providerLabels } from "../../shared/capture";
import { escapeXml } from "../../shared/figure/svg";
import { type MetricName, metrics } from "../../shared/figures";
import { bytes as formatBytes, counted, figure as formatFigure } from "../../shared/format";
import type { StoredSite } from "../../shared/maps/capture-store";
import type { ModelSummary } from "../../shared/model";
import { type Provenance, provenanceFacts } from "../../shared/provenance";
import { type ReportData, reportElements } from "../../shared/report";
import { siteTitles } from "../../shared/site-names";
import { reportScript } from "../program";
import { reportArrays } from "./report-data";
import { reportFrames } from "./report-frames";
import { reportStyle } from "./report-style";

export interface ReportInput {
  readonly model: ModelSummary;
  readonly capture: Capture;
  readonly sites: readonly StoredSite[];
  readonly provenance: Provenance;
  readonly limitBytes: number;
  readonly viewState: string | null;
  readonly readFrame: (request: FrameRequest) => Promise<Frame>;
}

/** Stands for the page's own size until that is known. */
const SIZE_MARK = "@attention-lens-size@";
/** The toolkit asks with an empty style element whether the browser knows `:focus-visible`. */
const EMPTY_STYLE = "";

export async function reportPage(input: ReportInput): Promise<{ page: string; leftOut: string[] }> {
  const maps = reportArrays(input.capture, input.sites, input.limitBytes);
  const { frames, pictures, told } = await reportFrames(maps.capture, input.readFrame);
  const { sites, arrays } = maps;
  const leftOut = [...maps.leftOut, ...told];
  const capture = { ...maps.capture, notices: [...maps.capture.notices, ...told] };
  const cameras = capture.recording.cameras.filter((name) => frames.some(({ camera }) => camera === name));
  // Where the model lay is nobody's business but its owner's.
  const model = { ...input.model, path: input.model.name, manifest: null };
  const data: ReportData = {
    // A page has no model to run on another input.
    document: {
      status: "ready",
      name: model.name,
      model,
      capture: { ...capture, recording: { ...plainRecording, cameras } },
      input: noInputChosen,
      stale: null,
    },
    sites: [...sites],
    frames: [...frames],
    command: input.provenance.command,
    viewState: input.viewState,
  };
  const program = scriptText(readFileSync(reportScript, "utf8"));
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(program)}`,
    `style-src ${hashOf(reportStyle)} ${hashOf(EMPTY_STYLE)}`,
    "img-src data: blob:",
  ].join("; ");
  const title = `${model.title}: attention`;
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Attention Lens ${escapeXml(input.provenance.version)}">
<title>${escapeXml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
${header(model, capture, input.provenance, leftOut)}
<div id="${reportElements.view}"></div>
<noscript>The views need JavaScript; the figures of all heads are in the table above.</noscript>
<script type="application/json" id="${reportElements.data}">${jsonText(data)}</script>
${arrays
  .map(
    ({ handle, name, deflated }) =>
      `<script type="application/octet-stream" id="${escapeXml(reportElements.array(handle, name))}">${Buffer.from(deflated).toString("base64")}</script>`,
  )
  .join("\n")}
${pictures
  .map(
    (picture, index) =>
      `<script type="application/octet-stream" id="${reportElements.frame(index)}">${Buffer.from(picture).toString("base64")}</script>`,
  )
  .join("\n")}
<script>${program}</script>
</body>
</html>
`;
  const size = formatBytes(Buffer.byteLength(page));
  return { page: page.replace(SIZE_MARK, size), leftOut: [...leftOut] };
}

/** JSON that cannot end its element and holds no character that ends a line of a script. */
export function jsonText(data: unknown): string {
  return JSON.stringify(data)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

/** A program as the text of a script element: nothing in its strings ends the element or opens a comment. */
function scriptText(program: string): string {
  return program.replaceAll("</script", "<\\/script").replaceAll("<!--", "\\x3c!--");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function header(
  model: ModelSummary,
  capture: Capture,
  provenance: Provenance,
  leftOut: readonly string[],
): string {
  const heads = capture.sites.reduce((sum, site) => sum + site.heads, 0);
  const facts = provenanceFacts(provenance)
    .map(
      ([name, value]) =>
        `<dt>${escapeXml(name)}</dt><dd>${name === "command" ? `<code>${escapeXml(value)}</code>` : escapeXml(value)}</dd>`,
    )
    .join("");
  const list = (sentences: readonly string[], kind = "") =>
    sentences.length === 0
      ? ""
      : `<ul${kind}>${sentences.map((sentence) => `<li>${escapeXml(sentence)}</li>`).join("")}</ul>`;
  return `<header>
<div class="line"><h1>${escapeXml(model.title)}</h1>
<span class="dim">${escapeXml(capture.input.label)} on ${providerLabels[capture.provider.used]}, ${counted(heads, "head")} at ${counted(capture.sites.length, "site")}, ${SIZE_MARK}</span>
<button class="push" id="${reportElements.theme}" type="button">Dark</button></div>
${list(leftOut, ' class="left-out"')}
<details id="${reportElements.facts}"><summary class="dim">Where it comes from, and the figures of all heads</summary>
<p>This page holds the maps, the labels, the frames and the figures of the named input, as far as there are any. It loads nothing from elsewhere.</p>
<dl class="facts">${facts}</dl>
${list(capture.notices.filter((notice) => !leftOut.includes(notice)))}
<h2>Figures of the heads</h2>
<div class="table"><table>${figuresTable(capture)}</table></div>
</details>
</header>`;
}

function figuresTable(capture: Capture): string {
  const names = Object.keys(metrics) as MetricName[];
  const titles = siteTitles(capture.sites);
  const several = capture.sites.some((site) => site.figures.length > 1);
  const cells = (values: readonly string[], tag: "td" | "th") =>
    `<tr>${values.map((value) => `<${tag}>${escapeXml(value)}</${tag}>`).join("")}</tr>`;
  const named = names.map(
    (name) => metrics[name].label + (metrics[name].unit ? ` (${metrics[name].unit})` : ""),
  );
  const rows = capture.sites.flatMap((site, at) =>
    site.figures.flatMap((heads, sample) =>
      heads.map((figures, head) =>
        cells(
          [
            titles[at] ?? site.name,
            String(head),
            several ? String(sample) : "",
            ...names.map((name) => formatFigure(figures[name])),
            String(figures.rowsMasked),
            String(figures.rowsFlagged),
          ],
          "td",
        ),
      ),
    ),
  );
  const head = cells(
    ["Site", "Head", several ? "Sample" : "", ...named, "Masked rows", "Flagged rows"],
    "th",
  );
  return `<thead>${head}</thead><tbody>${rows.join("\n")}</tbody>`;
}
