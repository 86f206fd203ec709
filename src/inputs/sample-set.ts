/** The recorded samples or episodes that can be chosen from, and the arrays of each, read when they are asked for. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../shared/errors";
import type { Episode } from "../shared/input-choice";
import type { NamedArray } from "./arrays";
import { openKeptFile } from "./files/kept-files";
import type { ArrayFile, ArrayHeader, Part } from "./files/lazy-arrays";
import { insideFolder } from "./manifest/paths";
import type { ManifestSamples } from "./manifest/steps-schema";
import { type ManifestArray, namedArray } from "./manifest/values";

/** Arrays of one sample by name. */
export interface SampleArrays {
  /** What messages call it. */
  readonly name: string;
  header(array: ManifestArray): ArrayHeader | undefined;
  read(array: ManifestArray, part?: Part): NamedArray;
}

export interface SampleSet {
  /** What messages call the recording. */
  readonly name: string;
  /** Whether there is a recording at all, and not only values that the manifest writes out. */
  readonly recorded: boolean;
  /** Whether the manifest says where samples are; without that shapes may tell it. */
  readonly declared: boolean;
  /** Names of the arrays of the recorded file. */
  readonly names: readonly string[];
  /** The only array of the file, where it holds one. */
  readonly single: string | null;
  /** Samples that have names or fields of their own; empty for those along an axis without. */
  readonly episodes: readonly Episode[];
  /** What the recording itself calls each sample, where a label stands in its name's place. */
  readonly keys: readonly string[];
  readonly count: number;
  /** Axis of the arrays along which the samples lie; null where each has arrays of its own. */
  readonly axis: number | null;
  readonly first: number;
  /** Arrays of a sample; of all of them, where they lie along an axis. */
  arrays(sample: number): SampleArrays;
  /** Files that were opened, for the input's hash. */
  readonly files: readonly string[];
  close(): void;
}

interface Source {
  /** Folder of the manifest, or of the file that was asked for. */
  readonly folder: string;
  /** The recorded file; undefined where every sample has one. */
  readonly file: string | undefined;
  readonly samples: ManifestSamples | undefined;
  /** The file was asked for, so it need not hold samples as the manifest's own does. */
  readonly asked?: boolean;
}

