/**
 * What the manifest has episodes of a LeRobot data set called and chosen by: fields of their metadata, values along
 * their frames, or an array of another file with one value for each episode.
 *
 * Metadata cost nothing, since they are read anyhow. The least, the largest, the mean and the sum of a feature come from
 * the statistics of the episodes. What these do not have (first, last, data sets of version 2.0) is read of the rows: of
 * one column alone, of at most so many files.
 */
import { counted } from "../../shared/format";
import type { Episode } from "../../shared/input-choice";
import { AttentionError } from "../../shared/errors";
import type { ArrayFile } from "../files/lazy-arrays";
import type { ManifestSamples } from "../manifest/steps-schema";
import { type FieldValue, type ManifestField, namedArray } from "../manifest/values";
import { fieldValue } from "../sample-fields";
import type { LeRobotDataSet } from "./data-set";
import { featureArray } from "./feature-array";

type Value = number | string | boolean;

export interface EpisodeFields {
  /** By the episode's place in the data set. */
  readonly fields: readonly Readonly<Record<string, Value>>[];
  readonly labels: readonly (string | undefined)[];
  /** Which values there are not, and why, as sentences. */
  readonly notices: readonly string[];
}

/** Files of rows that are read for a field: thousands would take minutes. */
const MOST_FILES = 500;

/** @param other opens a file beside the manifest */
export async function episodeFields(
  set: LeRobotDataSet,
  samples: ManifestSamples | undefined,
  other: (file: string) => ArrayFile,
): Promise<EpisodeFields> {
  const notices: string[] = [];
  const read = async (path: string, field: ManifestField): Promise<(Value | undefined)[]> => {
    try {
      return await valuesOf(set, field, other, (why) => notices.push(`${path}: ${why}`));
    } catch (thrown) {
      const { detail, where } = AttentionError.wrap(thrown);
      notices.push(`${path}: ${[where, detail].filter(Boolean).join(": ")}`);
      return [];
    }
  };
  const fields: Record<string, Value>[] = set.episodes.map(() => ({}));
  for (const [name, field] of Object.entries(samples?.fields ?? {}))
    (await read(`samples.fields.${name}`, field)).forEach((value, episode) => {
      const own = fields[episode];
      if (own && value !== undefined) own[name] = value;
    });
  const labels = samples?.label === undefined ? [] : await read("samples.label", samples.label);
  return {
    fields,
    labels: set.episodes.map((_, episode) => labels[episode]?.toString()),
    notices,
  };
}

async function valuesOf(
  set: LeRobotDataSet,
  field: ManifestField,
  other: (file: string) => ArrayFile,
  tell: (why: string) => void,
): Promise<(Value | undefined)[]> {
  const { array, file } = namedArray(field);
  const of = typeof field === "string" ? undefined : field.of;
  const { episodes, info } = set;
  if (file !== null) return ofFile(other(file), array, episodes.length);
  const feature = info.features[array];
  if (!feature) {
    const known = episodes.map(({ metadata }) => metadata[array]);
    if (known.some((value) => value !== undefined)) return known;
    const names = [...new Set([...episodes.flatMap(({ metadata }) => Object.keys(metadata)).slice(0, 100)])];
    tell(
      `The data set has no feature and no field of its episodes called ${array}; fields are ${names.join(", ")}.`,
    );
    return [];
  }
  if (of === undefined) {
    tell(
      `${array} has a value in each frame: say which is meant, { "array": "${array}", "of": "last" }, or sum, mean, min, max.`,
    );
    return [];
  }
  const single = feature.shape.reduce((all, dim) => all * dim, 1) === 1;
  if (!single || set.cameras.includes(array)) {
    tell(
      `${array} is ${feature.dtype} [${feature.shape.join(", ")}] in each frame, and a field is one value.`,
    );
    return [];
  }
  const values = of === "first" || of === "last" ? [] : await fromStatistics(set, array, of);
  const missing = episodes.filter((_, episode) => values[episode] === undefined);
  if (missing.length === 0) return values.map((value) => asWritten(value, feature.dtype, of));
  const rows = await fromRows(set, array, of);
  if (rows.why !== null) tell(rows.why);
  return episodes.map((_, episode) => asWritten(values[episode] ?? rows.values[episode], feature.dtype, of));
}

