/**
 * The own attention of an encoder that is run before a decoder: its sites stand beside the decoder's in every capture,
 * with ids of their own, so that one opening shows encoder, decoder and what is between them.
 */
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import { counted } from "../../shared/format";
import type { StoredSite } from "../../shared/maps/capture-store";
import { matchesGlob } from "../../inputs/glob";
import type { OpenModel } from "./open-model";

/** Before the ids of an encoder's sites in the capture of its decoder. */
const PREFIX = "encoder_";

export interface EncoderMaps {
  /** File of the encoder. */
  readonly file: string;
  readonly sites: readonly CapturedSite[];
  /** What the sites' `queryAxis` and `keyAxis` count. */
  readonly axes: readonly TokenAxis[];
  readonly stored: readonly StoredSite[];
}

/** The encoder's sites that patterns of a decoder's capture ask for, by their own ids; null for all. */
export function encoderSites(
  { summary }: Pick<OpenModel, "summary">,
  patterns: readonly string[] | null,
): string[] | null {
  if (patterns === null) return null;
  return summary.sites
    .filter(({ id, name }) =>
      patterns.some((pattern) => matchesGlob(pattern, name) || matchesGlob(pattern, PREFIX + id)),
    )
    .map(({ id }) => id);
}

/** The maps of an encoder as sites of a decoder's capture. @param generation of that capture */
export function besideDecoder(
  { sites, axes, stored }: EncoderMaps,
  axesBefore: number,
  generation: number,
): Omit<EncoderMaps, "file"> {
  const handle = (id: string) => `${PREFIX}${id}@${generation}`;
  const own = new Map(sites.map(({ id, handle: before }) => [before, handle(id)]));
  return {
    sites: sites.map((site) => ({
      ...site,
      id: PREFIX + site.id,
      handle: handle(site.id),
      component: componentOf(site.component),
      queryAxis: site.queryAxis + axesBefore,
      keyAxis: site.keyAxis + axesBefore,
    })),
    axes: axes.map((axis, index) => ({ ...axis, id: `axis_${axesBefore + index}` })),
    stored: stored.map((site) => ({ ...site, handle: own.get(site.handle) ?? site.handle })),
  };
}

/** "encoder" for what its file has no name for, and before names that do not say it. */
function componentOf(component: string | null): string {
  if (component === null) return "encoder";
  return /encoder/i.test(component) ? component : `encoder.${component}`;
}

export function besideNotice({ file, sites }: EncoderMaps): string {
  return `The attention of ${file} is shown beside the decoder's: ${counted(sites.length, "site")}.`;
}

/** Whether a site of a capture is of the encoder beside the model that is open. */
export function isEncoders({ id }: Pick<CapturedSite, "id">): boolean {
  return id.startsWith(PREFIX);
}
