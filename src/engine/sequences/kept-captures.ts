/**
 * Captures of steps and passes that were made before: a step that is gone back to, or was captured ahead, is answered
 * without a run. What is kept has a limit in bytes; the recording's files are looked at again before one is used.
 */
import type { RunAxis } from "../../shared/input-choice";
import { type IndexRanges, withIndex, withoutIndex } from "../../shared/index-ranges";
import type { CaptureRequest } from "../../shared/protocol";
import { settledStamp } from "../../inputs/files/file-stamp";
import type { NamedArray } from "../../inputs/arrays";
import type { CaptureResult } from "../describe-run";
import { freeMemory } from "../run/estimate";

/** Maps that are kept may take this share of the memory that is free when the first is, and no more than so many bytes. */
const MEMORY_SHARE = 0.25;
const MOST_BYTES = 2e9;

interface Place {
  readonly step: number;
  readonly pass: number;
}

interface Kept {
  readonly result: CaptureResult;
  readonly bytes: number;
  /** The files that it was made from, and how they were told to be the same. */
  readonly files: readonly (readonly [file: string, stamp: string | null])[];
  readonly place: Place;
  /** The request without step and pass. */
  readonly recipe: string;
}

export class KeptCaptures {
  /** By request; the one that was used last stands last. */
  readonly #kept = new Map<string, Kept>();
  /** Places that are kept, by recipe, axis and place on the other axis. */
  readonly #places = new Map<string, IndexRanges>();
  /** Where a recipe begins that names no step or no pass, learned from its captures. */
  readonly #starts = new Map<string, Partial<Place>>();
  readonly #limit: number | undefined;
  #most: number | undefined;
  #bytes = 0;

  /** @param limit bytes; a share of the free memory where none is given */
  constructor(limit?: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that may be kept. */
  get limitBytes(): number {
    return (this.#most ??= this.#limit ?? Math.min(MOST_BYTES, freeMemory() * MEMORY_SHARE));
  }

  get holds(): boolean {
    return this.#kept.size > 0;
  }

  /** What was captured for this request; undefined where nothing is kept, or its files changed. */
  find(request: CaptureRequest): CaptureResult | undefined {
    const recipe = recipeOf(request);
    const { step, pass } = { ...this.#starts.get(recipe), ...definedOf(request) };
    if (step === undefined || pass === undefined) return undefined;
    const key = keyOf(recipe, { step, pass });
    const known = this.#kept.get(key);
    if (!known) return undefined;
    if (known.files.some(([file, stamp]) => stamp === null || settledStamp(file) !== stamp)) {
      this.#drop(key, known);
      return undefined;
    }
    this.#kept.delete(key);
    this.#kept.set(key, known);
    return known.result;
  }

  /**
   * Keeps a capture, if it is of a step or a pass. Where there is no room for it, others are let go: with `ahead` only
   * those of other inputs, else those that were used longest ago.
   * @returns whether it is kept
   */
  keep(request: CaptureRequest, result: CaptureResult, ahead = false): boolean {
    const { steps, passes } = result.capture.recording;
    const place = { step: steps?.index ?? 0, pass: passes?.index ?? 0 };
    const several = (steps?.count ?? 1) > 1 || (passes?.count ?? 1) > 1;
    if (!several) return false;
    const recipe = recipeOf(request);
    const asked = definedOf(request);
    this.#starts.set(recipe, {
      ...this.#starts.get(recipe),
      ...(asked.step === undefined ? { step: place.step } : {}),
      ...(asked.pass === undefined ? { pass: place.pass } : {}),
    });
    const key = keyOf(recipe, place);
    const bytes = bytesOf(result);
    const known = this.#kept.get(key);
    if (known) this.#drop(key, known);
    if (!this.#makeRoom(bytes, ahead ? recipe : null)) return false;
    const files = result.input.files.map((file) => [file, settledStamp(file)] as const);
    this.#kept.set(key, { result, bytes, files, place, recipe });
    this.#bytes += bytes;
    for (const axis of ["step", "pass"] as const)
      this.#change(recipe, axis, place, (ranges) => withIndex(ranges, place[axis]));
    return true;
  }

  /** Whether another capture like those of this request's input would fit beside them. */
  hasRoom(request: CaptureRequest): boolean {
    const recipe = recipeOf(request);
    const own = [...this.#kept.values()].filter((each) => each.recipe === recipe).map(({ bytes }) => bytes);
    const all = own.reduce((sum, bytes) => sum + bytes, 0);
    return own.length === 0 || all + all / own.length <= this.limitBytes;
  }

  /** The places on an axis that are kept, at the present place on the other. */
  places(request: CaptureRequest, axis: RunAxis, place: Place): IndexRanges {
    return this.#places.get(placesKey(recipeOf(request), axis, place)) ?? [];
  }

  clear(): void {
    this.#kept.clear();
    this.#places.clear();
    this.#starts.clear();
    this.#bytes = 0;
    this.#most = undefined;
  }

  #makeRoom(bytes: number, spared: string | null): boolean {
    if (bytes > this.limitBytes) return false;
    for (const [key, each] of this.#kept) {
      if (this.#bytes + bytes <= this.limitBytes) break;
      if (each.recipe !== spared) this.#drop(key, each);
    }
    return this.#bytes + bytes <= this.limitBytes;
  }

  #drop(key: string, { bytes, recipe, place }: Kept): void {
    this.#kept.delete(key);
    this.#bytes -= bytes;
    for (const axis of ["step", "pass"] as const)
      this.#change(recipe, axis, place, (ranges) => withoutIndex(ranges, place[axis]));
  }

  #change(recipe: string, axis: RunAxis, place: Place, change: (ranges: IndexRanges) => IndexRanges): void {
    const key = placesKey(recipe, axis, place);
    const ranges = change(this.#places.get(key) ?? []);
    if (ranges.length > 0) this.#places.set(key, ranges);
    else this.#places.delete(key);
  }
}

function placesKey(recipe: string, axis: RunAxis, place: Place): string {
  return `${axis} ${axis === "step" ? place.pass : place.step} ${recipe}`;
}

function keyOf(recipe: string, { step, pass }: Place): string {
  return `${step} ${pass} ${recipe}`;
}

function definedOf({ input }: CaptureRequest): Partial<Place> {
  const { step, pass } = input ?? {};
  return { ...(step === undefined ? {} : { step }), ...(pass === undefined ? {} : { pass }) };
}

/** What a request asks for beside the place, in a fixed order. */
function recipeOf({ input, provider, providerOrder, sites, scores, fallback }: CaptureRequest): string {
  const chosen = Object.entries(input ?? {})
    .filter(([name, value]) => name !== "step" && name !== "pass" && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([chosen, provider, providerOrder, sites, scores === true, fallback === true]);
}

/** Maps with a byte of validity beside each cell's four, what the run was given, and the figures as they are sent. */
function bytesOf({ capture, input }: CaptureResult): number {
  const given = [...input.feeds.values()].reduce((all, { data }) => all + bytesOfData(data), 0);
  const pictures = [...input.pictures.values()].reduce((all, { data }) => all + data.length, 0);
  return capture.mapBytes * 1.25 + given + pictures + 2 * JSON.stringify(capture).length;
}

function bytesOfData(data: NamedArray["data"]): number {
  return Array.isArray(data) ? data.reduce((all, text) => all + 2 * text.length, 0) : data.byteLength;
}
