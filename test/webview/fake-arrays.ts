/** A file whose arrays are called otherwise than the inputs of a model. */
import type { ArrayChoice, ArrayFit } from "../../src/shared/array-mapping";

const kinds = [
  { dtype: "float32", dims: [1, 12, 17] },
  { dtype: "float64", dims: [40, 12, 4] },
  { dtype: "int64", dims: [1, 12] },
  { dtype: "uint8", dims: [1, 64, 64, 3] },
];
const fits = (...fitting: readonly number[]): ArrayFit[] =>
  kinds.map((_, kind) =>
    fitting.includes(kind)
      ? { problem: null, note: kind === 1 ? "converted from float64, 40 samples along its first axis" : null }
      : { problem: kind === 3 ? "rank 4 instead of 3" : "axis 2 is 4 instead of 17", note: null },
  );

/** One input has an array of its name, one of a name like it, one the only array that fits, one two that would do. */
export function someArrays(): ArrayChoice {
  return {
    name: "other.npz",
    kinds: kinds.map(({ dtype, dims }) => ({ dtype, dims: [...dims] })),
    arrays: [
      { name: "observation", kind: 0 },
      { name: "Action", kind: 1 },
      { name: "timesteps", kind: 2 },
      { name: "steps_before", kind: 2 },
      { name: "steps_after", kind: 2 },
      { name: "camera", kind: 3 },
    ],
    left: 0,
    inputs: [
      {
        name: "timesteps",
        dtype: "int64",
        dims: ["batch", "T"],
        own: "timesteps",
        otherwise: null,
        fits: fits(2),
      },
      {
        name: "action",
        dtype: "float32",
        dims: ["batch", "T", 4],
        own: null,
        otherwise: null,
        fits: fits(1),
      },
      {
        name: "state",
        dtype: "float32",
        dims: ["batch", "T", 17],
        own: null,
        otherwise: null,
        fits: fits(0),
      },
      { name: "seen", dtype: "int64", dims: ["batch", "T"], own: null, otherwise: null, fits: fits(2) },
      {
        ...{ name: "past_key_values.0.key", dtype: "float32", dims: ["batch", 4, "past", 16] },
        ...{ own: null, otherwise: "begins empty", fits: fits() },
      },
    ],
    problem: "The input action wants float32 [batch, T, 4]; the file has: observation, Action.",
    remembered: null,
  };
}
