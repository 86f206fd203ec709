/** What the search for sites gives, and what each kind of site must provide: `match` and `plan`. */
import type { CaptureMethod, NotSupported, SiteKind } from "../../shared/model";
import type { GraphExtension } from "../../onnx/append";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import type { Layout } from "../layout";

/** A site as its kind found it: names come later, for all sites at once. */
export interface FoundSite {
  readonly node: Node;
  readonly kind: SiteKind;
  readonly method: CaptureMethod;
  /** The tensor that holds the map. */
  readonly tensor: string;
  readonly layout: Layout;
  readonly assumed: readonly string[];
  readonly note: string | null;
  readonly plan: (prefix: string) => SitePlan;
}

/** What a capture of a site adds to the graph and then reads. */
export interface SitePlan {
  readonly extension: GraphExtension;
  /** Output that holds the map as float32, laid out as `FoundSite.layout`. */
  readonly map: string;
  /** Output of the same layout, bool: whether the key is visible to the query; null when the graph does not tell. */
  readonly valid: string | null;
}

export interface Match {
  readonly sites: readonly FoundSite[];
  readonly notSupported: readonly NotSupported[];
  /** Softmaxes that are not attention. */
  readonly others: readonly NotSupported[];
}

/** One kind of attention site: one module. */
export interface SiteModule {
  readonly match: (view: GraphView) => Match;
}
