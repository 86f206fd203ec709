/**
 * The input of a decoder whose encoder lies beside it in a file of its own: the encoder is run on what was chosen, and
 * the decoder is given what it returns and the tokens that its text begins with.
 */
import path from "node:path";
import { AttentionError, oneLine } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import type { CaptureRequest } from "../../shared/protocol";
import { openSamples } from "../../inputs/sample-set";
import type { NamedArray } from "../../inputs/arrays";
import { countOf } from "../../inputs/files/lazy-arrays";
import { integers } from "../../inputs/integers";
import { cacheOf } from "./cache-inputs";
import { chooseInput, type ChosenInput } from "./choose-input";
import { completed } from "./complete-input";
import { decoderBeginning } from "./decoder-beginning";
import { describeRun } from "../describe-run";
import { type EncoderMaps, encoderSites } from "../model/encoder-maps";
import { recordingOf } from "./input-report";
import { type EncoderLink, encoderOf } from "../model/model-parts";
import type { OpenModel } from "../model/open-model";
import type { Phases } from "../phases";
import { runSites, type SiteRun } from "../run/run-sites";
import { type TextOnAxis, textsOf, tokenizerFile } from "./text-input";
import { tokenFeeds } from "./token-feeds";

/** The encoder to run first; null where the decoder is given its states, or nothing but made-up numbers is wanted. */
export function encoderFor(opened: OpenModel, choice: InputChoice | null): EncoderLink | null {
  const chosen = choice?.text ?? choice?.images ?? choice?.video ?? choice?.file;
  const said = opened.manifest?.manifest.inputs;
  // Without a choice the manifest's own input stands, and else what is made up is made up for the decoder.
  if (chosen === undefined && !choice?.generate && !said?.texts) return null;
  const link = encoderOf(opened);
  if (!link) return null;
  const has = choice?.file === undefined ? undefined : arraysOf(choice.file);
  const isGiven = link.fed.some(
    ({ input }) =>
      has?.includes(choice?.arrays?.[input] ?? input) === true ||
      (chosen === undefined && (said?.file !== undefined || input in (said?.arrays ?? {}))),
  );
  return isGiven ? null : link;
}

/** Names of the arrays of a file. */
function arraysOf(file: string): readonly string[] {
  const set = openSamples({ folder: path.dirname(file), file, samples: undefined, asked: true });
  try {
    return set.names;
  } finally {
    set.close();
  }
}

/** Runs the encoder and begins the decoder's text. */
export async function decoderInput(
  opened: OpenModel,
  link: EncoderLink,
  request: CaptureRequest,
  phases: Phases,
): Promise<ChosenInput> {
  const { encoder, fed } = link;
  const choice = request.input ?? {};
  const { textPair } = choice;
  const own: InputChoice = { ...choice };
  // These are the decoder's.
  delete own.textPair;
  delete own.generate;
  delete own.step;
  const name = path.basename(encoder.file.path);
  const texts = textsOf(opened, choice);
  const dims = Object.entries(own.dims ?? {});
  const knows = ({ inputs }: OpenModel, symbol: string) =>
    inputs.some((input) => input.dims?.some((dim) => typeof dim === "string" && dim.includes(symbol)));
  const input = await chooseInput(encoder, {
    ...own,
    ...(texts && own.file === undefined ? { text: texts.text } : {}),
    dims: Object.fromEntries(dims.filter(([symbol]) => knows(encoder, symbol))),
  });
  const { ran, maps, notices: told } = await runEncoder(link, request, input, phases);
  // It is run once for a text: what it holds is the decoder's to use.
  await encoder.sessions.release();
  const given = new Map<string, NamedArray>();
  for (const { input: to, output } of fed) {
    const made = ran.run.others.get(output);
    if (made) given.set(to, made);
  }
  const batch = [...given.values()][0]?.dims[0] ?? 1;
  const length = [...given.values()].find(({ dims: { length: rank } }) => rank === 3)?.dims[1];
  if (link.mask && length !== undefined)
    given.set(link.mask.name, encoderMask(link, input.feeds, batch, length));
  const begun = decoderBeginning(opened, input, choice, batch);
  const cache = cacheOf(opened);
  const ids = opened.inputs.find((each) => each.name === cache?.ids);
  if (!cache || !ids)
    throw new AttentionError("inputMismatch", "The decoder has no input_ids.", {
      where: opened.summary.name,
    });
  given.set(ids.name, integers(ids, [batch, begun.length], begun.rows.flat()));
  const visible = begun.rows.map((row, each) =>
    row.map((_, at) => (at < (begun.lengths[each] ?? 0) ? 1 : 0)),
  );
  for (const [to, array] of tokenFeeds(opened, cache, { visible, queries: begun.length }, new Map()))
    given.set(to, array);
  const rest = completed(
    opened,
    given,
    {
      ...own,
      dims: Object.fromEntries(dims.filter(([symbol]) => !knows(encoder, symbol) || knows(opened, symbol))),
    },
    null,
  );
  const symbols = (signature: { dims: OpenModel["inputs"][number]["dims"] } | undefined) => {
    const symbol = signature?.dims?.[1];
    return typeof symbol === "string" ? symbol : null;
  };
  const made = encoder.summary.outputs.find((output) => output.name === fed[0]?.output);
  const said = opened.manifest?.manifest ?? input.said;
  return {
    ...input,
    said,
    feeds: rest.feeds,
    report: {
      ...input.report,
      tensors: [...rest.feeds].map(([to, array]) => ({
        name: to,
        dtype: array.dtype,
        dims: [...array.dims],
      })),
    },
    notices: [...input.notices, `${name} was run first.`, ...told, ...begun.notices, ...rest.notices],
    recording: {
      ...recordingOf(opened, said, null, input.recording.prompt, input.recording.cameras),
      samples: input.recording.samples,
      episodes: input.recording.episodes,
      episode: input.recording.episode,
      prompt: input.recording.prompt && {
        ...input.recording.prompt,
        textPair: textPair === undefined ? null : [textPair].flat(),
      },
    },
    texts: [
      ...(begun.tokens ? [decoderText(opened, ids.name, begun.tokens, symbols(ids))] : []),
      ...input.texts.map((text) => ({
        ...text,
        input: fed[0]?.input ?? text.input,
        role: "encoder" as const,
        symbol: null,
        // The graph of the encoder says that its states are those of its tokens.
        known: text.symbol !== null && symbols(made) === text.symbol,
      })),
    ],
    pair: true,
    ...(maps ? { encoder: maps } : {}),
    parts: [encoder],
  };
}

