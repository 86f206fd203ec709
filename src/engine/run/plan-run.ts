/** What a run would take, without running it: sizes of maps and steps from the graph and the input. */
import type { Plan, PlanChoice } from "../../shared/plan";
import type { CaptureRequest } from "../../shared/protocol";
import type { Dim } from "../../shared/model";
import { estimateRun, freeMemory } from "./estimate";
import { encoderFor } from "../inputs/decoder-input";
import { inputOf } from "../inputs/input-of-request";
import type { Discovered } from "./instrument";
import type { OpenModel } from "../model/open-model";
import { Phases } from "../phases";
import { sitesOf, type SizedSites } from "./run-sites";

/** Side of a thumbnail, in cells: what a view asks for at first. */
const THUMBNAIL_SIDE = 48;
/** Sites that are offered in place of all, evenly spread over the graph. */
const SPREAD = 6;

/** Null where the input is what another model makes of it: that could not be told without running that one. */
export async function planRun(opened: OpenModel, request: CaptureRequest): Promise<Plan | null> {
  if (encoderFor(opened, request.input)) return null;
  const input = await inputOf(opened, request, new Phases(() => undefined));
  try {
    const sized = sitesOf(opened, request, input.feeds);
    const { sites } = sized;
    const offered = [sites, spread(sites, SPREAD), sites.slice(0, 1)];
    const choices = offered
      .filter((some, at) => at === 0 || some.length < (offered[at - 1]?.length ?? 0))
      .map((some) => choiceOf(opened, sized, some, request.scores === true));
    const sizes = sites.flatMap(({ queries, keys }): [number, number][] =>
      typeof queries === "number" && typeof keys === "number" ? [[queries, keys]] : [],
    );
    return {
      input: input.report.label,
      choices: choices.map(({ choice }) => choice),
      freeBytes: freeMemory(),
      largest: sizes.reduce<[number, number] | null>(
        (most, size) => (most === null || size[0] * size[1] > most[0] * most[1] ? size : most),
        null,
      ),
      unknown: choices[0]?.unknown ?? 0,
    };
  } finally {
    input.close();
  }
}

/** `count` of the sites, the first and the last among them. */
function spread(sites: readonly Discovered[], count: number): readonly Discovered[] {
  if (sites.length <= count) return sites;
  const places = Array.from({ length: count }, (_, at) =>
    Math.round((at * (sites.length - 1)) / (count - 1)),
  );
  return places.flatMap((place) => sites[place] ?? []);
}

function choiceOf(
  opened: OpenModel,
  { view, externalBytes, sites: all }: SizedSites,
  sites: readonly Discovered[],
  scores: boolean,
): { choice: PlanChoice; unknown: number } {
  const shapes = sites.map((site) => site.found.shape);
  const estimate = estimateRun(view, opened.file.source.size, externalBytes, shapes, scores);
  const heads = total(sites.map((site) => (typeof site.heads === "number" ? site.heads : null)));
  return {
    choice: {
      sites: sites.length === all.length ? null : sites.map(({ id }) => id),
      siteCount: sites.length,
      heads,
      memoryBytes: estimate.bytes,
      mapBytes: shapes.reduce((sum, shape) => sum + 4 * (cells(shape) ?? 0), 0),
      viewBytes: total(sites.map(thumbnailBytes)),
    },
    unknown: estimate.unknown,
  };
}

/** A byte a cell of every head's thumbnail. */
function thumbnailBytes({ queries, keys, found }: Discovered): number | null {
  const all = cells(found.shape);
  if (all === null || typeof queries !== "number" || typeof keys !== "number") return null;
  const maps = all / Math.max(1, queries * keys);
  return maps * Math.min(queries, THUMBNAIL_SIDE) * Math.min(keys, THUMBNAIL_SIDE);
}

function cells(shape: readonly Dim[] | undefined): number | null {
  return shape?.every((dim) => typeof dim === "number") === true
    ? (shape as number[]).reduce((all, dim) => all * dim, 1)
    : null;
}

/** The sum; null where one is not known. */
function total(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    0,
  );
}
