/** The table of all heads with their main figures. */
import type { Capture } from "../shared/capture";
import { figure, headName } from "../shared/format";
import { roleNames } from "../shared/roles";
import { table } from "./output";

export function headTable(capture: Capture): string {
  const single = new Set(capture.sites.map((site) => site.component)).size <= 1;
  return table(
    [
      "head",
      "site",
      "queries × keys",
      "H (nats)",
      "H / ln n",
      "confidence",
      "sink",
      "distance",
      "90 % in",
      "masked rows",
      "role",
    ],
    capture.sites.flatMap((site) =>
      (site.figures[0] ?? []).map((figures, head) => [
        headName(site, head, single),
        site.name,
        `${site.queries} × ${site.keys}`,
        figure(figures.entropyNats),
        figure(figures.normalisedEntropy),
        figure(figures.confidence),
        figure(figures.sinkMass),
        figure(figures.distanceTokens),
        figures.sparsity90 === null ? "—" : `${(figures.sparsity90 * 100).toFixed(0)} %`,
        String(figures.rowsMasked),
        roleNames(site.roles[0]?.[head] ?? []),
      ]),
    ),
    2,
  );
}
