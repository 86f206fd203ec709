/** The model with the outputs that a capture reads: which sites, and what is added to the graph for each. */
import path from "node:path";
import type { ProviderName } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import type { discover } from "../../attention/discover";
import { patchedBodies } from "../../attention/sites/patched-bodies";
import type { SitePlan } from "../../attention/sites/site";
import { extensionBytes } from "../../onnx/append";
import { splicePieces } from "../../onnx/splice";
import { matchesGlob } from "../../inputs/glob";
import { encoderSites } from "../model/encoder-maps";
import { encoderIfRead } from "../model/model-parts";
import type { OpenModel } from "../model/open-model";
import type { Instrumented } from "./run-model";

/** A site as `discover` finds it. */
export type Discovered = ReturnType<typeof discover>["sites"][number];

export interface PlannedSite {
  readonly site: Discovered;
  readonly plan: SitePlan;
  /** Why the rebuilt graph takes the operator's place, or null. */
  readonly replaced: string | null;
}

export interface Planned extends Instrumented {
  readonly plans: readonly PlannedSite[];
}

/**
 * The model for a provider, with the outputs of the chosen sites. An operator without a kernel is replaced whether it
 * is chosen or not, since the model could not run with it.
 */
export function instrumenter(
  opened: OpenModel,
  all: readonly Discovered[],
  chosen: readonly Discovered[],
  scores: boolean,
): (provider: ProviderName, replaceAll: boolean) => Planned | null {
  return (provider, replaceAll) => {
    if (replaceAll && !all.some((site) => site.found.replaceable)) return null;
    const planned = all.map((site): PlannedSite => {
      // CUDA has kernels of its own for what the packaged libraries lack.
      const missing = provider === "cuda" || provider === "tensorrt" ? null : site.found.noKernel;
      const replaced =
        missing ?? (replaceAll && site.found.replaceable ? "no kernel on this provider" : null);
      return {
        site,
        plan: site.found.plan(`attention_lens/${site.id}`, { replace: replaced !== null, scores }),
        replaced,
      };
    });
    const plans = planned.filter(({ site }) => chosen.includes(site));
    const used = planned.filter((each) => plans.includes(each) || each.replaced !== null);
    const bodies = patchedBodies(
      used.map(({ plan }) => plan),
      opened.file.source,
      opened.file.model.opset,
    );
    const extension = extensionBytes({
      patched: bodies.patched,
      nodes: used.flatMap(({ plan }) => plan.extension.nodes),
      tensors: used.flatMap(({ plan }) => plan.extension.tensors),
      outputs: [...new Set(plans.flatMap(({ plan }) => plan.extension.outputs))],
    });
    const removed = [...bodies.removed, ...used.flatMap(({ plan }) => plan.removed)];
    const fetches = plans.flatMap(({ plan }) => [
      plan.map,
      plan.valid,
      plan.proof?.error,
      plan.scores?.before.name,
      plan.scores?.after.name,
      plan.proof?.control,
    ]);
    return {
      plans,
      pieces: splicePieces(opened.file.model, opened.file.source.size, removed, extension),
      fetches: [...new Set(fetches.filter((name) => typeof name === "string"))],
    };
  };
}

/** The sites whose name or id matches a pattern; all for null. A pattern may name sites of the encoder beside it alone. */
export function select(
  sites: readonly Discovered[],
  patterns: readonly string[] | null,
  opened: OpenModel,
): readonly Discovered[] {
  const { file, summary } = opened;
  if (sites.length === 0) throw new AttentionError("noAttention", "", { where: path.basename(file.path) });
  if (patterns === null) return sites;
  for (const pattern of patterns) {
    const isEncoders = () => {
      const link = encoderIfRead(opened);
      return link !== null && encoderSites(link.encoder, [pattern])?.length !== 0;
    };
    if (
      !sites.some((site) => matchesGlob(pattern, site.name) || matchesGlob(pattern, site.id)) &&
      !isEncoders()
    ) {
      throw new AttentionError(
        "siteUnknown",
        `Nothing matches ${pattern}; sites are ${summary.sites
          .slice(0, 8)
          .map((site) => site.name)
          .join(", ")}.`,
      );
    }
  }
  return sites.filter((site) =>
    patterns.some((pattern) => matchesGlob(pattern, site.name) || matchesGlob(pattern, site.id)),
  );
}
