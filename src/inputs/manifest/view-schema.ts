/** How the view begins, and the cut-offs of its advice. */
import * as z from "zod";
import { colourMapNames } from "../../shared/colour-maps";
import { scaleNames } from "../../shared/colour-scale";
import { metricNameSchema } from "../../shared/figures";
import { queryPattern } from "../../shared/query-choice";

export const defaultsSchema = z
  .strictObject({
    site: z.string().min(1).optional().describe("The site that is shown first, by name, id or component."),
    query: z
      .union([
        z.int().nonnegative().describe("Number of the token, from 0."),
        z
          .string()
          .regex(queryPattern)
          .describe(
            "last, the last that can choose among keys; a token of a segment: action[0], action[-1]; the mean over the queries of one: mean(action).",
          ),
      ])
      .optional()
      .describe(
        "The query that is followed first: its number, last, action[0], or mean(action), the mean over a segment's queries.",
      ),
    heads: z
      .union([z.enum(["all", "mean"]), z.array(z.int().nonnegative()).min(1)])
      .optional()
      .describe(
        "Heads that are shown first: all side by side, their mean, one ([2]), or the mean of several.",
      ),
    layers: z.array(z.int().nonnegative()).min(1).optional().describe("Layers that are shown first."),
    colours: z.enum(colourMapNames).optional().describe("Colour map of probabilities."),
    scale: z.enum(scaleNames).optional().describe("Scale of the colours."),
    range: z
      .union([z.enum(["auto", "maximum", "p99", "site", "unit"]), z.number().positive().max(1)])
      .optional()
      .describe(
        "Where the colours end: the head's maximum or 99th percentile, the site's maximum, 1 (unit), or a probability.",
      ),
    metric: metricNameSchema.optional().describe("The figure of the overview and the bars."),
    labels: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        "Tokens of an axis up to which a drawn figure of a map writes labels; above it their numbers.",
      ),
  })
  .describe("How the view begins.");
export type ManifestDefaults = z.infer<typeof defaultsSchema>;

const cut = (what: string, usual: number) =>
  z.number().nonnegative().optional().describe(`${what}; ${usual} if left out.`);

export const thresholdsSchema = z
  .strictObject({
    recentRatio: cut("Recent over distant attention above which a head is called recent", 2),
    entropyUniform: cut("Entropy in nats above which a row is called uniform", 2),
    entropyFocused: cut("Entropy in nats below which a row is called focused", 1.5),
    entropyLine: cut("Normalised entropy at which the bars have a line", 0.5),
    visualRatio: cut("Image over text attention above which a head is called visual", 1.5),
    languageRatio: cut("Image over text attention below which a head is called linguistic", 0.67),
    keepShare: cut("Share of tokens that top-attended compression keeps", 0.3),
    keepWeight: cut("Weight above which compression by threshold keeps a token", 0.1),
    lineWeight: cut("Weight below which no line to an entity is drawn", 0.01),
  })
  .describe("Cut-offs of advice and verdicts. Where one is changed, the view says so.");
