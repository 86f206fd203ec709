/** The recorded samples or episodes that can be chosen from, and the arrays of each, read when they are asked for. */
import { AttentionError } from "../shared/errors";
import type { Episode } from "../shared/input-choice";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";
import { openKeptFile } from "./files/kept-files";
import type { ArrayFile, ArrayHeader, Part } from "./files/lazy-arrays";
import { insideFolder } from "./manifest/paths";
import type { Manifest } from "./manifest/schema";
import type { ManifestSamples } from "./manifest/steps-schema";
import { arrayOf, type ManifestArray, type ManifestField, namedArray } from "./manifest/values";
import { fieldValue } from "./sample-fields";
import type { Picture } from "./pictures";
import { arrayFilesOf, fillSample, sampleTree } from "./sample-files";

/** Arrays of one sample by name. */
export interface SampleArrays {
  /** What messages call it. */
  readonly name: string;
  /** What its arrays can be called, as the manifest and inputs name them. */
  readonly names: readonly string[];
  header(array: ManifestArray): ArrayHeader | undefined;
  read(array: ManifestArray, part?: Part): NamedArray;
}

export interface SampleSet {
  /** What messages call the recording. */
  readonly name: string;
  /** Whether there is a recording at all, and not only values that the manifest writes out. */
  readonly recorded: boolean;
  /** Some inputs name files of their own and no file holds all: what they leave is made up. */
  readonly partial?: boolean;
  /** Whether the manifest says where samples are; without that shapes may tell it. */
  readonly declared: boolean;
  /** Names of the arrays of the recorded file. */
  readonly names: readonly string[];
  /** The only array of the file, where it holds one; the table, where the others are its columns. */
  readonly single: string | null;
  /** Samples that have names or fields of their own; empty for those along an axis without. */
  readonly episodes: readonly Episode[];
  /** What the recording itself calls each sample, where a label stands in its name's place. */
  readonly keys: readonly string[];
  readonly count: number;
  /** Axis of the arrays along which the samples lie; null where each has arrays of its own. */
  readonly axis: number | null;
  readonly first: number;
  /** What was left out of it, as sentences. */
  readonly notices: readonly string[];
  /** Arrays of a sample; of all of them, where they lie along an axis. */
  arrays(sample: number): SampleArrays;
  /** Files that were opened, for the input's hash. */
  readonly files: readonly string[];
  /** What a data set has beyond arrays; absent where the recording is files of arrays. */
  readonly dataSet?: RecordedDataSet;
  close(): void;
}

/** A recording that says itself what it holds: pictures, tasks, and what its frames are. */
export interface RecordedDataSet {
  /** Arrays whose frames are pictures: `picture` gives them, and no array is read. */
  readonly cameras: readonly string[];
  /** Has to end before the arrays of these samples are read. */
  prepare(samples: readonly number[]): Promise<void>;
  picture(camera: string, sample: number, step: number): Promise<Picture>;
  /** What of a sample is not as its length says, as sentences. */
  notices(sample: number): readonly string[];
  /** What was to be done, in words; of a sample that was prepared. */
  task(sample: number, step: number): string | null;
  /** The manifest with what the data set says where it is silent, and what of that is assumed. */
  manifest(
    inputs: readonly TensorSignature[],
    manifest: Manifest | undefined,
  ): { readonly manifest: Manifest; readonly notices: readonly string[] };
}

export interface DataSetSamples extends SampleSet {
  readonly dataSet: RecordedDataSet;
}

