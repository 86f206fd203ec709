/**
 * What `activate` gives to other extensions (`docs/extension-api.md`). The names are those of the package's own
 * interface for programs (`docs/api.md`). Nothing of the contracts between processes is in these types.
 */
import path from "node:path";
import * as vscode from "vscode";
import type { EngineClient } from "../client/engine-client";
import type * as shared from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { HeadFigures } from "../shared/figures";
import type { DocumentRegistry } from "./document-registry";
import { showModel } from "./panel";
import { readSettings } from "./settings";

export interface AttentionApi {
  /** Grows when something here changes in a way that breaks who uses it. */
  readonly version: 1;
  /** Open a model in the editor, beside the source that is being edited. */
  show(uri: vscode.Uri): Promise<void>;
  /** A model with an engine process of its own, which `close` ends. Nothing is read before `capture`. */
  open(uri: vscode.Uri): Model;
}

export interface Model {
  /**
   * Run the model once and keep every attention map; the next capture takes their place.
   * @param inputs path of an npz; without it the manifest's recorded input, else a synthetic one
   * @throws an error with the code `untrusted` in a workspace that is not trusted
   */
  capture(inputs?: string, options?: { readonly sites?: readonly string[] }): Promise<Capture>;
  close(): void;
}

export interface Capture {
  readonly sites: readonly CapturedSite[];
  readonly provider: string;
  /** What was cut, assumed or refused, in words. */
  readonly notices: readonly string[];
  /** One head's map, or the mean over all heads or over the named ones. */
  map(site: CapturedSite, head: number | "mean" | readonly number[], sample?: number): Promise<HeadMap>;
}

export interface CapturedSite {
  readonly id: string;
  /** Module path, or the node's name where the export kept no path. */
  readonly name: string;
  readonly component: string | null;
  readonly layer: number | null;
  readonly heads: number;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  /** Line of the user's code that computes it, where the export kept one; the path is the exporter's. */
  readonly source: { readonly file: string; readonly line: number } | null;
  /** Of the first sample. */
  readonly queryLabels: readonly string[];
  readonly keyLabels: readonly string[];
  /** As [sample][head]; a figure that the map cannot support is null. */
  readonly figures: readonly (readonly HeadFigures[])[];
}

export interface HeadMap {
  readonly queries: number;
  readonly keys: number;
  /** Probabilities, row-major, query 0 on top; −1 where the key is masked. */
  readonly cells: Float32Array;
}

/** Rows and columns that the engine hands out in one page at most. */
const PAGE = 8192;

export function extensionApi(documents: DocumentRegistry): AttentionApi {
  return {
    version: 1,
    show: (uri) => showModel(uri),
    open: (uri) => new ApiModel(uri, documents),
  };
}

class ApiModel implements Model {
  readonly #file: string;
  readonly #engine: EngineClient;

  constructor(uri: vscode.Uri, documents: DocumentRegistry) {
    if (uri.scheme !== "file")
      throw new AttentionError("fileUnreadable", `${uri.scheme}: is not a file system of this machine`);
    this.#file = uri.fsPath;
    this.#engine = documents.createEngine(path.basename(uri.fsPath));
  }

  async capture(inputs?: string, options: { readonly sites?: readonly string[] } = {}): Promise<Capture> {
    if (!vscode.workspace.isTrusted) throw new AttentionError("untrusted");
    await this.#engine.open(this.#file, "full");
    const { provider, providerOrder } = readSettings();
    const capture = await this.#engine.capture({
      provider,
      providerOrder,
      input: inputs === undefined ? null : { file: inputs },
      sites: options.sites ? [...options.sites] : null,
    });
    return {
      provider: capture.provider.used,
      notices: capture.notices,
      sites: capture.sites.map((site) => siteOf(capture, site)),
      map: (site, head, sample = 0) => this.#map(capture, site.id, head, sample),
    };
  }

  close(): void {
    this.#engine.dispose();
  }

  async #map(
    { generation, sites }: shared.Capture,
    id: string,
    head: number | "mean" | readonly number[],
    batch: number,
  ): Promise<HeadMap> {
    const site = sites.find((one) => one.id === id);
    if (!site) throw new AttentionError("siteUnknown", `There is no ${id} in this capture.`);
    const { handle, queries, keys } = site;
    const cells = new Float32Array(queries * keys);
    for (let queryStart = 0; queryStart < queries; queryStart += PAGE) {
      for (let keyStart = 0; keyStart < keys; keyStart += PAGE) {
        const [queryEnd, keyEnd] = [Math.min(queries, queryStart + PAGE), Math.min(keys, keyStart + PAGE)];
        const choice = typeof head === "object" ? [...head] : head;
        const page = await this.#engine.readPage({
          ...{ handle, generation, batch, head: choice },
          ...{ queryStart, queryEnd, keyStart, keyEnd },
          ...{ maxRows: PAGE, maxColumns: PAGE, pooling: "max" },
        });
        const part = new Float32Array(page.cells);
        for (let row = 0; row < page.rows; row++) {
          const values = part.subarray(row * page.columns, (row + 1) * page.columns);
          cells.set(values, (queryStart + row) * keys + keyStart);
        }
      }
    }
    return { queries, keys, cells };
  }
}

function siteOf(capture: shared.Capture, site: shared.CapturedSite): CapturedSite {
  const { id, name, component, layer, heads, batch, queries, keys, source, figures } = site;
  const labels = (axis: number) => capture.axes[axis]?.labels ?? [];
  return {
    ...{ id, name, component, layer, heads, batch, queries, keys, source, figures },
    queryLabels: labels(site.queryAxis),
    keyLabels: labels(site.keyAxis),
  };
}
