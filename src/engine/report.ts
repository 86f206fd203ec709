/** The plain page: the figures of all heads and every head's map; and the maps as one picture. */
import type { Capture } from "../shared/capture";
import { providerLabels } from "../shared/capture";
import { buildFigure } from "../shared/figure/build-figure";
import { defaultSpec } from "../shared/figure/figure-spec";
import { sceneSvg } from "../shared/figure/scene-svg";
import { escapeXml } from "../shared/figure/svg";
import { type MetricName, metrics } from "../shared/figures";
import { figure as formatFigure, headName } from "../shared/format";
import type { ModelSummary } from "../shared/model";
import type { CaptureStore } from "../shared/maps/capture-store";
import { figureSource } from "./figure";

const BATCH = 0;

function oneComponent(capture: Capture): boolean {
  return new Set(capture.sites.map((site) => site.component)).size <= 1;
}

/** One page without scripts or requests. */
export function reportPage(model: ModelSummary, capture: Capture, store: CaptureStore): string {
  const built = buildFigure(figureSource(model, capture, store), { ...defaultSpec, view: "summary" });
  const svg = sceneSvg(built.scene, built);
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
