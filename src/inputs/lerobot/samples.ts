/** The episodes of a LeRobot data set as samples to choose from. */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { Episode } from "../../shared/input-choice";
import type { NamedArray } from "../arrays";
import { openArrayFile } from "../files/array-file";
import { type ArrayFile, type ArrayHeader, takenAlong, takenOf } from "../files/lazy-arrays";
import { insideFolder } from "../manifest/paths";
import type { ManifestSamples } from "../manifest/steps-schema";
import { namedArray } from "../manifest/values";
import type { DataSetSamples, SampleArrays } from "../sample-set";
import { framePicture, videoNotices } from "./camera";
import { type LeRobotDataSet, openDataSet } from "./data-set";
import type { LeRobotEpisode } from "./episodes";
import { featureType } from "./feature-array";
import { episodeFields, namedEpisode } from "./fields";
import { infoFile } from "./info";
import { withDataSet } from "./stand-in-manifest";

interface Source {
  /** The data set's folder. */
  readonly folder: string;
  /** Whether somebody chose it; else a manifest names it. */
  readonly asked: boolean;
  /** Folder of the manifest, for arrays of other files. */
  readonly beside: string;
  readonly samples: ManifestSamples | undefined;
}

/** Opens a data set; `prepare` reads what its arrays hold. */
export async function openLeRobotSamples({
  folder,
  asked,
  beside,
  samples,
}: Source): Promise<DataSetSamples> {
  const set = await openDataSet(folder, asked);
  const { episodes } = set;
  const columns = Object.entries(set.info.features)
    .filter(([name, { dtype }]) => !set.cameras.includes(name) && featureType(dtype) !== undefined)
    .map(([name]) => name);
  const prepared = new Map<number, ReadonlyMap<string, NamedArray>>();
  const others = new Map<string, ArrayFile>();
  const other = (file: string) => {
    const opened = others.get(file) ?? openArrayFile(insideFolder(beside, file));
    others.set(file, opened);
    return opened;
  };
  const episodeAt = (sample: number): LeRobotEpisode => {
    const episode = episodes[sample];
    if (!episode)
      throw new AttentionError(
        "inputMissing",
        `There is no episode ${sample}; the data set has ${episodes.length}, from 0.`,
        { where: set.name },
      );
    return episode;
  };
  const said = await episodeFields(set, samples, other);
  const files = new Set<string>([set.locate("meta/info.json")]);
  const keys = episodes.map(({ index }) => `episode_${String(index).padStart(6, "0")}`);
  const { first = 0 } = samples ?? {};
  return {
    name: set.name,
    recorded: true,
    declared: true,
    names: Object.keys(set.info.features),
    single: null,
    episodes: episodes.map((episode, at) => namedEpisode(asEpisode(episode), at, said)),
    keys,
    count: episodes.length,
    axis: null,
    first: typeof first === "number" ? first : Math.max(0, keys.indexOf(first)),
    notices: said.notices,
    arrays: (sample) => arraysOf(set, episodeAt(sample), prepared.get(sample), other),
    get files() {
      return [...files, ...[...others.keys()].map((file) => path.resolve(beside, file))];
    },
    close: () => {
      for (const file of others.values()) file.close();
      others.clear();
      prepared.clear();
    },
    dataSet: {
      cameras: set.cameras,
      prepare: async (wanted) => {
        for (const sample of wanted) {
          if (prepared.has(sample)) continue;
          const episode = episodeAt(sample);
          prepared.set(sample, await set.read(columns, episode));
          files.add(set.locate(episode.file));
        }
      },
      picture: async (camera, sample, step) => {
        const { picture, file } = await framePicture(set, episodeAt(sample), camera, step);
        files.add(file);
        return picture;
      },
      notices: (sample) => videoNotices(set, episodeAt(sample)),
      task: (sample, step) => taskOf(set, episodeAt(sample), prepared.get(sample), step),
      manifest: (inputs, manifest) => withDataSet(set, inputs, manifest),
    },
  };
}

function asEpisode({ index, length, fields }: LeRobotEpisode): Episode {
  return { name: `episode ${index}`, group: null, steps: length, fields: { ...fields } };
}

function arraysOf(
  set: LeRobotDataSet,
  episode: LeRobotEpisode,
  values: ReadonlyMap<string, NamedArray> | undefined,
  other: (file: string) => ArrayFile,
): SampleArrays {
  const header = (array: Parameters<SampleArrays["header"]>[0]): ArrayHeader | undefined => {
    const { array: name, file } = namedArray(array);
    return file === null ? set.header(name, episode) : other(file).headers.get(name);
  };
  return {
    name: episode.file,
    names: Object.keys(set.info.features).filter((name) => set.header(name, episode) !== undefined),
    header,
    read: (array, part) => {
      const { array: name, file } = namedArray(array);
      if (file !== null) return other(file).read(name, part);
      const read = values?.get(name);
      if (!read)
        throw new AttentionError("inputMissing", `The rows of episode ${episode.index} have no ${name}.`, {
          where: episode.file,
          fix: `They are described in ${infoFile(set.name)}.`,
        });
      for (const { axis, indices } of part === undefined ? [] : takenAlong(part)) {
        const length = read.dims[axis] ?? 0;
        const past = indices.find((index) => index >= length);
        if (past !== undefined)
          throw new AttentionError(
            "inputMissing",
            `Episode ${episode.index} has no frame ${past} of ${name}; there are ${length}, from 0.`,
            { where: episode.file },
          );
      }
      return part ? takenOf(read, part) : read;
    },
  };
}

/** The task of a frame, else the episode's. */
function taskOf(
  set: LeRobotDataSet,
  episode: LeRobotEpisode,
  values: ReadonlyMap<string, NamedArray> | undefined,
  step: number,
): string | null {
  const number = values?.get("task_index")?.data[step];
  return (number === undefined ? undefined : set.tasks.get(Number(number))) ?? episode.tasks[0] ?? null;
}
