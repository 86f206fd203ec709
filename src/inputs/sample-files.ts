/** Samples that are files or folders of a tree: `episodes/{group}/{episode}.npz`, `runs/{group}/{episode}/`. */
import { type Dirent, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../shared/errors";
import { arrayFileKinds } from "./files/array-file";
import { insideFolder, refusePath } from "./manifest/paths";

export interface SampleFile {
  readonly name: string;
  readonly group: string | null;
  /** Absolute: a file of arrays, or a folder of them and of frames. */
  readonly path: string;
}

export interface SampleTree {
  readonly samples: readonly SampleFile[];
  /** What was left out, and why, as sentences. */
  readonly notices: readonly string[];
}

/** Most files and folders that a pattern is followed to. */
const MOST_SAMPLES = 100_000;

const isArrayFile = (name: string) => arrayFileKinds.some((kind) => name.toLowerCase().endsWith(kind));

/**
 * Files and folders of a pattern, by group and name. Hidden files and links are left out, the latter with a notice; a
 * pattern without an ending means folders where there are any.
 * @param folder the manifest's
 */
export function sampleTree(folder: string, pattern: string): SampleTree {
  refusePath(pattern);
  let found = [{ at: folder, group: null as string | null, name: null as string | null }];
  const links: string[] = [];
  const unread: string[] = [];
  const parts = pattern.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  parts.forEach((part, depth) => {
    if (!part.includes("{")) {
      found = found.map((each) => ({ ...each, at: path.join(each.at, part) }));
      return;
    }
    const matches = expressionOf(part);
    const last = depth === parts.length - 1;
    found = found.flatMap((each) => {
      const entries = entriesOf(each.at, unread).filter(
        (entry) => matches.test(entry.name) && (!entry.name.startsWith(".") || part.startsWith(".")),
      );
      links.push(
        ...entries.filter((entry) => entry.isSymbolicLink()).map((entry) => path.join(each.at, entry.name)),
      );
      const folders = entries.filter((entry) => entry.isDirectory());
      const files = last ? entries.filter((entry) => entry.isFile() && isArrayFile(entry.name)) : [];
      const named = path.extname(part.replace(/\{\w+\}/g, "x")) !== "";
      return (last && (named || folders.length === 0) ? files : folders).map((entry) => {
        const { group, sample } = matches.exec(entry.name)?.groups ?? {};
        return {
          at: path.join(each.at, entry.name),
          group: group ?? each.group,
          name: sample ?? each.name,
        };
      });
    });
    if (found.length > MOST_SAMPLES)
      throw new AttentionError(
        "inputTooLarge",
        `${found.length} files or folders are named so, and at most ${MOST_SAMPLES} are listed.`,
        { where: pattern, fix: "Name a folder below: episodes/train/{episode}.npz." },
      );
  });
  const relative = (at: string) => path.relative(folder, at).split(path.sep).join("/");
  const refused: string[] = [];
  const samples = found.flatMap(({ at, group, name }) => {
    try {
      const file = insideFolder(folder, path.relative(folder, at));
      const exists = statSync(file, { throwIfNoEntry: false }) !== undefined;
      return exists ? [{ name: name ?? path.basename(at), group, path: file }] : [];
    } catch (error) {
      // One that may not be read keeps the others from nothing.
      if (found.length === 1) throw error;
      refused.push(at);
      return [];
    }
  });
  return {
    samples,
    notices: [
      ...told(links.map(relative), "left out: links are not followed"),
      ...told(refused.map(relative), "left out: it is a link, or leads out of the folder"),
      ...told(unread.map(relative), "left out: it cannot be read"),
    ],
  };
}

function told(places: readonly string[], why: string): string[] {
  const [first] = places;
  if (first === undefined) return [];
  const more = places.length > 1 ? ` and ${places.length - 1} more` : "";
  return [`Of the samples ${first}${more} ${places.length > 1 ? "are" : "is"} ${why}.`];
}

/** Names of a pattern's part; {episode} is another word for {sample}. */
function expressionOf(part: string): RegExp {
  const escaped = part.replaceAll("{episode}", "{sample}").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(
    `^${escaped.replace("\\{group\\}", "(?<group>.+)").replace("\\{sample\\}", "(?<sample>.+)")}$`,
  );
}

/** A path with the sample's names in place of {sample} or {episode}, and {group}. */
export function fillSample(named: string, sample: string, group: string | null): string {
  return named
    .replaceAll("{sample}", sample)
    .replaceAll("{episode}", sample)
    .replaceAll("{group}", group ?? "");
}

/** The files of a sample's arrays: itself, or those in its folder. */
export function arrayFilesOf(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return entriesOf(place, [])
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && isArrayFile(entry.name))
    .map((entry) => path.join(place, entry.name));
}

function entriesOf(folder: string, unread: string[]): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name.localeCompare(b.name, "en", { numeric: true }),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") unread.push(folder);
    return [];
  }
}
