/** Arrays that were mapped to inputs by hand, as if the manifest said so: everything after reads one manifest. */
import type { Manifest } from "./schema";

type Mapping = Readonly<Record<string, string>>;

/** The manifest with the arrays that were mapped in the place of its own; how they are prepared stays. */
export function withMapping(
  manifest: Manifest | undefined,
  mapping: Mapping | undefined,
): Manifest | undefined {
  if (!mapping || Object.keys(mapping).length === 0) return manifest;
  const said = manifest?.inputs?.arrays ?? {};
  const arrays = Object.fromEntries(
    Object.entries(mapping).map(([input, array]) => {
      const source = said[input];
      if (typeof source !== "object" || !("array" in source)) return [input, array];
      const prepared: typeof source = { ...source, array };
      delete prepared.file;
      return [input, prepared];
    }),
  );
  return { version: 1, ...manifest, inputs: { ...manifest?.inputs, arrays: { ...said, ...arrays } } };
}

/** Which array each input was given by hand, as a sentence of a capture; none where there is no mapping. */
export function mappingWords(mapping: Mapping | undefined): string[] {
  const pairs = Object.entries(mapping ?? {});
  return pairs.length === 0
    ? []
    : [`Arrays were mapped: ${pairs.map(([input, array]) => `${input} is given ${array}`).join(", ")}.`];
}
