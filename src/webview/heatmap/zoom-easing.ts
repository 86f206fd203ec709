/** The way from one zoom to the next: 120 ms ease-out; at once for a pan, and where motion is to be reduced. */
import type { MapWindow } from "../state";

export const ZOOM_MS = 120;

const sides = ["queryStart", "queryEnd", "keyStart", "keyEnd"] as const;

/** Ease-out: fast at first. Both places are 0 to 1. */
function eased(time: number): number {
  return 1 - (1 - time) ** 3;
}

/** A window between two, at a time from 0 to 1. What lies under the pointer in both stays there. */
export function between(from: MapWindow, to: MapWindow, time: number): MapWindow {
  const share = eased(Math.min(1, Math.max(0, time)));
  const at = (side: (typeof sides)[number]): number => from[side] + (to[side] - from[side]) * share;
  return {
    queryStart: at("queryStart"),
    queryEnd: at("queryEnd"),
    keyStart: at("keyStart"),
    keyEnd: at("keyEnd"),
  };
}

const same = (one: MapWindow, other: MapWindow): boolean => sides.every((side) => one[side] === other[side]);

/** Whether one window is the other moved: its size is the same but for rounding. */
function isPan(one: MapWindow, other: MapWindow): boolean {
  const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6 * Math.max(1, a);
  return (
    near(one.queryEnd - one.queryStart, other.queryEnd - other.queryStart) &&
    near(one.keyEnd - one.keyStart, other.keyEnd - other.keyStart)
  );
}

export class ZoomEasing {
  readonly #redraw: () => void;
  #from: MapWindow | null = null;
  #target: MapWindow | null = null;
  #map = "";
  #started = 0;
  #frame = 0;

  /** @param redraw is asked for in every animation frame of the way */
  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  get moving(): boolean {
    return this.#frame !== 0;
  }

  /** The window to draw now. `map` names what is zoomed: on another one the way begins at its target. */
  shown(target: MapWindow, map: string): MapWindow {
    const now = performance.now();
    const before = this.#target && this.#map === map ? this.#at(now) : null;
    if (this.#target === null || this.#map !== map || !same(this.#target, target)) {
      const jump =
        before === null ||
        isPan(before, target) ||
        window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.#from = jump ? null : before;
      this.#target = target;
      this.#map = map;
      this.#started = now;
    }
    const shown = this.#at(now);
    if (this.#from !== null && this.#frame === 0)
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#redraw();
      });
    return shown;
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#from = null;
  }

  #at(now: number): MapWindow {
    const target = this.#target as MapWindow;
    if (this.#from === null) return target;
    const time = (now - this.#started) / ZOOM_MS;
    if (time >= 1) {
      this.#from = null;
      return target;
    }
    return between(this.#from, target, time);
  }
}
