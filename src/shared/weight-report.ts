/** The weights of a model or of a file of weights: names, types, shapes, sizes, and the modules that they belong to. */
import * as z from "zod";
import { bytes, count, counted } from "./format";

export const weightSchema = z.object({
  name: z.string(),
  /** Element type in lower case: `float32`. */
  dtype: z.string(),
  dims: z.array(z.number().int().nonnegative()),
  /** Of the data; null where the type has no fixed size. */
  bytes: z.number().nullable(),
  /** Elements that are trained: those of a floating type; 0 for positions, shapes and other constants. */
  parameters: z.number(),
});
export type Weight = z.infer<typeof weightSchema>;

export const moduleSchema = z.object({
  /** Names from the outermost module on; empty for the model itself. */
  path: z.array(z.string()),
  /** Class of the module, or what its operator is; null where nothing tells. */
  type: z.string().nullable(),
  /** `128 → 64`, `3 → 32, 8 × 8`, `33 × 16`: what goes in and comes out, or rows and width. Null where nothing tells. */
  size: z.string().nullable(),
  /** Whether it adds a bias; null for what has none by its nature, or where nothing tells. */
  bias: z.boolean().nullable(),
  /** Of the module and of all within it. A weight that several modules use is counted where its name says. */
  parameters: z.number(),
  bytes: z.number(),
  /** Its own weights, without those of the modules within it. */
  weights: z.array(weightSchema),
});
export type Module = z.infer<typeof moduleSchema>;

export const weightReportSchema = z.object({
  /** File name. */
  name: z.string(),
  format: z.enum(["onnx", "safetensors"]),
  fileBytes: z.number(),
  parameters: z.number(),
  /** Of all weights. */
  bytes: z.number(),
  /** Modules before those within them, in the order of the file. */
  modules: z.array(moduleSchema),
  /** Tensors that are no weights (shapes, positions, indices): how many. */
  otherTensors: z.number().int(),
  /** What could not be told, as sentences. */
  notices: z.array(z.string()),
});
export type WeightReport = z.infer<typeof weightReportSchema>;

/** A weight and the module that it belongs to. */
export interface PlacedWeight {
  readonly weight: Weight;
  readonly module: readonly string[];
}
/** What is known of a module beside its weights. */
export type ModuleFacts = Pick<Module, "type" | "size" | "bias">;

const unknown: ModuleFacts = { type: null, size: null, bias: null };

/** Modules before those within them, each with the sums of what it holds. @param facts by the path, joined by "." */
export function moduleTree(
  placed: readonly PlacedWeight[],
  facts: ReadonlyMap<string, ModuleFacts>,
  paths: readonly (readonly string[])[] = [],
): Module[] {
  interface Branch {
    readonly path: readonly string[];
    readonly inner: Map<string, Branch>;
    readonly weights: Weight[];
  }
  const root: Branch = { path: [], inner: new Map(), weights: [] };
  const at = (path: readonly string[]) =>
    path.reduce((branch, name) => {
      const known = branch.inner.get(name);
      if (known) return known;
      const made: Branch = { path: [...branch.path, name], inner: new Map(), weights: [] };
      branch.inner.set(name, made);
      return made;
    }, root);
  for (const path of paths) at(path);
  for (const { weight, module } of placed) at(module).weights.push(weight);
  const listed = (branch: Branch): Module[] => {
    const within = [...branch.inner.values()].map(listed);
    const tops = within.flatMap(([top]) => top ?? []);
    const sum = (of: (each: { parameters: number; bytes: number | null }) => number | null) =>
      [...branch.weights, ...tops].reduce((all, each) => all + (of(each) ?? 0), 0);
    return [
      {
        path: [...branch.path],
        ...(facts.get(branch.path.join(".")) ?? unknown),
        parameters: sum(({ parameters }) => parameters),
        bytes: sum(({ bytes: size }) => size),
        weights: branch.weights,
      },
      ...within.flat(),
    ];
  };
  return listed(root);
}

/** `64 × 7`, or `scalar`. */
const shapeText = (dims: readonly number[]) => (dims.length === 0 ? "scalar" : dims.join(" × "));

/**
 * The tree as a text: modules indented by their depth, so that an editor folds it, with their weights below each.
 * Columns are aligned with spaces.
 */
export function weightText(report: WeightReport): string {
  const { modules, notices } = report;
  const rows: (readonly string[])[] = [["module", "type", "size", "bias", "parameters", "bytes"]];
  for (const { path, type, size, bias, parameters, bytes: held, weights } of modules) {
    const indent = "  ".repeat(path.length);
    rows.push([
      `${indent}${path.at(-1) ?? report.name}`,
      ...[type ?? "—", size ?? "", bias === null ? "" : bias ? "bias" : "no bias"],
      ...[count(parameters), bytes(held)],
    ]);
    for (const weight of weights)
      rows.push([
        `${indent}  · ${ownName(weight.name, path)}`,
        ...[weight.dtype, shapeText(weight.dims), ""],
        ...[count(weight.parameters), weight.bytes === null ? "?" : bytes(weight.bytes)],
      ]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const weights = modules.reduce((all, each) => all + each.weights.length, 0);
  const title = `${report.name}: ${count(report.parameters)} parameters in ${counted(weights, "weight")}, ${bytes(report.bytes)} of ${bytes(report.fileBytes)}${
    report.otherTensors === 0
      ? ""
      : `; ${counted(report.otherTensors, "other tensor")} (shapes, indices, constants)`
  }`;
  return `${[title, ...notices, "", ...rows.map(line)].join("\n")}\n`;
}

/** A weight's name without its module's, which stands above it. */
function ownName(name: string, path: readonly string[]): string {
  const module = path.join(".");
  return path.length > 0 && name.replaceAll("/", ".").startsWith(`${module}.`)
    ? name.slice(module.length + 1)
    : name;
}
