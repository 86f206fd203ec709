/** One sample of arrays in which the samples lie along an axis, as if it had arrays of its own. */
import { withoutAxis } from "./array-axes";
import { takenAlong } from "./files/lazy-arrays";
import type { SampleArrays } from "./sample-set";

/** Arrays without the axis of the samples; of an episode's steps no more is read than is asked for. */
export function ofSample(all: SampleArrays, axis: number, sample: number): SampleArrays {
  return {
    name: all.name,
    names: all.names,
    header: (array) => {
      const header = all.header(array);
      return header && { ...header, dims: header.dims.filter((_, at) => at !== axis) };
    },
    read: (array, part) => {
      const own = part === undefined ? [] : takenAlong(part);
      const inside = own.map((each) => ({ ...each, axis: each.axis < axis ? each.axis : each.axis + 1 }));
      return withoutAxis(all.read(array, [{ axis, indices: [sample] }, ...inside]), axis);
    },
  };
}
