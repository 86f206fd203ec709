/** Which figures a view offers to export, and how each is asked of the engine and of the command line. */
import type { Capture, CapturedSite } from "../shared/capture";
import {
  type FigureFormat,
  type FigureSpec,
  type FigureView,
  defaultSpec,
  figureRange,
  startingSpec,
} from "../shared/figure/figure-spec";
import { headName } from "../shared/format";
import { isMean, queryText } from "../shared/query-choice";
import { siteTitles } from "../shared/site-names";
import type { ViewDefaults } from "./settings";
import type { ViewSelection } from "./views";

export interface FigureChoice {
  readonly label: string;
  readonly description: string;
  readonly spec: FigureSpec;
  /** Name of the file without its ending, of letters, digits, `.`, `-` and `_`. */
  readonly stem: string;
}

export interface Drawn {
  readonly capture: Capture;
  readonly selection: ViewSelection;
  /** For what the view has not told. */
  readonly defaults: ViewDefaults;
  /** File name of the model without its ending. */
  readonly model: string;
}

const fileText = (text: string): string => text.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "");

/** The selected head first, then what holds more. A mean of some heads is not one of the figures. */
export function figureChoices(drawn: Drawn): FigureChoice[] {
  const { capture, selection, model } = drawn;
  const site = capture.sites[selection.site];
  if (!site) return [];
  const title = siteTitles(capture.sites)[selection.site] ?? site.name;
  const usual = startingSpec(capture.start);
  const oneComponent = new Set(capture.sites.map(({ component }) => component)).size <= 1;
  const { head } = selection;
  const choice = (
    view: FigureView,
    name: string,
    part: Pick<FigureSpec, "sites" | "heads">,
    label: string,
    description: string,
  ): FigureChoice => ({
    label,
    description,
    stem: fileText([model, name, view].filter(Boolean).join("-")),
    spec: {
      ...defaultSpec,
      ...part,
      view,
      sample: selection.batch,
      query: selection.query === null ? "last" : queryText(selection.query),
      colourMap: selection.colourMap ?? drawn.defaults.colourMap,
      scale: selection.scale ?? usual.scale,
      range: selection.range === undefined ? usual.range : figureRange(selection.range),
    },
  });
  const one = { sites: [selection.site], heads: Array.isArray(head) ? ("all" as const) : [head] };
  const name = headName(site, Array.isArray(head) ? "some" : head, oneComponent);
  const all = { sites: null, heads: "all" as const };
  const query =
    selection.query === null
      ? "the last query"
      : isMean(selection.query)
        ? `the mean of ${selection.query.mean}`
        : `query ${selection.query}`;
  return [
    ...(Array.isArray(head)
      ? []
      : [
          choice("heatmap", name, one, `Head map of ${name}`, "query × key, with rulers and colour bar"),
          choice("tokens", name, one, `Tokens of ${name}`, `the prompt as ${query} sees it`),
        ]),
    choice("heads", title, { sites: one.sites, heads: "all" }, `All heads of ${title}`, "one scale for all"),
    ...(capture.sites.length > 1
      ? [choice("heads", "", all, "All heads of the model", `${capture.sites.length} sites`)]
      : []),
    choice("entropy", "", all, "Entropy of all heads", "normalised, mean over queries"),
    choice("summary", "", all, "Summary", "heads and their entropy on one page"),
  ];
}

/** How the site is named on the command line: by layer, or by its id where the layer alone is unclear. */
function siteArguments(capture: Capture, site: CapturedSite): string[] {
  const clear = site.layer !== null && capture.sites.filter(({ layer }) => layer === site.layer).length === 1;
  return clear ? ["--layers", String(site.layer)] : ["--site", site.id];
}

/**
 * Arguments of `attention-lens figure` for a figure.
 * @param model path as the command is to name it
 */
export function figureArguments(
  capture: Capture,
  spec: FigureSpec,
  model: string,
  target: { readonly out: string } | { readonly outDir: string; readonly formats: readonly FigureFormat[] },
  views: readonly FigureView[] = [spec.view],
): string[] {
  const only = spec.sites?.length === 1 ? capture.sites[spec.sites[0] ?? -1] : undefined;
  const batch = Math.max(...capture.sites.map((site) => site.batch));
  const usual = startingSpec(capture.start);
  return [
    ...["figure", model.startsWith("-") ? `./${model}` : model],
    ...["--view", views.join(",")],
    ...(only ? siteArguments(capture, only) : []),
    ...(spec.heads === "all" ? [] : ["--heads", spec.heads.join(",")]),
    ...(batch > 1 ? ["--samples", String(spec.sample)] : []),
    ...(views.includes("tokens") && spec.query !== (capture.start?.queryText ?? "last")
      ? ["--query", String(spec.query)]
      : []),
    ...(spec.colourMap === usual.colourMap ? [] : ["--colormap", spec.colourMap]),
    ...(spec.scale === usual.scale ? [] : ["--scale", spec.scale]),
    ...(spec.range === usual.range ? [] : ["--range", String(spec.range)]),
    ...("out" in target
      ? ["--out", target.out]
      : ["--out-dir", target.outDir, "--format", target.formats.join(",")]),
  ];
}
