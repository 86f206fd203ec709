/**
 * Takes nodes out of a model and appends to it, without decoding it: `graph` fields merge, so that what is added is a
 * graph of its own behind the file's.
 */
import type { Node, OnnxModel } from "./model";
import { type Piece, Pieces } from "./pieces";
import { rewritten } from "./rewrite";

/**
 * The pieces of the new file, in order, as ranges of the old one and bytes to write between them.
 * @param fileBytes size of the file
 * @param extension bytes to append (`append.ts`)
 */
export function splicePieces(
  model: OnnxModel,
  fileBytes: number,
  removed: readonly Node[],
  extension: Uint8Array,
): readonly Piece[] {
  if (removed.length === 0) return [{ start: 0, end: fileBytes }, extension];
  const edits = removed
    .map(({ range }) => ({ ...range, by: new Pieces() }))
    .sort((a, b) => a.start - b.start);
  return rewritten(model, fileBytes, edits).add(extension).list;
}
