/** What the search for sites gives, and what each kind of site must provide: `match` and `plan`. */
import type { CaptureMethod, NotSupported, SiteKind, Windows } from "../../shared/model";
import type { Dim } from "../../shared/model";
import type { GraphExtension } from "../../onnx/append";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import type { Layout } from "../layout";
import type { SiteName } from "../naming";
import type { Body, BodyPlan } from "./body";

/** A site as its kind found it: names come later, for all sites at once. */
export interface FoundSite {
  readonly node: Node;
  readonly kind: SiteKind;
  readonly method: CaptureMethod;
  /** The nodes that the site is made of, from the product of queries and keys to the values. */
  readonly chain: readonly Node[];
  /** The tensor that holds the map; for a rebuilt site the operator's output. */
  readonly tensor: string;
  /** Shape of the map as it is returned, as far as the graph tells it. */
  readonly shape: readonly Dim[] | undefined;
  readonly layout: Layout;
  /** Key-value heads where they are fewer than the heads. */
  readonly kvHeads: Dim;
  /** How the batch axis was cut out of a grid; not set where the kind of site leaves it to its first input. */
  readonly windows?: Windows | null;
  /** Its one head is the mean of all heads. */
  readonly averaged?: boolean;
  /** What it is called, where its node does not tell. */
  readonly called?: SiteName;
  /** Which of several maps of one attention it is, in words: `first softmax`. */
  readonly part?: string;
  /** The node that names all of them, and tells their order, where that is another. */
  readonly nameAs?: Node;
  /** A tensor that holds the map before it was laid out as in `tensor`, for outputs that hold it as well. */
  readonly before?: { readonly tensor: string; readonly layout: Layout };
  readonly assumed: readonly string[];
  readonly note: string | null;
  /** Why the site's operator cannot be run as it is, or null: its rebuilt graph then takes its place. */
  readonly noKernel: string | null;
  /** Whether the rebuilt graph can take the operator's place: all its outputs that are used can be given. */
  readonly replaceable: boolean;
  /** The body of an If, a Loop or a Scan that the site lies in. */
  readonly body?: Body;
  /** @param prefix of the names of what is added */
  readonly plan: (prefix: string, options: PlanOptions) => SitePlan;
}

/** What a capture of a site adds to the graph and then reads. */
export interface SitePlan {
  readonly extension: GraphExtension;
  /** Output that holds the map as float32, laid out as `FoundSite.layout`. */
  readonly map: string;
  /** Output of the same layout, bool: whether the key is visible to the query; null when the graph does not tell. */
  readonly valid: string | null;
  /** What is added inside a body, where the site lies in one. */
  readonly body?: BodyPlan;
  /** Nodes that the extension takes the place of. */
  readonly removed: readonly Node[];
  /** Outputs with the scores before and after masks and biases, float32; null where they were not asked for. */
  readonly scores: { readonly before: ScoreOutput; readonly after: ScoreOutput } | null;
  /** Scalars: error of the rebuilt output against the operator's, and the same with keys moved by one. */
  readonly proof: { readonly error: string; readonly control: string } | null;
}

export interface ScoreOutput {
  readonly name: string;
  readonly layout: Layout;
}

export interface PlanOptions {
  /** The rebuilt graph takes the operator's place, and nothing is compared. */
  readonly replace: boolean;
  /** The scores are returned as well. */
  readonly scores: boolean;
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
