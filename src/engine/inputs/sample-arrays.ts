/** Arrays that labels may name, for each sample of a batch: what was recorded of it, else its part of what is fed. */
import type { NamedArray } from "../../inputs/arrays";
import type { TensorSignature } from "../../shared/model";

/**
 * Samples of the batch that the arrays make: their common first axis; 1 where they have none.
 * @param inputs whose arrays they are
 */
export function batchOf(inputs: readonly TensorSignature[], feeds: ReadonlyMap<string, NamedArray>): number {
  const leading = inputs.flatMap(({ name }) => {
    const dims = feeds.get(name)?.dims ?? [];
    return dims.length > 1 ? [dims[0] ?? 1] : [];
  });
  const [first = 1] = leading;
  return leading.every((size) => size === first) ? first : 1;
}

export interface ArraySource {
  readonly arrays: ReadonlyMap<string, NamedArray>;
  /** They are the sample's own already, and not cut. */
  readonly whole?: boolean;
}

/** Arrays by name of one sample; what lies along the batch is cut. */
export class ArraysOfSample extends Map<string, NamedArray> {
  readonly #sample: number;
  readonly #samples: number;
  readonly #sources: readonly ArraySource[];

  /** @param sources the first that knows a name says it */
  constructor(sample: number, samples: number, sources: readonly ArraySource[]) {
    super();
    this.#sample = sample;
    this.#samples = samples;
    this.#sources = sources;
  }

  override get(name: string): NamedArray | undefined {
    const known = super.get(name);
    if (known) return known;
    for (const { arrays, whole } of this.#sources) {
      const array = arrays.get(name);
      if (!array) continue;
      const own = whole ? array : this.#cut(array);
      this.set(name, own);
      return own;
    }
    return undefined;
  }

  #cut(array: NamedArray): NamedArray {
    const [size, ...rest] = array.dims;
    // Of one axis each entry is a token's: only what has tokens along a further axis is cut.
    if (this.#samples === 1 || size !== this.#samples || rest.length === 0) return array;
    const count = rest.reduce((all, dim) => all * dim, 1);
    const data = array.data.slice(this.#sample * count, (this.#sample + 1) * count) as NamedArray["data"];
    return { ...array, dims: rest, data };
  }
}
