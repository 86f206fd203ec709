/** The axes of tokens that the sites of a capture share. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { TokenAxis } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { NamedArray } from "../inputs/arrays";
import type { Dim } from "../shared/model";
import { type PictureInput, pictureInputs, suggestsSquare } from "../inputs/assumed-grid";
import { refuseLarger } from "../inputs/limits";
import { segmentsOf } from "../inputs/manifest/lookup";
import type { ManifestAxisReference, ManifestSegment } from "../inputs/manifest/segments-schema";
import { insideFolder } from "../inputs/manifest/paths";
import { numberedAxis, tokenAxis } from "../inputs/token-axes";
import type { Token } from "../inputs/tokenizer";
import type { ChosenInput } from "./inputs/choose-input";
import type { OpenModel } from "./model/open-model";
import type { PatchGrid } from "./inputs/patch-grids";
import { ReachedTensors } from "./inputs/reached";

/** Which tokens an axis may hold: `text` of an encoder or a decoder is told by the site's path and kind. */
export interface AxisPlace {
  readonly name: string;
  readonly side: "queries" | "keys";
  readonly cross: boolean;
  /** Its length in the graph's own symbols. */
  readonly dim: Dim;
  /** Entries of the site's batch axis. */
  readonly batch: number;
  /** The map's tensor in the graph. */
  readonly tensor: string;
}

/** Axes of tokens, each kept once. */
export class AxisTable {
  readonly all: TokenAxis[] = [];
  readonly #known = new Map<string, number>();
  readonly #opened: OpenModel;
  readonly #input: ChosenInput;
  readonly #notices: string[];
  readonly #reached: ReachedTensors;
  readonly #lines = new Map<string, readonly string[] | null>();

  /** The arrays that labels may name. */
  get arrays(): ReadonlyMap<string, NamedArray> {
    return this.#input.arrays;
  }

  constructor(opened: OpenModel, input: ChosenInput, notices: string[]) {
    this.#opened = opened;
    this.#input = input;
    this.#notices = notices;
    this.#reached = new ReachedTensors(opened.file.model.graph);
  }

  /** Index of the axis of `length` tokens, with the site's own segments or the model's. */
  add(length: number, own: ManifestAxisReference | undefined, place: AxisPlace): number {
    const segments = segmentsOf(this.#opened.manifest?.manifest, own);
    const made = this.#placed(
      segments ? this.#fromManifest(segments, length, place.batch) : this.#assumed(length, place),
    );
    const key = JSON.stringify(made);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.all.length);
    this.all.push({ id: `axis_${this.all.length}`, ...made });
    return this.all.length - 1;
  }

  #fromManifest(segments: readonly ManifestSegment[], length: number, batch: number): Omit<TokenAxis, "id"> {
    const { samples, texts } = this.#input;
    const lines = (file: string) => this.#linesOf(file);
    const made = samples.slice(0, batch % samples.length === 0 ? samples.length : 1).map((arrays, sample) => {
      const tokens = new Map(
        texts.map(({ input, tokens: rows }) => [
          input,
          (rows[sample] ?? rows[0] ?? []).map(({ text }) => text),
        ]),
      );
      return tokenAxis(segments, length, arrays, { tokens, lines });
    });
    const problem = made.find((each) => each.problem !== null)?.problem ?? null;
    const told = `${path.basename(this.#opened.manifest?.path ?? "manifest")}: ${problem}`;
    if (problem !== null && !this.#notices.includes(told)) this.#notices.push(told);
    return withSamples(made.map(({ axis }) => axis));
  }

  /** Grids over pictures that were given, on the part of them that the model sees. */
  #placed(axis: Omit<TokenAxis, "id">): Omit<TokenAxis, "id"> {
    const segments = axis.segments.map((segment) => {
      const { grid } = segment;
      const { pictures, places } = this.#input;
      const place = grid?.camera && pictures.has(grid.camera) ? places.get(grid.camera) : undefined;
      return grid && place && !grid.crop && !grid.padding
        ? { ...segment, grid: { ...grid, ...place } }
        : segment;
    });
    return { ...axis, segments };
  }

  /** Lines of a file that the manifest names; null where it cannot be read. */
  #linesOf(file: string): readonly string[] | null {
    const known = this.#lines.get(file);
    if (known !== undefined) return known;
    const { manifest } = this.#opened;
    let lines: readonly string[] | null = null;
    try {
      if (manifest) {
        const named = insideFolder(path.dirname(manifest.path), file);
        refuseLarger("text", statSync(named).size, "The file of labels", file);
        lines = readFileSync(named, "utf8")
          .replace(/\r?\n$/, "")
          .split(/\r?\n/);
      }
    } catch (thrown) {
      this.#notices.push(`The labels of ${file} cannot be read: ${AttentionError.wrap(thrown).message}`);
    }
    this.#lines.set(file, lines);
    return lines;
  }

  /** Height and width of an input's picture as it is fed; undefined where that is none of this model. */
  #sizeOf(input: string): PictureInput | undefined {
    const dims = this.#input.feeds.get(input)?.dims;
    return dims
      ? pictureInputs(this.#opened.inputs, new Map([[input, dims]])).find(({ name }) => name === input)
      : undefined;
  }

  /** What the input itself tells of an axis that no manifest names: the tokens of a text, the patches of an image. */
  #assumed(length: number, place: AxisPlace): Omit<TokenAxis, "id"> {
    // Beside a decoder, what was chosen is what the encoder saw.
    const isEncoders = place.cross && place.side === "keys";
    const ofSide = this.#input.pair
      ? this.#input.texts.filter(({ role }) => (role === "encoder") === isEncoders)
      : this.#input.texts;
    const isMade = (input: string) => !this.#reached.excludes(input, place.tensor);
    const fitting = ofSide.filter(({ tokens, input }) => tokens[0]?.length === length && isMade(input));
    const decoder = place.cross ? place.side === "queries" : /decoder|dec\b/i.test(place.name);
    const text =
      fitting.find(({ symbol }) => symbol !== null && symbol === place.dim) ??
      fitting.find(({ role }) => fitting.length === 1 || (role === "decoder") === decoder) ??
      fitting[0];
    if (text)
      return textAxis(
        text,
        (text.symbol !== null && text.symbol === place.dim) || (isEncoders && text.known === true),
        place.batch,
      );
    if (this.#input.pair && !isEncoders) return numberedAxis(length);
    for (const grid of this.#input.grids.filter(({ input }) => isMade(input))) {
      const extra = length - grid.rows * grid.columns;
      if (extra >= 0 && extra <= MOST_EXTRA) return gridAxis(grid, extra);
    }
    const [picture] = this.#input.recording.imageInputs.filter(isMade);
    const square = picture === undefined ? null : squareGrid(length, this.#sizeOf(picture));
    return square && picture !== undefined
      ? gridAxis({ input: picture, rows: square.side, columns: square.side, patch: null }, square.extra)
      : numberedAxis(length);
  }
}