interface Source {
  /** Folder of the manifest, or of the file that was asked for. */
  readonly folder: string;
  /** The recorded file; undefined where every sample has one. */
  readonly file: string | undefined;
  readonly samples: ManifestSamples | undefined;
  /** The file was asked for, so it need not hold samples as the manifest's own does. */
  readonly asked?: boolean;
  /** Files that inputs name for themselves, where there is no file of all. */
  readonly others?: readonly string[];
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
        get names() {
          return [
            ...new Set(
              own.flatMap(({ file, named }) => [...file.headers.keys()].flatMap((raw) => named(raw) ?? [])),
            ),
          ];
        },
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
    const valueOf = (field: ManifestField, sample: number) => {
      const array = arrayOf(field);
      const read = arrays(sample);
      const dims = read.header(array)?.dims;
      if (!dims) return undefined;
      const along = layout.axis !== null && dims.length > 0;
      const { data } = read.read(array, along ? { axis: 0, indices: [sample] } : undefined);
      return fieldValue(data, (typeof field === "string" ? undefined : field.of) ?? "first");
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
    const { first = 0 } = layout.declared ? (source.samples ?? {}) : {};
    const called = (entries: readonly { readonly name: string }[]) =>
      entries.findIndex(({ name }) => name === first);
    const named = called(layout.names) >= 0 ? called(layout.names) : called(episodes);
    const names = [...(base?.headers.keys() ?? [])];
    return {
      name: base?.name ?? source.samples?.files ?? source.others?.join(", ") ?? "",
      recorded: base !== undefined || source.samples?.files !== undefined || (source.others?.length ?? 0) > 0,
      partial: base === undefined && source.samples?.files === undefined,
      declared: layout.declared,
      names,
      single: names.length === 1 ? (names[0] ?? null) : (base?.whole ?? null),
      episodes: plain ? [] : episodes,
      keys: layout.names.map(({ name }) => name),
      count: layout.names.length,
      axis: layout.axis,
      first: typeof first === "number" ? first : Math.max(0, named),
      notices:
        typeof first === "string" && named < 0
          ? [...layout.notices, `There is no sample ${first}, which samples.first names: the first is shown.`]
          : layout.notices,
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
  /** What an array of the file is called without that; null where it is not the sample's. */
  readonly named: (raw: string) => string | null;
}

interface Layout {
  readonly names: readonly { name: string; group: string | null }[];
  readonly axis: number | null;
  readonly declared: boolean;
  readonly own: (sample: number) => readonly Place[];
  /** A path with {sample} and {group} filled in. */
  readonly fill: (file: string, sample: number) => string;
  readonly notices: readonly string[];
}

const plainName = (array: string) => array;
const plainPlace = (file: ArrayFile): Place => ({ file, prefix: plainName, named: plainName });

function layoutOf(source: Source, base: ArrayFile | undefined, opened: (file: string) => ArrayFile): Layout {
  const { folder } = source;
  const samples = source.asked === true && base ? samplesOfAsked(source.samples, base) : source.samples;
  const shared: readonly Place[] = base ? [plainPlace(base)] : [];
  if (samples?.files !== undefined) {
    const { samples: found, notices } = sampleTree(folder, samples.files);
    if (found.length === 0)
      throw new AttentionError("fileNotFound", ["No file or folder is named so.", ...notices].join(" "), {
        where: samples.files,
      });
    const fill = (file: string, sample: number) =>
      fillSample(file, found[sample]?.name ?? "", found[sample]?.group ?? null);
    return {
      names: found,
      axis: null,
      declared: true,
      own: (sample) => [
        ...arrayFilesOf(found[sample]?.path ?? "").map((file) => plainPlace(opened(file))),
        ...shared,
      ],
      fill,
      notices,
    };
  }
  const none = { fill: (file: string) => file, notices: [] };
  if (!base) return { names: [], axis: null, declared: false, own: () => [], ...none };
  if (samples?.arrays !== undefined) {
    const pattern = samples.arrays;
    const ofSample = nameOf(pattern);
    const unlessOfSample = (raw: string) => (ofSample.test(raw) ? null : raw);
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
          named: (raw) => {
            const own = escaped(pattern.replace("{sample}", names[sample] ?? ""));
            return new RegExp(`^${own.replace("\\{array\\}", "(.+)")}$`, "s").exec(raw)?.[1] ?? null;
          },
        },
        ...shared.map((place) => ({ ...place, named: unlessOfSample })),
      ],
      fill: (file, sample) => fillSample(file, names[sample] ?? "", null),
      notices: [],
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

/** What `{sample}` stands for in names of arrays, in the order of the file. */
function samplesInNames(names: readonly string[], pattern: string): string[] {
  const expression = nameOf(pattern);
  return [...new Set(names.flatMap((name) => expression.exec(name)?.groups?.["sample"] ?? []))];
}

const nameOf = (pattern: string) =>
  new RegExp(
    `^${escaped(pattern).replace("\\{sample\\}", "(?<sample>.+?)").replace("\\{array\\}", ".+")}$`,
    "s",
  );

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
