/** What a manifest says of a site, an axis or an input: its patterns and names resolved. */
import { matchesGlob } from "../glob";
import type { ManifestInputs, ManifestInputSource } from "./inputs-schema";
import type { Manifest } from "./schema";
import type { ManifestAxisReference, ManifestSegment } from "./segments-schema";
import type { ManifestBatchAxis, ManifestSite } from "./sites-schema";
import type { ManifestPattern, ManifestPicture } from "./values";

/** Names that a pattern of the manifest can mean. */
export interface NamedSite {
  readonly id: string;
  readonly name: string;
}

export function matchesSite(pattern: ManifestPattern, site: NamedSite): boolean {
  return [pattern].flat().some((each) => matchesGlob(each, site.name) || matchesGlob(each, site.id));
}

/** The first entry of `sites` that is about a site. */
export function siteEntry(manifest: Manifest | undefined, site: NamedSite): ManifestSite | undefined {
  return manifest?.sites?.find(
    ({ match, tensor, name }) =>
      (match !== undefined && matchesSite(match, site)) ||
      (tensor !== undefined && isDeclared(name ?? tensor, site.name)),
  );
}

/** A declared site by its own name, or one of the layers that it holds. */
function isDeclared(declared: string, name: string): boolean {
  return name === declared || (name.startsWith(`${declared}[`) && name.endsWith("]"));
}

export function componentOf(manifest: Manifest | undefined, site: NamedSite): string | null {
  return manifest?.components?.find(({ match }) => matchesSite(match, site))?.name ?? null;
}

/**
 * Segments that an axis of a site has: written there, named there, or those of the whole model. Undefined where nothing
 * says them, or a name is not among `axes`.
 */
export function segmentsOf(
  manifest: Manifest | undefined,
  reference: ManifestAxisReference | undefined,
): readonly ManifestSegment[] | undefined {
  if (reference === undefined) return manifest?.segments;
  const parts = [reference]
    .flat()
    .map((part) => (typeof part === "string" ? manifest?.axes?.[part] : [part]));
  return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);
}

/** The sites that a manifest declares, as the search for sites takes them. */
export function declaredIn(manifest: Manifest | undefined) {
  return (manifest?.sites ?? []).flatMap(({ tensor, name, layout, heads, layer, averaged, kind }) =>
    tensor === undefined || layout === undefined
      ? []
      : [
          {
            tensor,
            name: name ?? null,
            layout,
            heads: heads ?? null,
            layer: layer ?? null,
            averaged: averaged ?? false,
            kind: kind ?? ("unknown" as const),
          },
        ],
  );
}

/** Names of the frames or inputs over which grids lie. */
function gridCameras(manifest: Manifest): Set<string> {
  const sides = manifest.sites?.flatMap(({ queries, keys }) => [queries ?? [], keys ?? []].flat()) ?? [];
  const written = sides.filter((part) => typeof part !== "string");
  const lists = [...(manifest.segments ?? []), ...Object.values(manifest.axes ?? {}).flat(), ...written];
  return new Set(
    lists
      .flatMap((segment) => ("interleave" in segment ? segment.interleave : [segment]))
      .flatMap(({ grid }) => grid?.camera ?? []),
  );
}

/** Whether the steps' frames show what an input is given, so that it need not be shown again under its own name. */
export function isShownAsFrames(manifest: Manifest | undefined, input: string): boolean {
  const source = manifest?.inputs?.arrays?.[input];
  if (!manifest || source === undefined || gridCameras(manifest).has(input)) return false;
  const place = placeOf(source);
  return (
    place !== null && Object.values(manifest.steps?.frames ?? {}).some((each) => placeOf(each) === place)
  );
}

/** The array, frames or video that is named, as a text to compare. */
function placeOf(source: ManifestInputSource | ManifestPicture): string | null {
  if (typeof source === "string") return JSON.stringify([source, null]);
  if ("array" in source) return JSON.stringify([source.array, source.file ?? null]);
  if ("frames" in source) return JSON.stringify({ frames: source.frames });
  return "video" in source ? JSON.stringify({ video: source.video }) : null;
}

/** What the batch axis means, in words. */
export function batchAxisName(batchAxis: ManifestBatchAxis | undefined): string | null {
  return (typeof batchAxis === "object" ? batchAxis.name : batchAxis) ?? null;
}

/** Names of arrays of the recorded file for inputs of the model, where that is all that is said of them. */
export function recordedArrays(inputs: ManifestInputs | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs?.arrays ?? {}).flatMap(([input, source]) =>
      typeof source === "string"
        ? [[input, source]]
        : "array" in source && source.file === undefined
          ? [[input, source.array]]
          : [],
    ),
  );
}
