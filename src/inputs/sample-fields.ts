/** One value out of the several that an array may hold of a sample, to choose samples by. */
import type { ArrayData } from "./arrays";
import type { FieldValue } from "./manifest/values";

/** Undefined where there is none, or texts are to be reckoned with. */
export function fieldValue(data: ArrayData, of: FieldValue): number | string | undefined {
  if (of === "first" || of === "last") {
    const value = data[of === "first" ? 0 : data.length - 1];
    return typeof value === "bigint" ? Number(value) : value;
  }
  if (data.length === 0 || Array.isArray(data)) return undefined;
  let [sum, least, most] = [0, Infinity, -Infinity];
  for (const each of data) {
    const value = Number(each);
    sum += value;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { sum, mean: sum / data.length, min: least, max: most }[of];
}
