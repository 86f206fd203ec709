/** A file as pieces of another one and bytes between them, so that weights are neither read nor copied. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ByteSource } from "./source";

/** Bytes, or a range [start, end) of the file that the pieces are of. */
export type Piece = Uint8Array | { readonly start: number; readonly end: number };

export function pieceLength(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.end - piece.start;
}

/** A protobuf message that is written from front to back. */
export class Pieces {
  readonly #list: Piece[] = [];
  length = 0;

  get list(): readonly Piece[] {
    return this.#list;
  }

  add(...pieces: readonly Piece[]): this {
    for (const piece of pieces) {
      const length = pieceLength(piece);
      if (length === 0) continue;
      this.#list.push(piece);
      this.length += length;
    }
    return this;
  }

  addAll(other: Pieces): this {
    for (const piece of other.#list) this.#list.push(piece);
    this.length += other.length;
    return this;
  }

  text(field: number, value: string): this {
    return this.add(new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish());
  }

  message(field: number, content: Pieces): this {
    this.add(new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(content.length).finish());
    return this.addAll(content);
  }
}

/** The pieces read as one file. Neighbouring bytes are joined, so that a read looks at few pieces. */
export class PiecedSource implements ByteSource {
  readonly size: number;
  readonly #source: ByteSource;
  readonly #pieces: readonly Piece[];
  /** Where each piece begins. */
  readonly #starts: readonly number[];

  constructor(source: ByteSource, pieces: readonly Piece[]) {
    this.#source = source;
    this.#pieces = joined(pieces);
    const starts: number[] = [];
    let at = 0;
    for (const piece of this.#pieces) {
      starts.push(at);
      at += pieceLength(piece);
    }
    this.#starts = starts;
    this.size = at;
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size);
    const bytes = new Uint8Array(Math.max(0, end - offset));
    let filled = 0;
    for (let index = this.#pieceAt(offset); filled < bytes.length; index++) {
      const piece = this.#pieces[index] as Piece;
      const from = offset + filled - (this.#starts[index] as number);
      const count = Math.min(pieceLength(piece) - from, bytes.length - filled);
      const part =
        piece instanceof Uint8Array
          ? piece.subarray(from, from + count)
          : this.#source.read(piece.start + from, count);
      bytes.set(part, filled);
      filled += part.length;
      // The file became shorter since.
      if (part.length < count) return bytes.subarray(0, filled);
    }
    return bytes;
  }

  /** The last piece that begins at or before a byte. */
  #pieceAt(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  let run: Uint8Array[] = [];
  const flush = () => {
    if (run.length > 1) {
      const bytes = new Uint8Array(run.reduce((all, each) => all + each.length, 0));
      let at = 0;
      for (const each of run) {
        bytes.set(each, at);
        at += each.length;
      }
      result.push(bytes);
    } else result.push(...run);
    run = [];
  };
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) run.push(piece);
    else {
      flush();
      const last = result[result.length - 1];
      if (last && !(last instanceof Uint8Array) && last.end === piece.start)
        result[result.length - 1] = { start: last.start, end: piece.end };
      else result.push(piece);
    }
  }
  flush();
  return result;
}
