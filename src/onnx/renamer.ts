/** Parts of a graph's bytes under other names; what is large stays a range of the file. */
import { WireType } from "@bufbuild/protobuf/wire";
import { Pieces } from "./pieces";
import type { ByteSource } from "./source";
import { Cursor, type Field, Window } from "./wire";

/** What is longer is not read: it may be a weight. */
const MAX_READ = 4096;

interface Range {
  readonly start: number;
  readonly end: number;
}

export class Renamer {
  readonly #window: Window;

  constructor(source: ByteSource) {
    this.#window = new Window(source);
  }

  get bytesRead(): number {
    return this.#window.bytesRead;
  }

  /** The bytes as they are. */
  raw({ start, end }: Range): Pieces {
    const pieces = new Pieces();
    return end - start > MAX_READ
      ? pieces.add({ start, end })
      : pieces.add(this.#window.bytes(start, end - start).slice());
  }

  /** Every field of a message in turn: its number, its bytes with the tag, and for a message its content. */
  *fields({ start, end }: Range): Generator<{ number: number; whole: Range; content: Range }> {
    const cursor = new Cursor(this.#window, start, end);
    for (
      let from = cursor.offset, field: Field | undefined = cursor.field();
      field;
      from = cursor.offset, field = cursor.field()
    ) {
      const isMessage = field.type === WireType.LengthDelimited;
      const inner = isMessage ? cursor.range() : undefined;
      if (!inner) cursor.skip(field);
      yield {
        number: field.number,
        whole: { start: from, end: cursor.offset },
        content: inner
          ? { start: inner.offset, end: inner.offset + inner.length }
          : { start: cursor.offset, end: cursor.offset },
      };
    }
  }

  /** A message without some of its fields. */
  without(range: Range, left: ReadonlySet<number>): Pieces {
    const pieces = new Pieces();
    for (const { number, whole } of this.fields(range)) if (!left.has(number)) pieces.addAll(this.raw(whole));
    return pieces;
  }

  /**
   * A message with another name.
   * @param field number of the field that holds the name
   */
  named(range: Range, field: number, rename: (name: string) => string): Pieces {
    const pieces = new Pieces();
    for (const { number, whole } of this.fields(range)) {
      if (number === field) pieces.text(field, rename(this.#text(whole)));
      else pieces.addAll(this.raw(whole));
    }
    return pieces;
  }

  #text({ start, end }: Range): string {
    const cursor = new Cursor(this.#window, start, end);
    cursor.field();
    return cursor.string();
  }
}
