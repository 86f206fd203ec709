/** A LeRobot data set that was opened: what it holds, and the arrays of an episode, read when they are asked for. */
import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../arrays";
import type { ArrayHeader } from "../files/lazy-arrays";
import { openParquet, type ParquetFile } from "../files/parquet";
import { insideFolder, refusePath } from "../manifest/paths";
import { type LeRobotEpisode, readEpisodes } from "./episodes";
import { listedFile } from "./metadata-files";
import { type EpisodeStatistics, readStatistics } from "./statistics";
import { featureArray, featureType } from "./feature-array";
import { infoFile, type LeRobotInfo, readInfo } from "./info";

export interface LeRobotDataSet {
  /** Its folder, and what messages call it. */
  readonly folder: string;
  readonly name: string;
  readonly info: LeRobotInfo;
  readonly episodes: readonly LeRobotEpisode[];
  /** Tasks by their number. */
  readonly tasks: ReadonlyMap<number, string>;
  /** Features whose frames are pictures, in files of their own or in the rows. */
  readonly cameras: readonly string[];
  /** Shape and type of a feature over an episode; undefined where the set has none of that name. */
  header(feature: string, episode: LeRobotEpisode): ArrayHeader | undefined;
  /** Features of some frames of an episode, of which no other row group is read. */
  read(
    features: readonly string[],
    episode: LeRobotEpisode,
    from?: number,
    to?: number,
  ): Promise<ReadonlyMap<string, NamedArray>>;
  /** One column of some frames, as it is written. */
  column(feature: string, episode: LeRobotEpisode, from: number, to: number): Promise<unknown[]>;
  /** A column of all rows of a file, by the number of the episode. */
  columnByEpisode(feature: string, file: string): Promise<ReadonlyMap<number, Record<string, unknown>[]>>;
  /** Figures of a feature in each episode, by its number, as the metadata have them; empty where they do not. */
  statistics(feature: string): Promise<ReadonlyMap<number, EpisodeStatistics>>;
  /** The file of a path of the set, which may be read. */
  locate(named: string): string;
}

/**
 * Data sets that were read last, so that going from frame to frame does not list the episodes again. What is kept is
 * the metadata; no file stays open.
 */
const known = new Map<string, { changed: number; set: Promise<LeRobotDataSet> }>();
const MOST_KNOWN = 4;

/**
 * @param asked whether somebody chose the folder: then links lead where a download put the files; in a folder that a
 *   manifest names no link is followed
 */
export async function openDataSet(folder: string, asked: boolean): Promise<LeRobotDataSet> {
  const locate = asked ? withinDownload(folder) : (named: string) => insideFolder(folder, named);
  const key = `${asked} ${folder}`;
  const file = locate("meta/info.json");
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats)
    throw new AttentionError("fileNotFound", "There is no LeRobot data set: meta/info.json is missing.", {
      where: folder,
    });
  const before = known.get(key);
  if (before?.changed === stats.mtimeMs) return before.set;
  const set = readDataSet(folder, locate);
  known.delete(key);
  known.set(key, { changed: stats.mtimeMs, set });
  for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - MOST_KNOWN))) known.delete(oldest);
  // What could not be read is read again, since somebody may mend it.
  set.catch(() => known.delete(key));
  return set;
}

