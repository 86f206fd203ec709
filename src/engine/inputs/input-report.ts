/** What a capture says of its input: where it comes from, what it is called, and what there is to choose. */
import path from "node:path";
import type { InputReport } from "../../shared/capture";
import { type InputChoice, plainRecording, type Recording } from "../../shared/input-choice";
import type { Manifest } from "../../inputs/manifest/schema";
import type { RecordedInput } from "../../inputs/recorded-input";
import type { SampleSet } from "../../inputs/sample-set";
import { cacheOf } from "./cache-inputs";
import { drawsByDefault } from "../model/generation-rules";
import { imageInputs } from "./image-input";
import { encoderIfRead } from "../model/model-parts";
import type { OpenModel } from "../model/open-model";
import { secondText, tokenizerFile } from "./text-input";

/** @param filled a path of the manifest with the names of the sample that is shown */
export function described(
  choice: InputChoice | null,
  set: SampleSet | null,
  text: readonly string[] | undefined,
  pictures: readonly string[],
  allMade: boolean,
  manifest: Manifest | undefined,
  filled: (named: string) => string,
): Pick<InputReport, "from" | "label"> {
  if (allMade) return { from: "synthetic", label: `synthetic input (seed ${choice?.synthetic?.seed ?? 0})` };
  // A tree of samples is named by the one that is shown.
  if (set?.recorded && choice?.file === undefined) return { from: "manifest", label: filled(set.name) };
  if (set?.recorded) return { from: "file", label: set.name };
  if (text) {
    const [first = ""] = text;
    const shown = first.length > 60 ? `${first.slice(0, 60)}…` : first;
    return {
      from: "text",
      label: text.length === 1 ? `“${shown}”` : `“${shown}” and ${text.length - 1} more`,
    };
  }
  if (pictures.length > 0)
    return { from: "image", label: pictures.map((file) => path.basename(file)).join(", ") };
  return manifest?.inputs
    ? { from: "manifest", label: "written in the manifest" }
    : { from: "file", label: "arrays" };
}

/** @param said the manifest, with what a data set says where it is silent */
export function recordingOf(
  opened: OpenModel,
  said: Manifest | undefined,
  recorded: RecordedInput | null,
  prompt: Recording["prompt"],
  pictures: readonly string[],
): Recording {
  const tokenizer = tokenizerFile(opened);
  const encoder = encoderIfRead(opened)?.encoder;
  const frames = Object.keys(said?.steps?.frames ?? {});
  const second = tokenizer === null ? null : secondText(opened, encoder !== undefined);
  return {
    ...plainRecording,
    ...recorded?.chosen,
    ...(second === null ? {} : { secondText: second }),
    cameras: [...new Set([...frames, ...pictures])],
    prompt,
    generates: cacheOf(opened)?.generates === true,
    ...(cacheOf(opened)?.generates === true && drawsByDefault(opened) ? { draws: true } : {}),
    tokenizer: tokenizer === null ? null : path.basename(tokenizer),
    // Pictures for the encoder are given to the decoder beside it.
    imageInputs: [...imageInputs(opened), ...(encoder ? imageInputs(encoder) : [])].map(({ name }) => name),
  };
}
