/** What Find offers: heads by their names, means of segments, tokens of the selected site by text or index. */
import { tokenLabel, tokenText } from "../../shared/format";
import { tokensOfSegment } from "../../shared/query-choice";
import { headTitle, siteTitles } from "../../shared/site-names";
import { roleOf } from "../head-metrics";
import { spokenHead } from "../head-names";
import { axesOf, captureOf, selectedSite } from "../selectors";
import type { AppState } from "../state";

export type Found =
  | {
      readonly kind: "head";
      readonly site: number;
      readonly head: number;
      readonly text: string;
      readonly detail: string;
    }
  | {
      /** The mean of the queries of a segment. */
      readonly kind: "mean";
      readonly mean: string;
      readonly text: string;
      readonly detail: string;
    }
  | {
      readonly kind: "query" | "key";
      readonly index: number;
      readonly text: string;
      readonly detail: string;
    };

/** Entries listed at most; more words narrow them. */
export const MOST_FOUND = 60;

function headsFound(state: AppState, words: readonly string[]): Found[] {
  const capture = captureOf(state);
  if (!capture) return [];
  const titles = siteTitles(capture.sites);
  const found: Found[] = [];
  capture.sites.forEach((site, index) => {
    for (let head = 0; head < site.heads && found.length < MOST_FOUND; head++) {
      const short = site.layer === null ? "" : `l${site.layer}h${head}`;
      const role = roleOf(site, state.selection.batch, head);
      const names = `${titles[index]} ${spokenHead(site, head)} ${site.name} ${short} ${role}`.toLowerCase();
      const detail = [`${site.queries} × ${site.keys} ${site.kind}`, role].filter(Boolean).join(", ");
      if (words.every((word) => names.includes(word)))
        found.push({
          kind: "head",
          site: index,
          head,
          text: `${titles[index]} · ${headTitle(head, site)}`,
          detail,
        });
    }
  });
  return found;
}

function tokensFound(state: AppState, words: readonly string[]): Found[] {
  const site = selectedSite(state);
  const axes = axesOf(state);
  const text = words.join(" ");
  if (!site || !axes || text === "") return [];
  const found: Found[] = [];
  for (const kind of ["query", "key"] as const) {
    // One sequence is listed once: its tokens are queries.
    if (kind === "key" && site.queryAxis === site.keyAxis) continue;
    const axis = axes[kind];
    axis.labels.forEach((label, index) => {
      if (found.length >= MOST_FOUND) return;
      if (!tokenText(label).toLowerCase().includes(text) && String(index) !== text) return;
      const segment = axis.segments[axis.segmentOf[index] ?? -1]?.name ?? "";
      const detail = [`${kind} ${index}`, segment].filter(Boolean).join(", ");
      found.push({ kind, index, text: tokenLabel(label, 60), detail });
    });
  }
  return found;
}

/** Segments of the selected site's queries, whose mean can be followed. */
function meansFound(state: AppState, words: readonly string[]): Found[] {
  const axis = axesOf(state)?.query;
  if (!axis || words.length === 0) return [];
  return [...new Set(axis.segments.map(({ name }) => name))].flatMap((mean): Found[] => {
    const rows = tokensOfSegment(axis, mean).length;
    const text = `mean of ${tokenLabel(mean, 60)}`;
    if (rows < 2 || !words.every((word) => text.toLowerCase().includes(word))) return [];
    return [{ kind: "mean", mean, text, detail: `the mean of ${rows} queries` }];
  });
}

export function find(state: AppState, text: string): Found[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return [...headsFound(state, words), ...meansFound(state, words), ...tokensFound(state, words)].slice(
    0,
    MOST_FOUND,
  );
}