async function readDataSet(folder: string, locate: (named: string) => string): Promise<LeRobotDataSet> {
  const info = readInfo(locate("meta/info.json"));
  const { episodes, tasks } = await readEpisodes(info, locate);
  const starts = new Map<LeRobotEpisode, number>();
  const statistics = new Map<string, Promise<ReadonlyMap<number, EpisodeStatistics>>>();
  const rowsOf = async (
    columns: readonly string[],
    episode: LeRobotEpisode,
    from: number,
    to: number,
  ): Promise<Record<string, unknown>[]> => {
    const bytes = listedFile(locate(episode.file), episode.file);
    try {
      const file = await openParquet(bytes);
      const start = starts.get(episode) ?? (await firstRowOf(file, episode));
      starts.set(episode, start);
      if (start + to > file.rows)
        throw new AttentionError(
          "fileUnreadable",
          `Episode ${episode.index} has ${episode.length} frames, and the file ends after ${file.rows - start} of them.`,
          { where: episode.file },
        );
      return await file.read(columns, start + from, start + to);
    } finally {
      bytes.close();
    }
  };
  return {
    folder,
    name: path.basename(folder),
    info,
    episodes,
    tasks,
    cameras: Object.keys(info.features).filter((name) =>
      ["video", "image"].includes(info.features[name]?.dtype ?? ""),
    ),
    locate,
    header: (feature, episode) => {
      const { dtype, shape } = info.features[feature] ?? {};
      const type = dtype === undefined ? undefined : featureType(dtype);
      return type && shape ? { dtype: type, dims: [episode.length, ...shape] } : undefined;
    },
    read: async (features, episode, from = 0, to = episode.length) => {
      const rows = await rowsOf(features, episode, from, to);
      return new Map(
        features.flatMap((name) => {
          const feature = info.features[name];
          const has = rows.length > 0 && rows[0]?.[name] !== undefined;
          const place = { where: episode.file, first: from };
          return feature && has ? [[name, featureArray(name, feature, rows, place)] as const] : [];
        }),
      );
    },
    column: async (feature, episode, from, to) =>
      (await rowsOf([feature], episode, from, to)).map((row) => row[feature]),
    columnByEpisode: async (feature, file) => {
      const bytes = listedFile(locate(file), file);
      try {
        const [only, second] = episodes.filter((episode) => episode.file === file);
        const rows = await (await openParquet(bytes)).read([feature, "episode_index"]);
        const found = new Map<number, Record<string, unknown>[]>();
        for (const row of rows) {
          // A file of one episode need not say whose its rows are.
          const index = Number(row["episode_index"] ?? (second ? NaN : only?.index));
          const own = found.get(index) ?? [];
          own.push(row);
          found.set(index, own);
        }
        return found;
      } finally {
        bytes.close();
      }
    },
    statistics: (feature) => {
      const known = statistics.get(feature) ?? readStatistics(info, locate, feature);
      statistics.set(feature, known);
      known.catch(() => statistics.delete(feature));
      return known;
    },
  };
}

/**
 * Where an episode begins in its file: where the metadata say so, if the row there is of that episode, else by looking
 * through the numbers of all rows, which is what a set needs of which episodes were taken out.
 */
async function firstRowOf(file: ParquetFile, episode: LeRobotEpisode): Promise<number> {
  if (!file.columns.includes("episode_index")) return episode.firstRow;
  const number = (row: Record<string, unknown> | undefined) => Number(row?.["episode_index"] ?? NaN);
  if (episode.firstRow < file.rows) {
    const [row] = await file.read(["episode_index"], episode.firstRow, episode.firstRow + 1);
    const [before] =
      episode.firstRow > 0 ? await file.read(["episode_index"], episode.firstRow - 1, episode.firstRow) : [];
    if (number(row) === episode.index && number(before) !== episode.index) return episode.firstRow;
  }
  const found = (await file.read(["episode_index"])).findIndex((row) => number(row) === episode.index);
  if (found < 0)
    throw new AttentionError("inputMissing", `No row is of episode ${episode.index}.`, {
      where: episode.file,
    });
  return found;
}

/**
 * Paths of a folder that somebody chose. The cache of a download keeps a set as links from `snapshots/…` to the files
 * in `blobs` beside it; links to other places are refused.
 */
function withinDownload(folder: string): (named: string) => string {
  const real = realpathSync(folder);
  const snapshots = path.dirname(real);
  const roots = [
    real,
    ...(path.basename(snapshots) === "snapshots" ? [path.join(path.dirname(snapshots), "blobs")] : []),
  ];
  return (named) => {
    refusePath(named);
    const file = path.join(real, named);
    if (!statSync(file, { throwIfNoEntry: false })) return file;
    const target = realpathSync(file);
    if (!roots.some((root) => target === root || target.startsWith(root + path.sep)))
      throw new AttentionError("inputRefused", `${named} is a link out of the data set.`, {
        where: infoFile(folder),
        fix: "Copy the data set with its files in place of the links.",
      });
    return file;
  };
}
