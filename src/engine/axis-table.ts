/** The axes of tokens that the sites of a capture share. */
import path from "node:path";
import type { TokenAxis } from "../shared/capture";
import type { NamedArray } from "../inputs/arrays";
import { segmentsOf } from "../inputs/manifest/lookup";
import type { ManifestAxisReference } from "../inputs/manifest/segments-schema";
import { numberedAxis, tokenAxis } from "../inputs/token-axes";
import type { OpenModel } from "./open-model";

/** Axes of tokens, each kept once. */
export class AxisTable {
  readonly all: TokenAxis[] = [];
  readonly #known = new Map<string, number>();
  readonly #opened: OpenModel;
  readonly #arrays: ReadonlyMap<string, NamedArray>;
  readonly #notices: string[];

  constructor(opened: OpenModel, arrays: ReadonlyMap<string, NamedArray>, notices: string[]) {
    this.#opened = opened;
    this.#arrays = arrays;
    this.#notices = notices;
  }

  /** Index of the axis of `length` tokens, with the site's own segments or the model's. */
  add(length: number, own: ManifestAxisReference | undefined): number {
    const segments = segmentsOf(this.#opened.manifest?.manifest, own);
    const key = `${length}:${JSON.stringify(segments ?? null)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { axis, problem } = segments
      ? tokenAxis(segments, length, this.#arrays)
      : { axis: numberedAxis(length), problem: null };
    if (problem)
      this.#notices.push(`${path.basename(this.#opened.manifest?.path ?? "manifest")}: ${problem}`);
    this.#known.set(key, this.all.length);
    this.all.push({ id: `axis_${this.all.length}`, ...axis });
    return this.all.length - 1;
  }
}