/**
 * Runs the encoder for what the decoder is given, and for its own maps where they are asked for. Where these cannot be
 * had, for want of memory perhaps, the decoder is given its states all the same, and it is said.
 */
async function runEncoder(
  { encoder, fed }: EncoderLink,
  request: CaptureRequest,
  input: ChosenInput,
  phases: Phases,
): Promise<{ ran: SiteRun; maps: EncoderMaps | null; notices: string[] }> {
  const name = path.basename(encoder.file.path);
  const options = {
    phases,
    label: `${name}, ${input.report.label}`,
    others: [...new Set(fed.map(({ output }) => output))],
  };
  const sites = encoderSites(encoder, request.sites);
  const wanted = encoder.summary.sites.length > 0 && sites?.length !== 0;
  const notices: string[] = [];
  if (wanted)
    try {
      const own = { ...request, sites };
      const ran = await runSites(encoder, own, input.feeds, options);
      const { capture, store } = describeRun(encoder, own, input, ran, 0, phases);
      const maps = { file: name, sites: capture.sites, axes: capture.axes, stored: [...store.sites()] };
      return { ran, maps, notices };
    } catch (thrown) {
      const error = AttentionError.wrap(thrown);
      if (error.code === "internal") throw error;
      notices.push(
        `The attention of ${name} itself is left out; opened by itself it may show some sites of it: ${oneLine(error.report())}`,
      );
    }
  const ran = await runSites(encoder, request, input.feeds, { ...options, mapless: true });
  return { ran, maps: null, notices };
}

function decoderText(
  opened: OpenModel,
  input: string,
  tokens: TextOnAxis["tokens"],
  symbol: string | null,
): TextOnAxis {
  return { input, role: "decoder", tokens, from: path.basename(tokenizerFile(opened) ?? ""), symbol };
}

/** The mask of the encoder's tokens, where its states are as many; ones for frames of sound and patches of a picture. */
function encoderMask(
  { mask }: EncoderLink,
  feeds: ReadonlyMap<string, NamedArray>,
  batch: number,
  length: number,
): NamedArray {
  const own = feeds.get("attention_mask");
  const ones = new Array<number>(batch * length).fill(1);
  const values =
    own && countOf(own.dims) === batch * length
      ? Array.from(own.data as ArrayLike<number | bigint>, Number)
      : ones;
  return integers(mask ?? { name: "encoder_attention_mask", dtype: "int64" }, [batch, length], values);
}
