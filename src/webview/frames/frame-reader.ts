/** Asks for the frames of the step that is shown, and keeps them as addresses of pictures. */
import { AttentionError, oneLine } from "../../shared/errors";
import type { Frame } from "../../shared/input-choice";
import type { Host } from "../host";

export interface ShownFrame {
  /** `blob:` address; not valid after `clear`. */
  readonly url: string;
  readonly frame: Frame;
}

/** Longest side of a frame that is asked for, px. */
const SIDE = 512;

export class FrameReader {
  readonly #host: Host;
  readonly #arrived: () => void;
  readonly #frames = new Map<string, ShownFrame>();
  readonly #problems = new Map<string, string>();
  #generation = -1;
  #sample = -1;

  constructor(host: Host, arrived: () => void) {
    this.#host = host;
    this.#arrived = arrived;
  }

  /** These cameras are shown, of this capture and sample. Frames of another are let go when theirs are there. */
  want(generation: number, sample: number, cameras: readonly string[]): void {
    if (generation === this.#generation && sample === this.#sample) return;
    this.#generation = generation;
    this.#sample = sample;
    for (const camera of cameras) void this.#read(camera, generation, sample);
    for (const camera of [...this.#frames.keys()]) if (!cameras.includes(camera)) this.#forget(camera);
  }

  /** The frame of a camera; for a moment that of the step before. */
  frameOf(camera: string): ShownFrame | null {
    return this.#frames.get(camera) ?? null;
  }

  problemOf(camera: string): string | null {
    return this.#problems.get(camera) ?? null;
  }

  clear(): void {
    for (const camera of [...this.#frames.keys()]) this.#forget(camera);
    this.#generation = -1;
  }

  async #read(camera: string, generation: number, sample: number): Promise<void> {
    const current = (): boolean => this.#generation === generation && this.#sample === sample;
    try {
      const frame = await this.#host.calls.readFrame({ generation, camera, step: null, sample, side: SIDE });
      if (!current()) return;
      this.#forget(camera);
      const url = URL.createObjectURL(new Blob([frame.bytes], { type: frame.mime }));
      this.#frames.set(camera, { url, frame });
      this.#problems.delete(camera);
    } catch (thrown) {
      const error = AttentionError.wrap(thrown);
      if (!current() || error.code === "stale") return;
      this.#forget(camera);
      this.#problems.set(camera, oneLine(error.report()));
    }
    this.#arrived();
  }

  #forget(camera: string): void {
    const before = this.#frames.get(camera);
    if (before) URL.revokeObjectURL(before.url);
    this.#frames.delete(camera);
  }
}
