/** A model of one product of two 2 × 2 matrices, to see whether a provider runs at all. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Inputs `a` and `b` as float32[2, 2], output `y` = a · b. */
export function tinyModel(): Uint8Array {
  const message = (field: number, write: (writer: BinaryWriter) => void) => (parent: BinaryWriter) => {
    const inner = new BinaryWriter();
    write(inner);
    parent.tag(field, WireType.LengthDelimited).bytes(inner.finish());
  };
  const text = (field: number, value: string) => (parent: BinaryWriter) =>
    void parent.tag(field, WireType.LengthDelimited).string(value);
  const int = (field: number, value: number) => (parent: BinaryWriter) =>
    void parent.tag(field, WireType.Varint).int32(value);
  const all =
    (...parts: ((parent: BinaryWriter) => void)[]) =>
    (parent: BinaryWriter) =>
      parts.forEach((part) => part(parent));
  const dim = message(1, int(1, 2));
  const matrix = (field: number, name: string) =>
    message(field, all(text(1, name), message(2, message(1, all(int(1, 1), message(2, all(dim, dim)))))));
  const writer = new BinaryWriter();
  all(
    int(1, 8),
    message(
      7,
      all(
        message(1, all(text(1, "a"), text(1, "b"), text(2, "y"), text(4, "MatMul"))),
        text(2, "tiny"),
        matrix(11, "a"),
        matrix(11, "b"),
        matrix(12, "y"),
      ),
    ),
    message(8, all(text(1, ""), int(2, 13))),
  )(writer);
  return writer.finish();
}
