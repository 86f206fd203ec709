/** What a manifest is checked against: the model as its graph tells it, and the files beside it. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../../shared/errors";
import type { Dim, TensorSignature } from "../../../shared/model";
import { openKeptFile } from "../../files/kept-files";
import type { ArrayFile, ArrayHeader } from "../../files/lazy-arrays";
import { arrayFilesOf, sampleTree } from "../../sample-files";
import { isLeRobot, type LeRobotInfo, readInfo } from "../../lerobot/info";
import { readVideoIndex } from "../../video/read-index";
import type { ManifestPath } from "../document";
import { insideFolder, matchingFiles } from "../paths";
import { didYouMean, type ManifestProblem, problem, some } from "../problem";
import type { Manifest } from "../schema";
import { type ManifestArray, namedArray } from "../values";

/** Videos of a pattern that are looked into: a problem is shown while somebody writes. */
const MOST_VIDEOS = 20;

/** A site with the sizes that are known of it: by a capture, else by the graph with the recorded input's sizes. */
export interface CheckedSite {
  readonly id: string;
  readonly name: string;
  readonly component: string | null;
  readonly layer: number | null;
  readonly batch: Dim;
  readonly heads: Dim;
  readonly queries: Dim;
  readonly keys: Dim;
}

export interface CheckedModel {
  readonly inputs: readonly TensorSignature[];
  /** Inputs that a recording need not hold: caches, counts of tokens, what a loop sets. */
  readonly spared: ReadonlySet<string>;
  readonly outputs: readonly TensorSignature[];
  readonly sites: readonly CheckedSite[];
  /** Shapes of the model's initializers by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Shape of an output, tensor or node of that name: null where it is not known, undefined where there is none. */
  readonly shapeOf: (name: string) => readonly Dim[] | null | undefined;
}

/** Arrays that are recorded, by their headers alone. */
export type RecordedArrays = Pick<ArrayFile, "name" | "headers" | "loose">;

/** The manifest that is checked, its folder, and a place to put what is found. */
export class CheckContext {
  readonly manifest: Manifest;
  readonly folder: string;
  readonly problems: ManifestProblem[] = [];
  #dataSet: LeRobotInfo | null | undefined;
  #tree: RecordedArrays | null | undefined;
  readonly #files = new Map<string, ArrayFile | null>();

  constructor(manifest: Manifest, folder: string) {
    this.manifest = manifest;
    this.folder = folder;
  }

  add(...found: Parameters<typeof problem>): void {
    this.problems.push(problem(...found));
  }

  /**
   * The files that a path of the manifest names; none, with a problem, where there are none or they may not be read.
   */
  files(named: string, at: ManifestPath): string[] {
    try {
      const files = /[*?]|\{\w+\}/.test(named)
        ? matchingFiles(this.folder, named)
        : [insideFolder(this.folder, named)].filter((file) => existsSync(file));
      if (files.length === 0) this.add(at, `There is no file ${named} beside the manifest.`);
      return files;
    } catch (error) {
      this.add(at, AttentionError.wrap(error).detail ?? "It cannot be read.");
      return [];
    }
  }

  /** The videos that a path names, of which each has to have frames. The first that is broken is a problem. */
  videos(named: string, at: ManifestPath): void {
    for (const file of this.files(named, at).slice(0, MOST_VIDEOS)) {
      try {
        readVideoIndex(file);
      } catch (thrown) {
        const { code, detail } = AttentionError.wrap(thrown);
        // What is only not known here is ffmpeg's.
        if (code === "inputRefused") continue;
        this.add(at, `${path.basename(file)} cannot be read. ${detail}`);
        return;
      }
    }
  }

  /** The recorded arrays of a file, by their headers alone; null, with a problem, where it cannot be read. */
  arrays(named: string, at: ManifestPath): ArrayFile | null {
    const known = this.#files.get(named);
    if (known !== undefined) return known;
    const found = this.files(named, at);
    const file = found.find((each) => statSync(each).isFile());
    let opened: ArrayFile | null = null;
    if (found.length > 0 && file === undefined)
      this.add(
        at,
        `${named} is a folder: name a file of arrays, or samples.files for a file or folder each.`,
      );
    else if (file !== undefined && /[*?]/.test(named))
      this.add(at, `${named} names one file of arrays: * and ? stand for nothing here.`);
    else if (file !== undefined) {
      try {
        opened = openKeptFile(file);
      } catch (error) {
        this.add(at, `${path.basename(file)} cannot be read. ${AttentionError.wrap(error).detail}`);
      }
    }
    this.#files.set(named, opened);
    return opened;
  }

