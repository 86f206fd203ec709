/** Figures of the features in each episode, as the metadata of a LeRobot data set have them from version 2.1 on. */
import { existsSync } from "node:fs";
import { type LeRobotInfo, readJsonLines } from "./info";
import { type Located, parquetFiles, rowsOf } from "./metadata-files";

/** Of a feature that is one number; what is not written is undefined. */
export interface EpisodeStatistics {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly mean: number | undefined;
  /** Number of its frames. */
  readonly count: number | undefined;
}

type Figures = (name: string, key: string) => unknown;

/** Version 2.1: a line for each episode, by its number. */
export function statisticsByLine(locate: Located): Map<number, Figures> {
  const where = "meta/episodes_stats.jsonl";
  const file = locate(where);
  if (!existsSync(file)) return new Map();
  return new Map(
    readJsonLines(file, where).map((row) => [
      Number(row["episode_index"]),
      (name, key) =>
        (row["stats"] as Record<string, Record<string, unknown> | undefined> | undefined)?.[name]?.[key],
    ]),
  );
}

/** Figures of a feature by the number of the episode. Of version 3 no other column is read. */
export async function readStatistics(
  { layout }: LeRobotInfo,
  locate: Located,
  feature: string,
): Promise<ReadonlyMap<number, EpisodeStatistics>> {
  const of = (figures: (key: string) => unknown): EpisodeStatistics => ({
    min: figure(figures("min")),
    max: figure(figures("max")),
    mean: figure(figures("mean")),
    count: figure(figures("count")),
  });
  if (layout === 2)
    return new Map(
      [...statisticsByLine(locate)].map(([index, figures]) => [index, of((key) => figures(feature, key))]),
    );
  const found = new Map<number, EpisodeStatistics>();
  for (const name of parquetFiles(locate("meta/episodes"))) {
    const where = `meta/episodes/${name}`;
    const columns = ["min", "max", "mean", "count"].map((key) => `stats/${feature}/${key}`);
    const rows = await rowsOf(
      locate(where),
      where,
      (column) => column === "episode_index" || columns.includes(column),
    );
    for (const row of rows)
      found.set(
        Number(row["episode_index"]),
        of((key) => row[`stats/${feature}/${key}`]),
      );
  }
  return found;
}

/** A figure of one number, which is written as a list of one. */
export function figure(value: unknown): number | undefined {
  const inner: unknown = Array.isArray(value) || ArrayBuffer.isView(value) ? (value as number[])[0] : value;
  if (Array.isArray(inner)) return figure(inner);
  return typeof inner === "number" || typeof inner === "bigint" || typeof inner === "boolean"
    ? Number(inner)
    : undefined;
}
