/** Which figures a command asks for, and how their files are called. Pure: nothing is written here. */
import type { Capture } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import {
  type FigureFormat,
  type FigureHead,
  type FigureSpec,
  type FigureView,
  figureViews,
} from "../shared/figure/figure-spec";
import { count } from "../shared/format";

export interface FigureChoice {
  readonly views: readonly FigureView[];
  /** Layers by number; null for all. */
  readonly layers: readonly number[] | null;
  readonly heads: FigureSpec["heads"];
  /** Elements of the batch; null for all. */
  readonly samples: readonly number[] | null;
}

/** One file to write, without its format. */
export interface PlannedFigure {
  readonly spec: Pick<FigureSpec, "view" | "sites" | "heads" | "sample">;
  /** Values of the template's fields. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Views that draw all chosen sites in one figure. */
const ofAllSites: ReadonlySet<FigureView> = new Set(["entropy", "summary"]);
/** Views that draw one head. */
const ofOneHead: ReadonlySet<FigureView> = new Set(["heatmap", "tokens"]);

/** Sites of the chosen layers, as indices. */
export function sitesOfLayers(capture: Capture, layers: readonly number[] | null): number[] {
  const all = capture.sites.map((_, index) => index);
  if (layers === null) return all;
  for (const layer of layers) {
    if (!capture.sites.some((site) => site.layer === layer)) {
      const known = [...new Set(capture.sites.flatMap((site) => site.layer ?? []))].sort((a, b) => a - b);
      throw new AttentionError(
        "siteUnknown",
        `There is no layer ${layer}; layers are ${known.join(", ") || "not numbered"}.`,
      );
    }
  }
  return all.filter((index) => layers.includes(capture.sites[index]?.layer ?? -1));
}

/** Every figure that is asked for. `single` draws all sites of a view that can into one figure. */
export function plannedFigures(
  capture: Capture,
  choice: FigureChoice,
  model: string,
  single: boolean,
): PlannedFigure[] {
  const sites = sitesOfLayers(capture, choice.layers);
  const batch = Math.max(...sites.map((index) => capture.sites[index]?.batch ?? 1));
  const samples = choice.samples ?? Array.from({ length: batch }, (_, sample) => sample);
  const past = samples.find((sample) => sample >= batch);
  if (past !== undefined)
    throw new AttentionError("siteUnknown", `There is no sample ${past}; the capture has ${batch}, from 0.`);
  return choice.views.flatMap((view) =>
    samples.flatMap((sample) => {
      const within = sites.filter((index) => sample < (capture.sites[index]?.batch ?? 1));
      const together = ofAllSites.has(view) || (single && view === "heads");
      const groups = together ? [within] : within.map((index) => [index]);
      return groups.flatMap((group) =>
        headsOf(capture, group, view, choice.heads).map((heads) => ({
          spec: { view, sites: group, heads, sample },
          fields: fieldsOf(capture, { view, sample, group, heads, model, together }),
        })),
      );
    }),
  );
}

function headsOf(
  capture: Capture,
  group: readonly number[],
  view: FigureView,
  heads: FigureSpec["heads"],
): FigureSpec["heads"][] {
  if (!ofOneHead.has(view)) return [heads];
  const count = capture.sites[group[0] ?? 0]?.heads ?? 0;
  const each: readonly FigureHead[] =
    heads === "all" ? Array.from({ length: count }, (_, head) => head) : heads;
  return each.map((head) => [head]);
}

function fieldsOf(
  capture: Capture,
  part: {
    view: FigureView;
    sample: number;
    group: readonly number[];
    heads: FigureSpec["heads"];
    model: string;
    together: boolean;
  },
): Record<string, string> {
  const site = part.together ? undefined : capture.sites[part.group[0] ?? -1];
  const layer = site ? String(site.layer ?? site.id) : "all";
  const head = part.heads === "all" ? "all" : part.heads.join("-");
  return {
    model: part.model,
    view: part.view,
    sample: String(part.sample),
    s: String(part.sample),
    layer,
    l: layer,
    component: site?.component ?? "all",
    site: site?.id ?? "all",
    head,
    h: head,
  };
}

/** `layer_0/heads_sample0_layer0`; a component where layers of several have the same number. */
export function defaultTemplate(capture: Capture, view: FigureView): string {
  if (ofAllSites.has(view)) return "{view}_sample{s}";
  const several = new Set(capture.sites.map((site) => site.component)).size > 1;
  const layers = capture.sites.map((site) => `${site.component} ${site.layer ?? site.id}`);
  const unclear = new Set(layers).size < layers.length;
  const place = unclear ? "{site}" : several ? "{component}_layer{l}" : "layer{l}";
  const folder = unclear ? "{site}" : several ? "{component}_layer_{l}" : "layer_{l}";
  return `${folder}/{view}_sample{s}_${place}${ofOneHead.has(view) ? "_head{h}" : ""}`;
}

/**
 * Path of a file below the output folder. What a model or a person put into a field cannot leave it: only letters,
 * digits, `.`, `-` and `_` of a field are kept.
 */
export function fileName(
  template: string,
  fields: Readonly<Record<string, string>>,
  format: FigureFormat,
): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields[name];
    if (value === undefined)
      throw new AttentionError(
        "writeFailed",
        `There is no field {${name}}; there are ${Object.keys(fields).join(", ")}.`,
        {
          where: template,
          fix: "Correct the template that --name gives.",
        },
      );
    return value.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.|\.{2,}/g, "_");
  });
  return filled.endsWith(`.${format}`) ? filled : `${filled}.${format}`;
}

/** More places than any recording has; a slip of the finger would fill the memory. */
const MOST_NUMBERS = 1_000_000;

/** `0,8` as numbers, `0:10` as 0 to 9. */
export function numbers(text: string): number[] {
  const found = text.split(",").flatMap((part) => {
    const range = /^(\d+):(\d+)$/.exec(part.trim());
    if (range) {
      const [from, to] = [Number(range[1]), Number(range[2])];
      if (to - from > MOST_NUMBERS)
        throw new RangeError(
          `${part.trim()} are more than ${count(MOST_NUMBERS)}. Name fewer, or “all” where it may be said.`,
        );
      return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
    }
    return /^\d+$/.test(part.trim()) ? [Number(part)] : [Number.NaN];
  });
  if (found.length === 0 || found.some((value) => Number.isNaN(value)))
    throw new RangeError(`“${text}” is no list of numbers, as 0,8 or 0:10 (the end left out) are.`);
  return found;
}

export function headList(text: string): FigureSpec["heads"] {
  if (text === "all") return "all";
  return text.split(",").flatMap((part): FigureHead[] => (part.trim() === "mean" ? ["mean"] : numbers(part)));
}

export function viewList(text: string): readonly FigureView[] {
  if (text === "all") return figureViews;
  return text.split(",").map((part) => {
    const view = figureViews.find((known) => known === part.trim());
    if (!view) throw new RangeError(`“${part}” is no view; there are ${figureViews.join(", ")} and all.`);
    return view;
  });
}
