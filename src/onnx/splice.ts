/**
 * Takes nodes out of a model and appends to it, without decoding it: `graph` fields merge, so a graph may be written as
 * the pieces between what is taken out.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Node, OnnxModel } from "./model";
import type { Piece } from "./pieces";

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
): Piece[] {
  const cuts = removed.map((node) => node.range).sort((a, b) => a.start - b.start);
  if (cuts.length === 0) return [{ start: 0, end: fileBytes }, extension];
  const pieces: Piece[] = [];
  let at = 0;
  for (const field of model.graphFields) {
    pieces.push({ start: at, end: field.start });
    let from = field.content;
    const inside = cuts.filter((cut) => cut.start >= field.content && cut.end <= field.end);
    for (const cut of [...inside, { start: field.end, end: field.end }]) {
      if (cut.start > from) pieces.push(graphHeader(cut.start - from), { start: from, end: cut.start });
      from = cut.end;
    }
    at = field.end;
  }
  pieces.push({ start: at, end: fileBytes }, extension);
  return pieces;
}

function graphHeader(length: number): Uint8Array {
  return new BinaryWriter().tag(7, WireType.LengthDelimited).uint32(length).finish();
}
