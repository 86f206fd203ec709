/** A model with ranges of its graph replaced. `graph` fields keep their number and order; their lengths change. */
import type { OnnxModel } from "./model";
import { Pieces } from "./pieces";

/** What stands in the place of the bytes [start, end), which are whole fields of the graph. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: Pieces;
}

/**
 * The pieces of the new file.
 * @param edits in the order of the file
 * @param fileBytes size of the file
 */
export function rewritten(model: OnnxModel, fileBytes: number, edits: readonly Edit[]): Pieces {
  const whole = new Pieces();
  let at = 0;
  let next = 0;
  for (const field of model.graphFields) {
    const content = new Pieces();
    let from = field.content;
    for (let edit = edits[next]; edit && edit.end <= field.end; edit = edits[++next]) {
      content.add({ start: from, end: edit.start }).addAll(edit.by);
      from = edit.end;
    }
    content.add({ start: from, end: field.end });
    whole.add({ start: at, end: field.start }).message(7, content);
    at = field.end;
  }
  return whole.add({ start: at, end: fileBytes });
}