/** Tokens that stand before the patches: a class, a distillation token, registers. */
const MOST_EXTRA = 8;

/** A square of at least 4 × 4 that the picture suggests, with at most a class token before it. */
function squareGrid(
  length: number,
  picture: PictureInput | undefined,
): { side: number; extra: number } | null {
  for (const extra of [0, 1]) {
    const side = Math.sqrt(length - extra);
    if (Number.isInteger(side) && side >= 4 && (!picture || suggestsSquare(side, picture)))
      return { side, extra };
  }
  return null;
}

function textAxis(
  { tokens, from }: ChosenInput["texts"][number],
  confirmed: boolean,
  batch: number,
): Omit<TokenAxis, "id"> {
  const rows = tokens.slice(0, batch % tokens.length === 0 ? tokens.length : 1);
  return withSamples(rows.map((row) => axisOfText(row, from, confirmed)));
}

/** The axis of the first sample, with the labels of the others where they differ. */
function withSamples(axes: readonly Omit<TokenAxis, "id">[]): Omit<TokenAxis, "id"> {
  const own = axes.map(({ labels, raw, padding }) => ({
    labels,
    ...(raw === undefined ? {} : { raw }),
    ...(padding === undefined ? {} : { padding }),
  }));
  const [first = numberedAxis(0)] = axes;
  const written = JSON.stringify(own[0]);
  return own.every((each) => JSON.stringify(each) === written) ? first : { ...first, samples: own };
}

function axisOfText(row: readonly Token[], from: string, confirmed: boolean): Omit<TokenAxis, "id"> {
  const padding = row.flatMap((token, at) => (token.padding === true ? [at] : []));
  return {
    labels: row.map(({ text }) => text),
    segments: [{ name: "text", role: "text" }],
    segmentOf: row.map(() => 0),
    from: "tokenizer",
    ...(confirmed
      ? {}
      : {
          assumed: `There are as many as ${from} makes of the text; nothing else says that they are these.`,
        }),
    ...(row.some(({ raw, text }) => raw !== text) ? { raw: row.map(({ raw }) => raw) } : {}),
    ...(padding.length === 0 ? {} : { padding }),
  };
}

function gridAxis({ input, rows, columns, patch }: PatchGrid, extra: number): Omit<TokenAxis, "id"> {
  const places = Array.from(
    { length: rows * columns },
    (_, at) => `${Math.floor(at / columns)},${at % columns}`,
  );
  const extras = Array.from({ length: extra }, (_, at) => (at === 0 ? "[CLS]" : `extra ${at}`));
  const patches = {
    name: "image",
    role: "image" as const,
    grid: { rows, columns, patch, crop: null, padding: null, camera: input },
  };
  const source =
    patch === null
      ? `Its length suggests a square of ${rows} × ${columns} patches`
      : `The graph cuts ${input} into ${rows} × ${columns} patches`;
  return {
    labels: [...extras, ...places],
    segments: extra > 0 ? [{ name: "extra", role: "other" }, patches] : [patches],
    segmentOf: [...extras.map(() => 0), ...places.map(() => (extra > 0 ? 1 : 0))],
    from: "graph",
    assumed: `${source}; that they lie row by row${extra > 0 ? `, after ${extra} other ${extra === 1 ? "token" : "tokens"},` : ""} is assumed.`,
  };
}
