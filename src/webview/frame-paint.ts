/** What all pictures of cells share beside their colours: the ground, and the stripes of masked and of flagged cells. */
import type { Rgb } from "../shared/colour-maps";
import type { Theme } from "./theme";

/** Period of the stripes, CSS px. */
const STRIPE_PERIOD = 4;

export interface FramePaint {
  readonly ground: Rgb;
  /** Stripes rising to the right: masked. */
  readonly hatch: Rgb;
  /** Stripes falling to the right: NaN or infinite. */
  readonly flag: Rgb;
  /** Period and width of the stripes in device pixels. */
  readonly stripePeriod: number;
  readonly stripeWidth: number;
}

/** @param ratio device pixels per CSS px */
export function framePaint(theme: Theme, ratio: number): FramePaint {
  return {
    ground: theme.ground,
    hatch: theme.hatch,
    flag: theme.warning,
    stripePeriod: Math.round(STRIPE_PERIOD * ratio),
    stripeWidth: Math.max(1, Math.round(ratio)),
  };
}

/** Whether a device pixel lies on a stripe that rises to the right. */
export function onHatch(x: number, y: number, { stripePeriod, stripeWidth }: FramePaint): boolean {
  return (x + y) % stripePeriod < stripeWidth;
}

/** Whether a device pixel lies on a stripe that falls to the right. */
export function onFlag(x: number, y: number, { stripePeriod, stripeWidth }: FramePaint): boolean {
  return (((x - y) % stripePeriod) + stripePeriod) % stripePeriod < stripeWidth;
}

/** A colour as one little-endian RGBA word, as `ImageData` holds it on all machines that VS Code runs on. */
export function pixelWord(colour: Rgb): number {
  return ((255 << 24) | (colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;
}