  /** What is recorded: the first sample's arrays and those of the recorded file; null where none is named. */
  recorded(): RecordedArrays | null {
    const { inputs, samples } = this.manifest;
    const shared = inputs?.file === undefined ? null : this.arrays(inputs.file, ["inputs", "file"]);
    const own =
      samples?.files === undefined
        ? null
        : path.extname(samples.files) === ""
          ? this.#ofFolders(samples.files)
          : this.arrays(samples.files, ["samples", "files"]);
    if (!own || !shared) return own ?? shared;
    return {
      name: own.name,
      loose: own.loose || shared.loose,
      headers: new Map([...shared.headers, ...own.headers]),
    };
  }

  /** Arrays in the folder of the first sample; null where there is none, or its files cannot be read. */
  #ofFolders(pattern: string): RecordedArrays | null {
    if (this.#tree !== undefined) return this.#tree;
    this.#tree = null;
    try {
      const [first] = sampleTree(this.folder, pattern).samples;
      if (!first) return null;
      const files = arrayFilesOf(first.path).map((file) => openKeptFile(file));
      this.#tree = {
        name: path.relative(this.folder, first.path),
        loose: files.some(({ loose }) => loose),
        headers: new Map(files.flatMap(({ headers }) => [...headers])),
      };
      for (const file of files) file.close();
    } catch (error) {
      const { detail, where } = AttentionError.wrap(error);
      this.add(["samples", "files"], `${path.basename(where ?? pattern)} cannot be read. ${detail}`);
    }
    return this.#tree;
  }

  /** What a LeRobot data set says of itself; null, with a problem, where the folder holds none. */
  dataSet(named: string, at: ManifestPath): LeRobotInfo | null {
    if (this.#dataSet !== undefined) return this.#dataSet;
    this.#dataSet = null;
    const [folder] = this.files(named, at);
    if (folder === undefined) return null;
    try {
      if (isLeRobot(folder))
        return (this.#dataSet = readInfo(insideFolder(this.folder, path.join(named, "meta/info.json"))));
      this.add(at, `${named} is no LeRobot data set: it has no meta/info.json.`);
    } catch (error) {
      this.add(at, `${named} cannot be read. ${AttentionError.wrap(error).detail}`);
    }
    return null;
  }

  /** Shape and type of an array that the manifest names; undefined, with a problem, where there is none of that name. */
  array(array: ManifestArray, at: ManifestPath, feeds?: readonly string[]): ArrayHeader | undefined {
    const named = namedArray(array);
    const file = named.file === null ? this.recorded() : this.arrays(named.file, [...at, "file"]);
    const { lerobot } = this.manifest.samples ?? {};
    if (named.file === null && lerobot !== undefined) {
      const features = Object.keys(this.dataSet(lerobot, ["samples", "lerobot"])?.features ?? {});
      if (features.length > 0 && !features.includes(named.array) && feeds?.includes(named.array) !== true)
        this.add(
          at,
          `The data set has no feature ${named.array}; it has ${some(features)}.${didYouMean(named.array, features)}`,
        );
      return undefined;
    }
    if (!file) {
      // Where the file itself is the problem, that is said once, at the file.
      if (named.file === null && !this.#namesRecording() && feeds?.includes(named.array) !== true)
        this.add(at, `Nothing is recorded that could hold ${named.array}: inputs.file names no file.`);
      return undefined;
    }
    const header = file.headers.get(named.array) ?? this.#ofFirstSample(file, named.array);
    if (header || feeds?.includes(named.array)) return header;
    const names = [...file.headers.keys()];
    this.add(
      at,
      `${file.name} has no array ${named.array}; it has ${some(names)}.${didYouMean(named.array, names)}`,
    );
    return undefined;
  }

  /** Shape and type of a recorded array, of the first sample where each has its own; without a word where there is none. */
  recordedHeader(array: string): ArrayHeader | undefined {
    const file = this.recorded();
    return file ? (this.#ofFirstSample(file, array) ?? file.headers.get(array)) : undefined;
  }

  close(): void {
    for (const file of this.#files.values()) file?.close();
  }

  #namesRecording(): boolean {
    const { inputs, samples } = this.manifest;
    return inputs?.file !== undefined || samples?.files !== undefined || samples?.lerobot !== undefined;
  }

  /** The array in the first sample of an archive that holds several, as `{sample}/{array}`. */
  #ofFirstSample(file: RecordedArrays, array: string): ArrayHeader | undefined {
    const pattern = this.manifest.samples?.arrays;
    if (pattern === undefined) return undefined;
    const [before = "", between = "", after = ""] = pattern.split(/\{sample\}|\{array\}/);
    if (!pattern.includes(`{sample}${between}{array}`)) return undefined;
    for (const [name, header] of file.headers)
      if (name.startsWith(before) && name.endsWith(`${between}${array}${after}`)) return header;
    return undefined;
  }
}
