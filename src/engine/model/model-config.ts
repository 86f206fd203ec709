/**
 * What generation_config.json and config.json beside a model say: the first is asked before the second, wherever the
 * two lie, and both lie beside the model or in the folder above an `onnx` folder.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { OpenModel } from "./open-model";

const names = ["generation_config.json", "config.json"] as const;

export interface Configured<T> {
  readonly value: T;
  /** File that says it. */
  readonly from: string;
}

/** The first value of a field that is of the kind that is wanted; null where no file has one. */
export function configured<T>(
  { file }: Pick<OpenModel, "file">,
  field: string,
  read: (value: unknown) => T | null,
): Configured<T> | null {
  const folder = path.dirname(file.path);
  const places = [folder, ...(path.basename(folder) === "onnx" ? [path.dirname(folder)] : [])];
  for (const from of names)
    for (const place of places) {
      const value = read(fieldsOf(path.join(place, from))[field]);
      if (value !== null) return { value, from };
    }
  return null;
}

/** A configuration that is not there, or cannot be read, says nothing. */
function fieldsOf(file: string): Readonly<Record<string, unknown>> {
  if (!existsSync(file)) return {};
  try {
    const fields: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export const isId = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** Ids that are given to a role, one or a list of them; none where no file has any. */
export function configIds(opened: Pick<OpenModel, "file">, role: string): number[] {
  return configuredIds(opened, role)?.value ?? [];
}

export function configuredIds(opened: Pick<OpenModel, "file">, role: string): Configured<number[]> | null {
  return configured(opened, role, (value) => {
    const ids = [value].flat().filter(isId);
    return ids.length > 0 ? ids : null;
  });
}

/** A number above 0. */
export function configuredNumber(opened: Pick<OpenModel, "file">, field: string): Configured<number> | null {
  return configured(opened, field, (value) =>
    typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null,
  );
}
