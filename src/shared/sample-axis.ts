/** The labels of one sample of a batch: prompts of a batch each have their own tokens. */
import type { TokenAxis } from "./capture";

/**
 * The sample that an entry of a site's batch axis belongs to: samples are the outer axis, windows or time steps within
 * one the inner.
 * @param batch entries of the site's batch axis
 * @param samples samples of the run; an axis that does not divide into them belongs to the first
 */
export function sampleOf(entry: number, batch: number, samples: number): number {
  return samples > 1 && batch % samples === 0 ? Math.floor(entry / (batch / samples)) : 0;
}

/** Made once for each sample, so that what is drawn can be told by identity. */
const made = new WeakMap<TokenAxis, Map<number, TokenAxis>>();

/** The axis as an entry of a site's batch axis has it: the same object where all samples have the same labels. */
export function axisOfEntry(axis: TokenAxis, entry: number, batch: number): TokenAxis {
  const { samples } = axis;
  if (!samples) return axis;
  const sample = sampleOf(entry, batch, samples.length);
  const known = made.get(axis) ?? new Map<number, TokenAxis>();
  made.set(axis, known);
  const before = known.get(sample);
  if (before) return before;
  const { id, segments, segmentOf, from, assumed } = axis;
  const own: TokenAxis = {
    ...{ id, segments, segmentOf, from },
    ...(assumed === undefined ? {} : { assumed }),
    ...(samples[sample] ?? { labels: axis.labels }),
  };
  known.set(sample, own);
  return own;
}
