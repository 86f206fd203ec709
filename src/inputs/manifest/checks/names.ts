/** Checks of names: where two entries of a list have the same, nothing can tell them apart. */
import type { ManifestPath } from "../document";
import type { ManifestSegment } from "../segments-schema";
import type { CheckContext } from "./context";

export function checkNames(context: CheckContext): void {
  const { manifest } = context;
  const lists = {
    groups: manifest.groups,
    // A thing that two cameras see has a mask over each, under one name.
    objects: manifest.objects?.map(({ name, camera = "" }) => ({ name, key: `${name}\n${camera}` })),
    vectors: manifest.vectors,
    embeddings: manifest.embeddings,
  };
  for (const [name, entries] of Object.entries(lists)) {
    unlike(
      context,
      (entries ?? []).map((entry) => entry.name),
      (index) => [name, index, "name"],
      (entries ?? []).map((entry) => ("key" in entry ? entry.key : entry.name)),
    );
  }
  segmentNames(context, manifest.segments, ["segments"]);
  for (const [name, segments] of Object.entries(manifest.axes ?? {}))
    segmentNames(context, segments, ["axes", name]);
}

/** Segments of one axis: "action[0]" of two with one name would mean the first alone. */
function segmentNames(
  context: CheckContext,
  segments: readonly ManifestSegment[] | undefined,
  at: ManifestPath,
): void {
  const named = (segments ?? []).flatMap((segment, index) =>
    "interleave" in segment
      ? segment.interleave.map(({ name }, part) => ({
          name,
          place: [...at, index, "interleave", part, "name"],
        }))
      : [{ name: segment.name, place: [...at, index, "name"] }],
  );
  unlike(
    context,
    named.map(({ name }) => name),
    (index) => named[index]?.place ?? at,
  );
}

function unlike(
  context: CheckContext,
  names: readonly string[],
  placeOf: (index: number) => ManifestPath,
  keys = names,
): void {
  names.forEach((name, index) => {
    if (keys.indexOf(keys[index] ?? "") < index)
      context.add(
        placeOf(index),
        `Another entry of this list is called ${name} too: give it a name of its own.`,
        {
          severity: "warning",
        },
      );
  });
}
