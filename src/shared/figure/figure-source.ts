/** Where a figure's numbers come from, and the words that every figure says about its origin. */
import type { Capture, CapturedSite, TokenAxis } from "../capture";
import { providerLabels } from "../capture";
import { AttentionError } from "../errors";
import { tokenLabel } from "../format";
import type { HeadRequest, Page, PageRequest, Row, RowRequest } from "../page";
import type { HeadProfile } from "../profile";
import { axisOfEntry } from "../sample-axis";
import { headTitle, siteShape, siteTitles } from "../site-names";
import type { FigureHead, FigureSpec } from "./figure-spec";
import type { Drawing } from "./scene";

export interface FigureSource {
  /** The model's title. */
  readonly title: string;
  readonly capture: Capture;
  readPage(request: PageRequest): Page;
  readRow(request: RowRequest): Row;
  readHead(request: HeadRequest): HeadProfile;
  /** Largest cell and 99th percentile of the valid cells. */
  readExtremes(request: HeadRequest): { maximum: number; p99: number };
}

/** What a view draws into a width; `height` is what it took. */
export interface DrawnFigure {
  readonly drawing: Drawing;
  readonly height: number;
  /** Title and one sentence or more for those who do not see the picture. */
  readonly title: string;
  readonly description: string;
}

export interface Room {
  readonly width: number;
  /** null: as high as it needs. */
  readonly height: number | null;
}

export interface ChosenSite {
  readonly index: number;
  readonly site: CapturedSite;
  /** `decoder.1`. */
  readonly title: string;
}

export function chosenSites({ capture }: FigureSource, { sites, sample }: FigureSpec): ChosenSite[] {
  const titles = siteTitles(capture.sites);
  const chosen = (sites ?? capture.sites.map((_, index) => index)).map((index) => {
    const site = capture.sites[index];
    if (!site)
      throw new AttentionError("siteUnknown", `There is no site ${index} of ${capture.sites.length}.`);
    if (sample >= site.batch)
      throw new AttentionError(
        "siteUnknown",
        `${site.name} has ${site.batch} samples; there is no ${sample}.`,
      );
    return { index, site, title: visible(titles[index] ?? site.name) };
  });
  return chosen;
}

/** The one site that a view draws. */
export function oneSite(source: FigureSource, spec: FigureSpec): ChosenSite {
  const [site, second] = chosenSites(source, spec);
  if (!site || second)
    throw new AttentionError(
      "siteUnknown",
      `The ${spec.view} view draws one site; choose one of ${source.capture.sites.length}.`,
    );
  return site;
}

export function oneHead(site: CapturedSite, { heads, view }: FigureSpec): FigureHead {
  const chosen = headsOf(site, heads);
  if (chosen.length !== 1)
    throw new AttentionError(
      "siteUnknown",
      `The ${view} view draws one head; ${site.name} has ${site.heads}.`,
    );
  return chosen[0] as FigureHead;
}

/** The heads of a site that are drawn. */
export function headsOf(site: CapturedSite, heads: FigureSpec["heads"]): readonly FigureHead[] {
  if (heads === "all") return Array.from({ length: site.heads }, (_, head) => head);
  for (const head of heads) {
    if (head !== "mean" && head >= site.heads)
      throw new AttentionError("siteUnknown", `${site.name} has ${site.heads} heads; there is no ${head}.`);
  }
  return heads;
}

export function headRequest(
  source: FigureSource,
  site: CapturedSite,
  head: FigureHead,
  sample: number,
): HeadRequest {
  return { handle: site.handle, generation: source.capture.generation, batch: sample, head };
}

/** The whole map, pooled by its maxima to at most these many rows and columns. */
export function wholeMap(
  source: FigureSource,
  site: CapturedSite,
  head: FigureHead,
  sample: number,
  most: { rows: number; columns: number },
): Page {
  const cut = (count: number) => Math.min(8192, Math.max(1, Math.floor(count)));
  return source.readPage({
    ...headRequest(source, site, head, sample),
    queryStart: 0,
    queryEnd: site.queries,
    keyStart: 0,
    keyEnd: site.keys,
    maxRows: cut(most.rows),
    maxColumns: cut(most.columns),
    pooling: "max",
  });
}

/** The axes of a site as a sample has them. @param sample entry of the site's batch axis */
export function axesOf(
  { capture }: FigureSource,
  site: CapturedSite,
  sample: number,
): { query: TokenAxis; key: TokenAxis } {
  const none: TokenAxis = { id: "", labels: [], segments: [], segmentOf: [], from: "index" };
  const most = capture.start?.labels ?? Infinity;
  const own = (at: number) => {
    const axis = axisOfEntry(capture.axes[at] ?? none, sample, site.batch);
    return axis.labels.length > most
      ? { ...axis, labels: axis.labels.map((_, token) => String(token)) }
      : axis;
  };
  return { query: own(site.queryAxis), key: own(site.keyAxis) };
}

/** Both axes are one sequence: cells are square. */
export function isSquare(site: CapturedSite): boolean {
  return site.queryAxis === site.keyAxis && site.queries === site.keys;
}

/** Text of a model or a person on one line, with nothing that acts on the page. */
export function visible(text: string, longest = 160): string {
  return tokenLabel(text, longest);
}

export function headWords(head: FigureHead, site: CapturedSite): string {
  return headTitle(head, site);
}

/** "38 queries × 38 keys, self". */
export const shapeWords = siteShape;

/** "recorded.npz on CPU, time step 3 of 5, sample 2 of 10". Steps are counted from 0 to the last, as in the view. */
export function originWords({ capture }: FigureSource, sites: readonly ChosenSite[], sample: number): string {
  const { recording } = capture;
  const batches = sites.filter(({ site }) => site.batch > 1);
  const axis = batches.find(({ site }) => site.batchAxis !== null)?.site.batchAxis ?? "sample";
  const most = Math.max(...batches.map(({ site }) => site.batch));
  return [
    `${visible(capture.input.label)} on ${providerLabels[capture.provider.used]}`,
    ...[recording.steps, recording.passes].map((axis) =>
      axis ? `${visible(axis.name, 40)} ${axis.index} of ${axis.count - 1}` : "",
    ),
    batches.length > 0 ? `${visible(axis, 40)} ${sample} of ${most}` : "",
  ]
    .filter(Boolean)
    .join(", ");
}
