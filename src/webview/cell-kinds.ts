/** Probabilities and scores as the views write and colour them: words, masks, places on the colour map. */
import { type ColourMapName, colourTable } from "../shared/colour-maps";
import { type ScaleName, signedTableIndex, tableIndex } from "../shared/colour-scale";
import { denseScore, denseValue, probability, score } from "../shared/format";
import { type CellKind, cellKinds } from "../shared/page";

/** Names of what a map can show, in the order of the choice. */
export const cellKindLabels: Record<CellKind, string> = {
  probability: "probability",
  scoreBeforeMask: "score before mask",
  scoreAfterMask: "score after mask",
};

/** The one map whose middle is the ground: scores lie on both sides of 0. */
const SCORE_COLOURS: ColourMapName = "RdBu";

export function isScore(what: CellKind | undefined): boolean {
  return what !== undefined && what !== "probability";
}

export function cellKindOf(text: string): CellKind | undefined {
  return cellKinds.find((kind) => kind === text);
}

/** Whether a cell of a page or row is masked. */
export function isMasked(value: number, what: CellKind | undefined): boolean {
  return isScore(what) ? value === -Infinity : value < 0;
}

/** A cell's value by itself: `0.16`, `+3.2`. */
export function cellFigure(value: number, what: CellKind | undefined): string {
  return isScore(what) ? score(value) : probability(value);
}

/** The same where there is room for three characters or four. */
export function denseCellFigure(value: number, what: CellKind | undefined): string {
  return isScore(what) ? denseScore(value) : denseValue(value);
}

/** Index into the table of colours of a cell that is not masked. */
export function colourIndex(
  value: number,
  what: CellKind | undefined,
  range: { readonly end: number },
  scale: ScaleName,
): number {
  return isScore(what) ? signedTableIndex(value, range.end, scale) : tableIndex(value, range.end, scale);
}

/** Colours of probabilities as chosen, of scores their own. */
export function mapColours(
  what: CellKind | undefined,
  chosen: ColourMapName,
  light: boolean,
): Uint8Array<ArrayBuffer> {
  return colourTable(isScore(what) ? SCORE_COLOURS : chosen, light);
}