/** Opens what was recorded; `close` it after use. */
export function openSamples(source: Source): SampleSet {
  const open = new Map<string, ArrayFile>();
  const opened = (file: string) => {
    const known = open.get(file) ?? openKeptFile(file);
    open.set(file, known);
    return known;
  };
  const close = () => {
    for (const file of open.values()) file.close();
    open.clear();
  };
  try {
    const base = source.file === undefined ? undefined : opened(source.file);
    const layout = layoutOf(source, base, opened);
    const arrays = (sample: number): SampleArrays => {
      const own = layout.own(sample);
      const find = (array: ManifestArray): { file: ArrayFile; name: string } | undefined => {
        const { array: name, file } = namedArray(array);
        if (file !== null) {
          const other = opened(insideFolder(source.folder, layout.fill(file, sample)));
          return other.headers.has(name) ? { file: other, name } : undefined;
        }
        for (const place of own)
          if (place.file.headers.has(place.prefix(name)))
            return { file: place.file, name: place.prefix(name) };
        return undefined;
      };
      return {
        name: own[0]?.file.name ?? "",
        header: (array) => {
          const found = find(array);
          return found?.file.headers.get(found.name);
        },
        read: (array, part) => {
          const found = find(array);
          if (!found)
            throw new AttentionError("inputMissing", `There is no array ${namedArray(array).array}.`, {
              where: own[0]?.file.name ?? "",
            });
          return found.file.read(found.name, part);
        },
      };
    };
    const fields = source.samples?.fields ?? {};
    const { label } = source.samples ?? {};
    const valueOf = (array: ManifestArray, sample: number) => {
      const read = arrays(sample);
      const dims = read.header(array)?.dims;
      if (!dims) return undefined;
      const along = layout.axis !== null && dims.length > 0;
      const value = read.read(array, along ? { axis: 0, indices: [sample] } : undefined).data[0];
      return typeof value === "bigint" ? Number(value) : value;
    };
    const episodes = layout.names.map((entry, sample): Episode => {
      const values = Object.entries(fields).flatMap(([name, array]) => {
        const value = valueOf(array, sample);
        return value === undefined ? [] : [[name, value] as const];
      });
      const named = label === undefined ? undefined : valueOf(label, sample);
      return {
        ...entry,
        name: named === undefined ? entry.name : String(named),
        steps: null,
        fields: Object.fromEntries(values),
      };
    });
    const plain = layout.axis !== null && label === undefined && Object.keys(fields).length === 0;
    const { first = 0 } = source.samples ?? {};
    const names = [...(base?.headers.keys() ?? [])];
    return {
      name: base?.name ?? source.samples?.files ?? "",
      recorded: base !== undefined || source.samples?.files !== undefined,
      declared: layout.declared,
      names,
      single: names.length === 1 ? (names[0] ?? null) : null,
      episodes: plain ? [] : episodes,
      keys: layout.names.map(({ name }) => name),
      count: layout.names.length,
      axis: layout.axis,
      first:
        typeof first === "number"
          ? first
          : Math.max(
              0,
              layout.names.findIndex(({ name }) => name === first),
            ),
      arrays,
      get files() {
        return [...open.keys()];
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The manifest's samples, as far as a file that somebody gave is laid out like the manifest's own. */
function samplesOfAsked(samples: ManifestSamples | undefined, base: ArrayFile): ManifestSamples | undefined {
  const named =
    samples?.arrays !== undefined && samplesInNames([...base.headers.keys()], samples.arrays).length > 0;
  return named || samples?.axis !== undefined ? samples : undefined;
}

/** Where the arrays of a sample are: files to look in, in order, and how its arrays are called there. */
interface Place {
  readonly file: ArrayFile;
  readonly prefix: (array: string) => string;
}

interface Layout {
  readonly names: readonly { name: string; group: string | null }[];
  readonly axis: number | null;
  readonly declared: boolean;
  readonly own: (sample: number) => readonly Place[];
  /** A path with {sample} and {group} filled in. */
  readonly fill: (file: string, sample: number) => string;
}

const plainName = (array: string) => array;

function layoutOf(source: Source, base: ArrayFile | undefined, opened: (file: string) => ArrayFile): Layout {
  const { folder } = source;
  const samples = source.asked === true && base ? samplesOfAsked(source.samples, base) : source.samples;
  const shared: readonly Place[] = base ? [{ file: base, prefix: plainName }] : [];
  if (samples?.lerobot !== undefined)
    throw new AttentionError("inputMismatch", "LeRobot data sets are not read yet.", {
      where: samples.lerobot,
      fix: "Convert the episodes that you need to npz, as docs/inputs.md says.",
    });
  if (samples?.files !== undefined) {
    const found = filesOf(folder, samples.files);
    if (found.length === 0)
      throw new AttentionError("fileNotFound", "No file or folder is named so.", { where: samples.files });
    const fill = (file: string, sample: number) =>
      file
        .replaceAll("{sample}", found[sample]?.name ?? "")
        .replaceAll("{group}", found[sample]?.group ?? "");
    return {
      names: found,
      axis: null,
      declared: true,
      own: (sample) => [
        ...placesOf(found[sample]?.path ?? "").map((file) => ({ file: opened(file), prefix: plainName })),
        ...shared,
      ],
      fill,
    };
  }
  const none = { fill: (file: string) => file };
  if (!base) return { names: [], axis: null, declared: false, own: () => [], ...none };
  if (samples?.arrays !== undefined) {
    const pattern = samples.arrays;
    const names = samplesInNames([...base.headers.keys()], pattern);
    if (names.length === 0)
      throw new AttentionError("inputMissing", `No array is named ${pattern}.`, { where: base.name });
    return {
      names: names.map((name) => ({ name, group: null })),
      axis: null,
      declared: true,
      own: (sample) => [
        {
          file: base,
          prefix: (array) => pattern.replace("{sample}", names[sample] ?? "").replace("{array}", array),
        },
        ...shared,
      ],
      fill: (file, sample) => file.replaceAll("{sample}", names[sample] ?? ""),
    };
  }
  const axis = samples?.axis ?? null;
  const sizes = axis === null ? [] : [...base.headers.values()].map(({ dims }) => dims[axis] ?? 0);
  const count = axis === null ? 1 : Math.max(0, ...sizes);
  return {
    names: Array.from({ length: count }, (_, sample) => ({ name: String(sample), group: null })),
    axis,
    declared: samples?.axis !== undefined,
    own: () => shared,
    ...none,
  };
}

/** The files of a sample: itself, or the files of arrays in its folder. */
function placesOf(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .filter((name) => /\.(npz|npy|safetensors|json|csv)$/i.test(name))
    .sort()
    .map((name) => path.join(place, name));
}

/** What `{sample}` stands for in names of arrays, in the order of the file. */
function samplesInNames(names: readonly string[], pattern: string): string[] {
  const expression = new RegExp(
    `^${escaped(pattern).replace("\\{sample\\}", "(?<sample>.+?)").replace("\\{array\\}", ".+")}$`,
    "s",
  );
  return [...new Set(names.flatMap((name) => expression.exec(name)?.groups?.["sample"] ?? []))];
}

/** Files and folders of a pattern such as episodes/{group}/{sample}.npz, by group and name. */
function filesOf(folder: string, pattern: string): { name: string; group: string | null; path: string }[] {
  let found = [{ at: folder, group: null as string | null, name: null as string | null }];
  const parts = pattern.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  parts.forEach((part, depth) => {
    if (!/[{]/.test(part)) {
      found = found.map((each) => ({ ...each, at: path.join(each.at, part) }));
      return;
    }
    const expression = new RegExp(
      `^${escaped(part).replace("\\{group\\}", "(?<group>.+)").replace("\\{sample\\}", "(?<sample>.+)")}$`,
    );
    found = found.flatMap((each) =>
      names(each.at, depth < parts.length - 1).flatMap((entry) => {
        const match = expression.exec(entry);
        if (!match) return [];
        const { group, sample } = match.groups ?? {};
        return [{ at: path.join(each.at, entry), group: group ?? each.group, name: sample ?? each.name }];
      }),
    );
  });
  return found.map(({ at, group, name }) => ({
    name: name ?? path.basename(at),
    group,
    path: insideFolder(folder, path.relative(folder, at)),
  }));
}

function names(folder: string, folders: boolean): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !folders || entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  } catch {
    return [];
  }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
