/** The arrays of a recording and the inputs that they can be given to. Only headers are read. */
import {
  type ArrayFit,
  type ArrayList,
  type ArrayListRequest,
  MOST_ARRAYS,
} from "../../shared/array-mapping";
import { AttentionError } from "../../shared/errors";
import { fitOf, withoutValues } from "../../inputs/array-shapes";
import { fitFeeds } from "../../inputs/feeds";
import { withMapping } from "../../inputs/manifest/mapping";
import type { Manifest } from "../../inputs/manifest/schema";
import { recordedInput } from "../../inputs/recorded-input";
import type { SampleSet } from "../../inputs/sample-set";
import { withoutArrays } from "./complete-input";
import { encoderFor } from "./decoder-input";
import { onlyArray, openRecording } from "./input-recording";
import type { OpenModel } from "../model/open-model";

/** Throws `inputMissing` where there is no recording, and what opening the file throws. */
export async function arrayList(decoder: OpenModel, { file, arrays }: ArrayListRequest): Promise<ArrayList> {
  const choice = file === null ? null : { file, ...(arrays ? { arrays } : {}) };
  // Of a pair the encoder is run first, and takes what was recorded.
  const opened = encoderFor(decoder, choice)?.encoder ?? decoder;
  const opening = await openRecording(opened, choice);
  if (!opening?.recorded) {
    opening?.close();
    throw new AttentionError("inputMissing", "There is no recording whose arrays could be mapped.", {
      fix: "Choose a file first.",
    });
  }
  try {
    const set = withoutValues(opening);
    const own = opening.dataSet?.manifest(opened.inputs, opened.manifest?.manifest).manifest;
    return listed(opened, set, own ?? opened.manifest?.manifest, arrays, file === null);
  } finally {
    opening.close();
  }
}

function listed(
  opened: OpenModel,
  set: SampleSet,
  manifest: Manifest | undefined,
  arrays: ArrayListRequest["arrays"],
  ownFile: boolean,
): ArrayList {
  const sample = set.first < set.count ? set.first : 0;
  const own = set.arrays(sample);
  const names = own.names.slice(0, MOST_ARRAYS);
  // Cameras of a data set have the header of an array, and are none.
  const kindOf = (name: string) => {
    const { dtype = "", dims = [] } = own.header(name) ?? {};
    return JSON.stringify([dtype, dims, set.dataSet?.cameras.includes(name) === true]);
  };
  const samples = new Map(names.map((name) => [kindOf(name), name]));
  const kinds = [...samples.keys()];
  const otherwise = givenOtherwise(opened, set, manifest, ownFile);
  const single = onlyArray(opened.inputs, set, new Map());
  const problem = problemOf(opened, set, manifest, arrays, new Set(otherwise.keys()));
  return {
    name: set.name,
    kinds: [...samples.values()].map((name) => {
      const { dtype = "", dims = [] } = own.header(name) ?? {};
      return { dtype, dims: [...dims] };
    }),
    arrays: names.map((name) => ({ name, kind: kinds.indexOf(kindOf(name)) })),
    left: own.names.length - names.length,
    inputs: opened.inputs.map((input) => {
      const source = manifest?.inputs?.arrays?.[input.name] ?? input.name;
      const called = typeof source === "string" ? source : "array" in source ? source.array : null;
      const prepared = isPrepared(source);
      const fits = [...samples.values()].map((name): ArrayFit =>
        prepared
          ? { problem: null, note: "prepared as a picture" }
          : fitOf(input, name, set, sample, manifest),
      );
      return {
        name: input.name,
        dtype: input.dtype,
        dims: input.dims ? [...input.dims] : null,
        own:
          called !== null && names.includes(called)
            ? called
            : single?.input === input.name
              ? set.single
              : null,
        otherwise: otherwise.get(input.name) ?? null,
        fits,
      };
    }),
    problem:
      single && !arrays
        ? whyNot(() => fitFeeds(opened.inputs, new Map([[single.input, single.array]]), set.name))
        : problem,
  };
}

type Source = NonNullable<NonNullable<Manifest["inputs"]>["arrays"]>[string];

const isPrepared = (source: Source): boolean =>
  typeof source === "object" &&
  "array" in source &&
  ["size", "layout", "scale", "mean", "std"].some((key) => key in source);

/** Inputs that need no array, with what they are given instead. @param ownFile the recording is the manifest's */
function givenOtherwise(
  opened: OpenModel,
  set: SampleSet,
  manifest: Manifest | undefined,
  ownFile: boolean,
): ReadonlyMap<string, string> {
  const said = Object.entries(manifest?.inputs?.arrays ?? {}).flatMap(
    ([input, source]): [string, string][] => {
      const words = sourceWords(source, set);
      return words === null ? [] : [[input, words]];
    },
  );
  const texts = ownFile || set.dataSet ? (manifest?.inputs?.texts ?? []) : [];
  const fromTexts = texts.flatMap(
    ({ ids = "input_ids", mask = "attention_mask", types = "token_type_ids" }) =>
      [ids, mask, types].map((input) => [input, "a text"] as const),
  );
  return new Map([...withoutArrays(opened), ...fromTexts, ...said]);
}

/** Where an input comes from that no array of the recording gives; null where one does. */
function sourceWords(source: Source, set: SampleSet): string | null {
  if (typeof source === "string")
    return set.dataSet?.cameras.includes(source) === true ? `the camera ${source}` : null;
  if ("array" in source) return source.file === undefined ? null : `${source.array} of ${source.file}`;
  return "value" in source || "fill" in source ? "written in the manifest" : "pictures of the manifest";
}

/** What a capture on the arrays would fail with, as far as types and shapes tell it. */
function problemOf(
  opened: OpenModel,
  set: SampleSet,
  manifest: Manifest | undefined,
  arrays: ArrayListRequest["arrays"],
  spared: ReadonlySet<string>,
): string | null {
  return whyNot(() => {
    const mapped = withMapping(manifest, arrays);
    const { given } = recordedInput(opened.inputs, mapped, set, {});
    const prepared = new Set(
      Object.entries(mapped?.inputs?.arrays ?? {}).flatMap(([input, source]) =>
        isPrepared(source) ? [input] : [],
      ),
    );
    const wanted = opened.inputs.filter(
      ({ name }) => !prepared.has(name) && (given.has(name) || !spared.has(name)),
    );
    fitFeeds(wanted, given, set.name, set.arrays(set.first < set.count ? set.first : 0).names, arrays);
  });
}

function whyNot(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return AttentionError.wrap(error).detail;
  }
}
