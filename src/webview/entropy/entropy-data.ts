/** The bars of the Entropy pane: normalised entropy of every head of every site, in graph order. */
import type { Capture } from "../../shared/capture";
import { figure } from "../../shared/format";
import { siteTitles } from "../site-names";

export interface EntropyBar {
  /** Index into `Capture.sites`, and the head. */
  readonly site: number;
  readonly head: number;
  /** H / ln n, mean over valid rows; null where no row can choose among keys. */
  readonly value: number | null;
  /** 10th and 90th percentile over rows. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface EntropyGroup {
  readonly title: string;
  readonly bars: readonly EntropyBar[];
}

/** One group per site. Sites with fewer samples than the chosen one show their last. */
export function entropyGroups(capture: Capture, batch: number): EntropyGroup[] {
  const titles = siteTitles(capture.sites);
  return capture.sites.map((site, index) => {
    const figures = site.figures[Math.min(batch, site.figures.length - 1)] ?? [];
    return {
      title: titles[index] ?? site.name,
      bars: figures.map((of, head) => ({
        site: index,
        head,
        value: of.normalisedEntropy,
        low: of.normalisedEntropyP10,
        high: of.normalisedEntropyP90,
      })),
    };
  });
}

/** A bar in words. */
export function barWords(title: string, bar: EntropyBar): string {
  const spread =
    bar.low === null || bar.high === null ? "" : `, p10–p90 ${figure(bar.low)}–${figure(bar.high)}`;
  return bar.value === null
    ? `${title} head ${bar.head}: — (no query has two visible keys)`
    : `${title} head ${bar.head}: normalised entropy ${figure(bar.value)}${spread}`;
}

/** What the chart shows, in one sentence. */
export function entropySentence(groups: readonly EntropyGroup[]): string {
  const bars = groups.flatMap((group) => group.bars.map((bar) => ({ group, bar })));
  const valued = bars.filter((one) => one.bar.value !== null);
  const first = valued[0];
  if (!first) return `Normalised entropy of ${bars.length} heads; none can be measured.`;
  const lowest = valued.reduce(
    (best, one) => ((one.bar.value ?? 0) < (best.bar.value ?? 0) ? one : best),
    first,
  );
  const highest = valued.reduce(
    (best, one) => ((one.bar.value ?? 0) > (best.bar.value ?? 0) ? one : best),
    first,
  );
  const name = (one: typeof first): string =>
    `${one.group.title} head ${one.bar.head} (${figure(one.bar.value)})`;
  return `Normalised entropy of ${bars.length} heads at ${groups.length} sites; lowest ${name(lowest)}, highest ${name(highest)}.`;
}
