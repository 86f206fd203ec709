/** `meta/info.json` of a LeRobot data set: its version, its features, and where its files are. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { AttentionError } from "../../shared/errors";
import { refuseLarger } from "../limits";

const featureSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(16),
});

const infoSchema = z.object({
  codebase_version: z.string(),
  total_episodes: z.int().nonnegative(),
  fps: z.number().positive(),
  chunks_size: z.int().positive().default(1000),
  data_path: z.string(),
  video_path: z.string().nullish(),
  features: z.record(z.string(), featureSchema),
});

export interface LeRobotInfo extends z.infer<typeof infoSchema> {
  /** 2: a file for an episode. 3: files that episodes share. */
  readonly layout: 2 | 3;
}

/** Where a data set says what it is. */
export const infoFile = (folder: string): string => path.join(folder, "meta", "info.json");

/** Whether a folder is a LeRobot data set. */
export const isLeRobot = (folder: string): boolean => existsSync(infoFile(folder));

/** @param file path of info.json, which may be read; @throws fileUnreadable where it does not say what is needed */
export function readInfo(file: string): LeRobotInfo {
  const where = "meta/info.json";
  const parsed = infoSchema.safeParse(readJson(file, where));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AttentionError("fileUnreadable", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`, {
      where,
      fix: "A LeRobot data set of version 2 or 3 says there its version, episodes, features and paths.",
    });
  }
  const major = /^v?(\d+)/.exec(parsed.data.codebase_version)?.[1];
  if (major !== "2" && major !== "3")
    throw new AttentionError(
      "fileUnreadable",
      `The data set has version ${parsed.data.codebase_version}, and versions 2 and 3 are read.`,
      { where, fix: "Convert it with LeRobot's own scripts (convert_dataset_v1_to_v2, v21_to_v30)." },
    );
  return { ...parsed.data, layout: major === "2" ? 2 : 3 };
}

/** A JSON file that is read whole. */
export function readJson(file: string, where: string): unknown {
  const text = readText(file, where);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AttentionError("fileUnreadable", "It is not JSON.", { where, cause: error });
  }
}

/** Objects of a file that has one on each line. */
export function readJsonLines(file: string, where: string): Record<string, unknown>[] {
  return readText(file, where)
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      try {
        const value: unknown = JSON.parse(line);
        if (typeof value === "object" && value !== null && !Array.isArray(value))
          return [value as Record<string, unknown>];
      } catch {
        // Said below.
      }
      throw new AttentionError("fileUnreadable", "It is no JSON object.", {
        where: `${where}, line ${index + 1}`,
      });
    });
}

function readText(file: string, where: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile())
    throw new AttentionError("fileNotFound", "The data set has no such file.", {
      where,
      fix: "Download the data set whole, or the folders meta and data of it.",
    });
  refuseLarger("text", stats.size, "The file", where);
  return readFileSync(file, "utf8");
}

/**
 * A path of the data set from its template: `{episode_index:06d}` is a number of at least six digits.
 * @throws fileUnreadable for a name that is not among the values
 */
export function fillPath(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)(?::0?(\d+)d)?\}/g, (_, name: string, digits: string | undefined) => {
    const value = values[name];
    if (value === undefined)
      throw new AttentionError("fileUnreadable", `The path ${template} names ${name}, which is not known.`, {
        where: "meta/info.json",
      });
    return digits === undefined ? String(value) : String(value).padStart(Number(digits), "0");
  });
}
