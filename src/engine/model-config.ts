/** What generation_config.json and config.json beside a model say of its tokens. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { OpenModel } from "./open-model";

/** Ids that the configuration beside the model gives to a role. */
export function configIds({ file }: Pick<OpenModel, "file">, role: string): number[] {
  const folder = path.dirname(file.path);
  const places = [folder, ...(path.basename(folder) === "onnx" ? [path.dirname(folder)] : [])];
  for (const place of places) {
    for (const name of ["generation_config.json", "config.json"]) {
      const config = path.join(place, name);
      if (!existsSync(config)) continue;
      try {
        const value = (JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>)[role];
        const ids = [value].flat().filter((id): id is number => Number.isInteger(id));
        if (ids.length > 0) return ids;
      } catch {
        // A configuration that cannot be read names no tokens.
      }
    }
  }
  return [];
}
