/** Any recorded array by name for labels, at the chosen sample and step. */
import type { AxisOfRuns } from "../shared/input-choice";
import { withoutAxis } from "./array-axes";
import type { NamedArray } from "./arrays";
import type { Manifest } from "./manifest/schema";
import { stepInputs } from "./recorded-steps";
import { ofSample } from "./sample-view";
import type { SampleSet } from "./sample-set";

/** An array for labels. */
export interface LabelArray extends NamedArray {
  /** Its last value is that of the step that is shown: the last token has it, where there are other numbers of tokens. */
  readonly endsNow?: true;
}

/** Recorded arrays for labels, read when a label asks for one: at the step that is shown, where they lie along steps. */
export class LabelArrays extends Map<string, LabelArray> {
  readonly #read: (name: string) => LabelArray | undefined;

  /** @param implicit samples along the first axis, as the shapes alone tell; null where they do not */
  constructor(
    set: SampleSet,
    sample: number,
    steps: AxisOfRuns | null,
    manifest: Manifest | undefined,
    implicit: number | null,
  ) {
    super();
    const stepped = stepInputs(manifest).size > 0;
    const all = set.arrays(sample);
    const window = Math.max(0, ...Object.values(manifest?.steps?.windows ?? {}).map(({ length }) => length));
    this.#read = (name) => {
      const { axis } = set;
      const along = axis !== null && all.header(name)?.dims[axis] === set.count;
      const arrays = along ? ofSample(all, axis, sample) : all;
      const header = arrays.header(name);
      if (!header) return undefined;
      // Of one axis each entry is a token's: samples have their tokens along a further one.
      if (implicit !== null && header.dims.length > 1 && header.dims[0] === implicit)
        return withoutAxis(arrays.read(name, { axis: 0, indices: [sample] }), 0);
      // A window's tokens are steps: each has the value of its own.
      if (window > 0 && steps && header.dims.length === 1 && header.dims[0] === steps.count) {
        const from = Math.max(0, steps.index - window + 1);
        const indices = Array.from({ length: steps.index - from + 1 }, (_, at) => from + at);
        return { ...arrays.read(name, { axis: 0, indices }), endsNow: true };
      }
      const atStep = stepped && steps && header.dims[0] === steps.count;
      return arrays.read(name, atStep ? { axis: 0, indices: [steps.index] } : undefined);
    };
  }

  override get(name: string): LabelArray | undefined {
    const known = super.get(name);
    if (known) return known;
    const read = this.#read(name);
    if (read) this.set(name, read);
    return read;
  }
}
