/**
 * Rewrites a control-flow node so that tensors of its bodies are returned: its own bytes are kept, a body's graph is
 * extended at its end, and outputs are added.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Node } from "./model";
import type { ByteSource } from "./source";
import { Cursor, Window } from "./wire";

/** What changes in a body: fields of its nodes that go, in order, and bytes of a GraphProto to merge into it. */
export interface ChangedBody {
  readonly removed: readonly { readonly start: number; readonly end: number }[];
  readonly added: Uint8Array;
}

/**
 * The content of the new NodeProto.
 * @param bodies what changes in the graph of each attribute
 * @param outputs names to add to the node's outputs, in the order of the bodies' new outputs
 */
export function patchNode(
  source: ByteSource,
  node: Node,
  bodies: ReadonlyMap<string, ChangedBody>,
  outputs: readonly string[],
): Uint8Array {
  const window = new Window(source);
  const field = new Cursor(window, node.range.start, node.range.end);
  field.field();
  const content = field.message();
  const written = new BinaryWriter();
  const raw = (start: number, end: number) => written.raw(window.bytes(start, end - start).slice());
  for (
    let start = content.offset, next = content.field();
    next;
    start = content.offset, next = content.field()
  ) {
    if (next.number !== 5) {
      content.skip(next);
      raw(start, content.offset);
      continue;
    }
    const attribute = content.message();
    const [from, to] = [attribute.offset, attribute.end];
    const extra = bodies.get(nameOf(attribute));
    if (!extra) raw(start, to);
    else {
      written.tag(5, WireType.LengthDelimited).bytes(extended(window, from, to, extra));
    }
  }
  for (const output of outputs) written.tag(2, WireType.LengthDelimited).string(output);
  return written.finish();
}

/** An attribute whose graph has more at its end: the bytes of two messages one after the other are both merged. */
function extended(window: Window, start: number, end: number, { removed, added }: ChangedBody): Uint8Array {
  const attribute = new Cursor(window, start, end);
  const written = new BinaryWriter();
  const bytes = (from: number, to: number) => window.bytes(from, to - from).slice();
  for (
    let from = attribute.offset, next = attribute.field();
    next;
    from = attribute.offset, next = attribute.field()
  ) {
    if (next.number !== 6) {
      attribute.skip(next);
      written.raw(bytes(from, attribute.offset));
      continue;
    }
    const { offset, length } = attribute.range();
    const gone = removed.reduce((all, range) => all + range.end - range.start, 0);
    written.tag(6, WireType.LengthDelimited).uint32(length - gone + added.length);
    let kept = offset;
    for (const range of removed) {
      written.raw(bytes(kept, range.start));
      kept = range.end;
    }
    written.raw(bytes(kept, offset + length)).raw(added);
  }
  return written.finish();
}

function nameOf(attribute: Cursor): string {
  for (let next = attribute.field(); next; next = attribute.field()) {
    if (next.number === 1) return attribute.string();
    attribute.skip(next);
  }
  return "";
}
