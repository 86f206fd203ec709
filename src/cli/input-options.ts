/** The options that say what a model is run on, the same for every command that runs one. */
import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { GenerateChoice, InputChoice } from "../shared/input-choice";
import { numbers } from "./figure-files";

export interface InputOptions {
  readonly inputs?: string;
  readonly text?: string[];
  readonly textPair?: string[];
  readonly image?: Record<string, string>;
  readonly video?: { readonly file: string; readonly input?: string };
  readonly frame?: number;
  readonly episode?: string;
  readonly steps?: number[] | "all";
  readonly pass?: number[] | "all";
  readonly synthetic?: number;
  readonly dim?: Record<string, number>;
  readonly map?: Record<string, string>;
  readonly set?: Record<string, number>;
  /** true where the configuration beside the model says how many. */
  readonly generate?: number | true;
  readonly sample?: boolean;
  readonly greedy?: boolean;
  readonly seed?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It is a whole number from 0.");
  return Number(text);
};

const atLeastOne = (text: string): number => {
  const number = wholeNumber(text);
  if (number < 1 || number > 100_000)
    throw new InvalidArgumentError("It is a whole number from 1 to 100,000.");
  return number;
};

const positive = (text: string): number => {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It is a number above 0.");
  return number;
};

const share = (text: string): number => {
  const number = Number(text);
  if (!(number > 0 && number <= 1)) throw new InvalidArgumentError("It is a number above 0, up to 1.");
  return number;
};

/** `NAME=F`, or `F` alone for the only input that takes one. */
function named(text: string): { name: string; file: string } {
  const at = /^([\w./-]+)=(.+)$/s.exec(text);
  return { name: at?.[1] ?? "", file: path.resolve(at?.[2] ?? text) };
}

function image(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const { name, file } = named(text);
  return { ...before, [name]: file };
}

function video(text: string): { file: string; input?: string } {
  const { name, file } = named(text);
  return name === "" ? { file } : { file, input: name };
}

function dim(text: string, before: Record<string, number> | undefined): Record<string, number> {
  const at = /^(.+)=(\d{1,9})$/.exec(text);
  if (!at?.[1]) throw new InvalidArgumentError("A dimension is NAME=N.");
  return { ...before, [at[1]]: Number(at[2]) };
}

function mapped(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const at = /^([^=]+)=(.+)$/s.exec(text);
  if (!at?.[1] || !at[2]) throw new InvalidArgumentError("It is INPUT=ARRAY.");
  return { ...before, [at[1]]: at[2] };
}

function value(text: string, before: Record<string, number> | undefined): Record<string, number> {
  const at = /^([^=]+)=(.+)$/s.exec(text);
  const number = Number(at?.[2]);
  if (!at?.[1] || at[2]?.trim() === "" || !Number.isFinite(number))
    throw new InvalidArgumentError("It is INPUT=NUMBER.");
  return { ...before, [at[1]]: number };
}

function places(text: string): number[] | "all" {
  if (text === "all") return text;
  try {
    return numbers(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

const list = (value: string, before: string[] | undefined) => [...(before ?? []), value];

/** Adds the options to a command. */
export function withInputOptions(command: Command): Command {
  return command
    .option(
      "--inputs <file>",
      "arrays for the model's inputs (npz, npy, safetensors, json, csv), or the folder of a LeRobot data set; without it the manifest's, else synthetic ones",
    )
    .option(
      "--map <input=array>",
      "the array of the file for an input of another name; may be repeated",
      mapped,
    )
    .option("--set <input=number>", "the value of an input of one number; may be repeated", value)
    .option("--text <text>", "a prompt, by the tokenizer.json beside the model; several make a batch", list)
    .option("--text-pair <text>", "the second text of a pair, or the decoder's", list)
    .option(
      "--image <name=file>",
      "a picture for an input; the name may be left out where one takes pictures",
      image,
    )
    .option("--video <name=file>", "a video, of which --frame is taken (needs ffmpeg on the PATH)", video)
    .option("--frame <index>", "the frame of the video, from 0", wholeNumber)
    .option("--episode <name>", "episode or sample of the recording, by name or number")
    .option("--steps <list>", "steps of the episode: 3, or 0,8, or 0:10 (the end left out), or all", places)
    .option(
      "--pass <list>",
      "passes of the manifest's loop or of the recording, as --steps; the last without it",
      places,
    )
    .option(
      "--generate [n]",
      "go on writing for n tokens, else as many as generation_config.json says; each is a step",
      atLeastOne,
    )
    .option("--sample", "draw the tokens from their probabilities, whatever generation_config.json says")
    .option("--greedy", "take the likeliest token, whatever generation_config.json says")
    .option("--seed <n>", "seed of the draws", wholeNumber)
    .option("--temperature <t>", "of the draws", positive)
    .option("--top-k <n>", "draw among the n likeliest tokens", atLeastOne)
    .option("--top-p <p>", "draw among the likeliest tokens that hold this much of the probability", share)
    .option("--synthetic <seed>", "make the input up, even where one was recorded", wholeNumber)
    .option("--dim <name=n>", "size of a symbolic dimension of a made-up input; may be repeated", dim);
}

/** What to run on, without step and pass; null where nothing was chosen. @param samples elements of the recording's sample axis */
export function inputChoice(options: InputOptions, samples?: readonly number[]): InputChoice | null {
  if (options.frame !== undefined && !options.video)
    throw new InvalidArgumentError("--frame wants a --video.");
  if (options.episode !== undefined && samples)
    throw new InvalidArgumentError("--episode and --samples both choose samples: give one of them.");
  const single = (texts: string[]) => (texts.length === 1 ? (texts[0] ?? "") : texts);
  const episode = options.episode;
  if (options.sample && options.greedy)
    throw new InvalidArgumentError("--sample and --greedy are two answers to one question.");
  const choice: InputChoice = {
    ...(options.inputs === undefined ? {} : { file: path.resolve(options.inputs) }),
    ...(options.text ? { text: single(options.text) } : {}),
    ...(options.textPair ? { textPair: single(options.textPair) } : {}),
    ...(options.image ? { images: options.image } : {}),
    ...(options.video ? { video: { ...options.video, frame: options.frame ?? 0 } } : {}),
    ...(episode === undefined ? {} : { episode: /^\d+$/.test(episode) ? Number(episode) : episode }),
    ...(options.synthetic === undefined ? {} : { synthetic: { seed: options.synthetic } }),
    ...(options.dim ? { dims: options.dim } : {}),
    ...(options.map ? { arrays: options.map } : {}),
    ...(options.set ? { set: options.set } : {}),
    ...(samples ? { samples: [...samples] } : {}),
    ...(options.generate === undefined ? {} : { generate: generateChoice(options) }),
  };
  return Object.keys(choice).length === 0 ? null : choice;
}

function generateChoice({ generate, sample, greedy, ...options }: InputOptions): GenerateChoice {
  const { seed, temperature, topK, topP } = options;
  return {
    ...(typeof generate === "number" ? { tokens: generate } : {}),
    ...(sample ? { sample: true } : greedy ? { sample: false } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
  };
}
