/** The entries of *Go to Head*: every head of a capture with its figures. */
import type { Capture } from "../shared/capture";
import { type MetricName, metrics } from "../shared/figures";
import { figure, headName } from "../shared/format";
import { siteShape } from "../shared/site-names";

export interface HeadItem {
  readonly label: string;
  readonly description: string;
  readonly site: number;
  readonly head: number;
}

/** What stands beside every head, after the metric that is chosen. */
const beside: readonly MetricName[] = ["normalisedEntropy", "confidence", "sinkMass", "distanceTokens"];

/** Heads in the order of the graph; figures of one element of the batch. */
export function headItems(capture: Capture, chosen: MetricName, batch: number): HeadItem[] {
  const oneComponent = new Set(capture.sites.map(({ component }) => component)).size <= 1;
  const names = [chosen, ...beside.filter((name) => name !== chosen)];
  return capture.sites.flatMap((site, index) =>
    (site.figures[batch] ?? site.figures[0] ?? []).map((figures, head) => {
      const words = names.map((name) => {
        const value = figures[name];
        const { short, unit } = metrics[name];
        return `${short} ${figure(value)}${unit && value !== null ? ` ${unit}` : ""}`;
      });
      return {
        label: headName(site, head, oneComponent),
        description: [...words, siteShape(site)].join(" · "),
        site: index,
        head,
      };
    }),
  );
}