/** Whether something was so is true or false, not a number. */
function asWritten(value: Value | undefined, dtype: string, of: FieldValue): Value | undefined {
  return dtype === "bool" && of !== "sum" && of !== "mean" && typeof value === "number" ? value > 0 : value;
}

/** A value for each episode, in their order. */
function ofFile(file: ArrayFile, array: string, episodes: number): (Value | undefined)[] {
  const header = file.headers.get(array);
  if (header?.dims[0] !== episodes)
    throw new AttentionError(
      "inputMismatch",
      header
        ? `${array} is [${header.dims.join(", ")}], and there are ${counted(episodes, "episode")}.`
        : `There is no array ${array}.`,
      { where: file.name },
    );
  const { data } = file.read(array);
  const each = data.length / episodes;
  return Array.from({ length: episodes }, (_, episode) => {
    const value = data[episode * each];
    return typeof value === "bigint" ? Number(value) : value;
  });
}

async function fromStatistics(
  set: LeRobotDataSet,
  feature: string,
  of: Exclude<FieldValue, "first" | "last">,
): Promise<(number | undefined)[]> {
  const statistics = await set.statistics(feature);
  return set.episodes.map(({ index, length }) => {
    const known = statistics.get(index);
    if (of !== "sum") return known?.[of];
    // Sums in single precision; more digits than that would be noise.
    return known?.mean === undefined
      ? undefined
      : Number((known.mean * (known.count ?? length)).toPrecision(6));
  });
}

interface FromRows {
  readonly values: readonly (number | string | undefined)[];
  /** Why some are missing; null where none is. */
  readonly why: string | null;
}

/** What was read of the rows, so that going from frame to frame does not read them again. */
const known = new WeakMap<LeRobotDataSet, Map<string, FromRows>>();

async function fromRows(set: LeRobotDataSet, feature: string, of: FieldValue): Promise<FromRows> {
  const own = known.get(set) ?? new Map<string, FromRows>();
  known.set(set, own);
  const before = own.get(`${of} ${feature}`);
  if (before) return before;
  const read = await readRows(set, feature, of);
  // What could not be read is read again, since somebody may mend it.
  if (read.why === null) own.set(`${of} ${feature}`, read);
  return read;
}

async function readRows(set: LeRobotDataSet, feature: string, of: FieldValue): Promise<FromRows> {
  const { info, episodes } = set;
  const described = info.features[feature];
  const files = new Set(episodes.map(({ file }) => file));
  if (!described || files.size > MOST_FILES)
    return {
      values: [],
      why: `It is not in the statistics of the episodes, and the rows of ${counted(files.size, "file")} are not read for it; at most those of ${MOST_FILES} are. LeRobot's own scripts write the statistics (version 2.1 and later).`,
    };
  const values: (number | string | undefined)[] = [];
  const broken: string[] = [];
  const places = new Map(episodes.map(({ index }, at) => [index, at]));
  for (const file of files) {
    try {
      for (const [index, rows] of await set.columnByEpisode(feature, file)) {
        const { data } = featureArray(feature, described, rows, { where: file, first: 0 });
        const at = places.get(index);
        if (at !== undefined) values[at] = fieldValue(data, of);
      }
    } catch (thrown) {
      broken.push(`${file}: ${AttentionError.wrap(thrown).detail}`);
    }
  }
  const [first] = broken;
  const why =
    first === undefined
      ? null
      : `The rows of ${counted(broken.length, "file")} of ${files.size} cannot be read: ${first}`;
  return { values, why };
}

/** An episode as it is listed, with what the manifest says of it. */
export function namedEpisode(episode: Episode, at: number, { fields, labels }: EpisodeFields): Episode {
  return { ...episode, name: labels[at] ?? episode.name, fields: { ...episode.fields, ...fields[at] } };
}
