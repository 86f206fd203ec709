/**
 * Reads a model and copies its local functions to where they are called, so that all that follows sees one graph. The
 * file stays as it is: the copy is a view of it with bytes between.
 */
import { AttentionError } from "../../shared/errors";
import type { LocalFunction, Node, OnnxModel } from "../model";
import { PiecedSource, type Pieces } from "../pieces";
import { readModel } from "../read";
import { rewritten } from "../rewrite";
import type { ByteSource } from "../source";
import { keyOf, NotCopied } from "./call";
import { Copier, opsetImport } from "./copy";
import { checkCalls } from "./count";
import { Names } from "./scope";

export interface WholeModel {
  readonly model: OnnxModel;
  /** The bytes that the model's ranges are of. */
  readonly source: ByteSource;
}

/** Domains whose operators the runtime has itself: it prefers them to a function of the same name. */
const ofRuntime = /^$|^ai\.onnx|^com\.microsoft/;

/** As `readModel`, with the functions copied into the graph where that can be done; else with the reason. */
export function readWhole(file: ByteSource): WholeModel {
  const scanned = readModel(file);
  if (scanned.functions.length === 0) return { model: scanned, source: file };
  const because = (reason: string, which = scanned.functions) => which.map((called) => ({ called, reason }));
  try {
    const functions = new Map<string, LocalFunction>();
    for (const each of scanned.functions) {
      if (!ofRuntime.test(each.domain) && !functions.has(keyOf(each))) functions.set(keyOf(each), each);
    }
    checkCalls(scanned.graph.nodes, functions);
    const copier = new Copier(file, functions, new Names(scanned.graph));
    const touched = scanned.graph.nodes.filter((node) => copier.touches(node));
    const pieces = written(scanned, file.size, touched, copier);
    const unused = because(
      "nobody calls it",
      scanned.functions.filter((each) => !copier.used.has(each)),
    );
    if (touched.length === 0) return { model: { ...scanned, notCopied: unused }, source: file };
    const source = new PiecedSource(file, pieces.list);
    const model = readModel(source);
    const bytesRead = scanned.bytesRead + copier.bytesRead + model.bytesRead;
    return { model: { ...model, notCopied: unused, bytesRead }, source };
  } catch (error) {
    const tooMuch = error instanceof AttentionError && error.code === "limits";
    if (!(error instanceof NotCopied) && !tooMuch) throw error;
    return { model: { ...scanned, notCopied: because(error.message) }, source: file };
  }
}

/** The file with the copies in the places of the calls, and the operator sets that they need. */
function written(model: OnnxModel, fileBytes: number, touched: readonly Node[], copier: Copier): Pieces {
  const edits = touched.map((node) => ({ ...node.range, by: copier.replacement(node) }));
  const whole = rewritten(model, fileBytes, edits);
  const opsets = new Map<string, number>();
  for (const { opsets: wanted } of copier.used) {
    for (const [domain, version] of wanted) {
      if (!model.opsets.has(domain)) opsets.set(domain, Math.max(version, opsets.get(domain) ?? 0));
    }
  }
  for (const [domain, version] of opsets) whole.message(8, opsetImport(domain, version));
  return whole;
}
