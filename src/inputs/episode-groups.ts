/** Groups of samples that a manifest names: which of them an episode belongs to. */
import { filterEpisodes } from "../shared/episode-filter";
import type { Episode } from "../shared/input-choice";
import type { ManifestGroup } from "./manifest/steps-schema";

/**
 * The episodes with the first group that holds each, where their folders tell none.
 * @param keys what the recording calls each episode
 */
export function withGroups(
  episodes: readonly Episode[],
  keys: readonly string[],
  groups: readonly ManifestGroup[] | undefined,
): Episode[] {
  if (!groups) return [...episodes];
  const members = groups.map(({ name, where, samples }) => {
    const meeting = where === undefined ? [] : meetingOf(episodes, where);
    const listed = (samples ?? []).map((sample) =>
      typeof sample === "number" ? sample : Math.max(keys.indexOf(sample), nameOf(episodes, sample)),
    );
    return { name, holds: new Set([...meeting, ...listed]) };
  });
  return episodes.map((episode, index) => ({
    ...episode,
    group: episode.group ?? members.find(({ holds }) => holds.has(index))?.name ?? null,
  }));
}

/** What is wrong with a condition is a problem of the manifest; none meets it. */
function meetingOf(episodes: readonly Episode[], where: string): readonly number[] {
  try {
    return filterEpisodes(episodes, where);
  } catch {
    return [];
  }
}

const nameOf = (episodes: readonly Episode[], wanted: string) =>
  episodes.findIndex(({ name }) => name === wanted);
