/** The episodes of a LeRobot data set: lengths, tasks, where their rows and videos are, and the fields to choose by. */
import { AttentionError } from "../../shared/errors";
import { fillPath, type LeRobotInfo, readJsonLines } from "./info";
import { type Located, parquetFiles, rowsOf } from "./metadata-files";
import { figure, statisticsByLine } from "./statistics";

/** Where the frames of a camera are in a video. */
export interface VideoPart {
  /** Relative to the data set. */
  readonly file: string;
  /** Time of the episode's first frame, in seconds. */
  readonly start: number;
}

export interface LeRobotEpisode {
  readonly index: number;
  readonly length: number;
  readonly tasks: readonly string[];
  /** The Parquet file of its rows, relative to the data set. */
  readonly file: string;
  /** Number of its first row in that file, as the metadata tell. */
  readonly firstRow: number;
  readonly videos: Readonly<Record<string, VideoPart>>;
  readonly fields: Readonly<Record<string, number | string | boolean>>;
  /** What the metadata say of it in plain values, by their own names. */
  readonly metadata: Readonly<Record<string, number | string | boolean>>;
}

type Row = Readonly<Record<string, unknown>>;

/** @param locate the file of a path of the data set, which may be read */
export async function readEpisodes(
  info: LeRobotInfo,
  locate: Located,
): Promise<{ episodes: LeRobotEpisode[]; tasks: ReadonlyMap<number, string> }> {
  const videos = Object.keys(info.features).filter((name) => info.features[name]?.dtype === "video");
  const [episodes, tasks] =
    info.layout === 2
      ? [apart(info, videos, locate), tasksOf(readJsonLines(locate("meta/tasks.jsonl"), "meta/tasks.jsonl"))]
      : [
          await together(info, videos, locate),
          tasksOf(await rowsOf(locate("meta/tasks.parquet"), "meta/tasks.parquet")),
        ];
  return { episodes: episodes.sort((a, b) => a.index - b.index), tasks };
}

/** Version 2: `meta/episodes.jsonl`, and a file for each episode. */
function apart(info: LeRobotInfo, videos: readonly string[], locate: Located): LeRobotEpisode[] {
  const where = "meta/episodes.jsonl";
  const stats = statisticsByLine(locate);
  return readJsonLines(locate(where), where).map((row, line) => {
    const index = whole(row, "episode_index", `${where}, line ${line + 1}`);
    const values = { episode_index: index, episode_chunk: Math.floor(index / info.chunks_size) };
    return {
      ...common(row, index, `${where}, line ${line + 1}`, stats.get(index)),
      file: fillPath(info.data_path, values),
      firstRow: 0,
      videos: Object.fromEntries(
        info.video_path
          ? videos.map((name) => [
              name,
              { file: fillPath(info.video_path ?? "", { ...values, video_key: name }), start: 0 },
            ])
          : [],
      ),
    };
  });
}

/** Version 3: the Parquet files of `meta/episodes`, whose rows say which files hold an episode and where. */
async function together(
  info: LeRobotInfo,
  videos: readonly string[],
  locate: Located,
): Promise<LeRobotEpisode[]> {
  const files = parquetFiles(locate("meta/episodes"));
  if (files.length === 0)
    throw new AttentionError("fileNotFound", "The data set lists no episodes.", { where: "meta/episodes" });
  const parts: { row: Row; where: string }[] = [];
  for (const name of files) {
    const where = `meta/episodes/${name}`;
    // Statistics of all features would be most of what is read; those of two say what episodes are chosen by.
    const rows = await rowsOf(
      locate(where),
      where,
      (column) =>
        !column.startsWith("stats/") || /^stats\/next\.(reward|success)\/(mean|max|count)$/.test(column),
    );
    parts.push(...rows.map((row) => ({ row, where })));
  }
  const episodes = parts.map(({ row, where }) => {
    const index = whole(row, "episode_index", where);
    const place = {
      chunk_index: whole(row, "data/chunk_index", where),
      file_index: whole(row, "data/file_index", where),
    };
    const found = videos.flatMap((name) => {
      if (!info.video_path || row[`videos/${name}/file_index`] === undefined) return [];
      const values = {
        video_key: name,
        chunk_index: whole(row, `videos/${name}/chunk_index`, where),
        file_index: whole(row, `videos/${name}/file_index`, where),
      };
      const start = Number(row[`videos/${name}/from_timestamp`] ?? 0);
      return [[name, { file: fillPath(info.video_path, values), start }] as const];
    });
    const stats = (name: string, key: string) => row[`stats/${name}/${key}`];
    return {
      from: Number(row["dataset_from_index"] ?? 0),
      episode: {
        ...common(row, index, where, stats),
        file: fillPath(info.data_path, place),
        firstRow: 0,
        videos: Object.fromEntries(found),
      },
    };
  });
  const begins = new Map<string, number>();
  for (const { from, episode } of episodes)
    begins.set(episode.file, Math.min(from, begins.get(episode.file) ?? Infinity));
  return episodes.map(({ from, episode }) => ({
    ...episode,
    firstRow: from - (begins.get(episode.file) ?? 0),
  }));
}

/** What of an episode both versions say alike. @param stats of the episode, by feature and figure */
function common(
  row: Row,
  index: number,
  where: string,
  stats: ((name: string, key: string) => unknown) | undefined,
): Pick<LeRobotEpisode, "index" | "length" | "tasks" | "fields" | "metadata"> {
  const length = whole(row, "length", where);
  const tasks = (Array.isArray(row["tasks"]) ? row["tasks"] : [row["tasks"] ?? row["task"]]).filter(
    (task): task is string => typeof task === "string",
  );
  const own = Object.entries(row).flatMap(([name, value]) => {
    if (name.includes("/") || /^(episode_index|length|tasks?|dataset_(from|to)_index)$/.test(name)) return [];
    return isField(value) ? [[name, plain(value)] as const] : [];
  });
  const success = figure(stats?.("next.success", "max"));
  const mean = figure(stats?.("next.reward", "mean"));
  const count = figure(stats?.("next.reward", "count")) ?? length;
  const task = tasks.length > 0 ? tasks.join("; ") : undefined;
  return {
    index,
    length,
    tasks,
    metadata: {
      ...{ episode_index: index, length },
      ...(task === undefined ? {} : { task, tasks: task }),
      ...Object.fromEntries(own),
    },
    fields: {
      ...(task === undefined ? {} : { task }),
      ...(success === undefined ? {} : { success: success > 0 }),
      // Sums in single precision; more digits than that would be noise.
      ...(mean === undefined ? {} : { return: Number((mean * count).toPrecision(6)) }),
      ...Object.fromEntries(own),
    },
  };
}

const isField = (value: unknown): value is number | string | boolean | bigint =>
  ["number", "string", "boolean", "bigint"].includes(typeof value);
const plain = (value: number | string | boolean | bigint) =>
  typeof value === "bigint" ? Number(value) : value;

function whole(row: Row, name: string, where: string): number {
  const value = Number(row[name]);
  if (row[name] === undefined || row[name] === null || !Number.isSafeInteger(value) || value < 0)
    throw new AttentionError("fileUnreadable", `There is no whole number ${name}.`, { where });
  return value;
}

/** Tasks by their number. pandas writes the index of its table, which is the task, under a name of its own. */
function tasksOf(rows: readonly Row[]): Map<number, string> {
  return new Map(
    rows.flatMap((row) => {
      const task = row["task"] ?? row["__index_level_0__"];
      return typeof task === "string" ? [[Number(row["task_index"]), task] as const] : [];
    }),
  );
}
