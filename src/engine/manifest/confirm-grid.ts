/** The manifest with a grid that was assumed and is now confirmed. */
import { existsSync, readFileSync } from "node:fs";
import { applyEdits, modify } from "jsonc-parser";
import type { Capture, TokenAxis } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import type { ManifestDraft } from "../../shared/manifest-report";
import { gridSegments } from "../../inputs/assumed-grid";
import { isEncoders } from "../model/encoder-maps";
import { siteEntry } from "../../inputs/manifest/lookup";
import { manifestPath, parseManifest } from "../../inputs/manifest";
import type { ManifestSite } from "../../inputs/manifest/sites-schema";

const formattingOptions = { tabSize: 2, insertSpaces: true, eol: "\n" };

/**
 * The text of the manifest in which the segments of an axis are written: as the model's own where every site has that
 * axis and nothing is said yet, else for the sites that have it. What else is in it, comments included, stays.
 */
export function manifestWithGrid(modelPath: string, capture: Capture, axis: number): ManifestDraft {
  const assumed = capture.axes[axis];
  const grid = assumed && gridOf(assumed);
  if (!assumed || !grid) throw new AttentionError("stale", "That grid is no longer assumed.");
  const owners = capture.sites.filter(({ queryAxis, keyAxis }) => queryAxis === axis || keyAxis === axis);
  if (owners.length > 0 && owners.every(isEncoders))
    throw new AttentionError("stale", "That grid is of the encoder, which has a manifest of its own.", {
      fix: "Open the encoder's file by itself, and confirm it there.",
    });
  const file = manifestPath(modelPath);
  const exists = existsSync(file);
  const before = exists ? readFileSync(file, "utf8") : '{\n  "version": 1\n}\n';
  const { manifest } = parseManifest(before);
  const segments = gridSegments(grid);
  const everywhere = capture.sites.every(({ queryAxis, keyAxis }) => queryAxis === axis && keyAxis === axis);
  const edit = (text: string, path: (string | number)[], value: unknown) =>
    applyEdits(text, modify(text, path, value, { formattingOptions }));
  if (everywhere && !manifest.segments) return { file, exists, text: edit(before, ["segments"], segments) };
  const name = freeName(`patches_${assumed.labels.length}`, Object.keys(manifest.axes ?? {}));
  let text = edit(before, ["axes", name], segments);
  // The first entry that matches a site holds: these stand before what is there, and keep what it says of the site.
  const entries = capture.sites
    .filter(({ queryAxis, keyAxis }) => queryAxis === axis || keyAxis === axis)
    .map((site) => {
      const said = omitDeclaration(siteEntry(manifest, site));
      const sides = {
        ...(site.queryAxis === axis ? { queries: name } : {}),
        ...(site.keyAxis === axis ? { keys: name } : {}),
      };
      return { ...said, match: site.id, ...sides };
    });
  if (manifest.sites === undefined) return { file, exists, text: edit(text, ["sites"], entries) };
  for (const entry of entries.reverse())
    text = applyEdits(text, modify(text, ["sites", 0], entry, { formattingOptions, isArrayInsertion: true }));
  return { file, exists, text };
}

/** What an entry says of a site beside that it is there. */
function omitDeclaration(entry: ManifestSite | undefined): Partial<ManifestSite> {
  const declaration = ["tensor", "name", "layout"];
  return Object.fromEntries(Object.entries(entry ?? {}).filter(([key]) => !declaration.includes(key)));
}

function freeName(name: string, taken: readonly string[]): string {
  for (let number = 2, free = name; ; number++, free = `${name}_${number}`)
    if (!taken.includes(free)) return free;
}

/** The grid of an axis that is assumed. */
function gridOf({ assumed, segments, segmentOf }: TokenAxis): Parameters<typeof gridSegments>[0] | undefined {
  const at = segments.findIndex(({ grid }) => grid !== undefined);
  const grid = segments[at]?.grid;
  if (assumed === undefined || !grid || grid.camera === null) return undefined;
  const { rows, columns, patch, camera } = grid;
  return { rows, columns, patch, camera, before: segmentOf.indexOf(at) };
}
