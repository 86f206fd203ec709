/** Random access to the bytes of a model file. Reading is counted: opening must cost the graph, not the weights. */
export interface ByteSource {
  readonly size: number;
  /** The bytes [offset, offset + length); fewer only at the end of the file. */
  read(offset: number, length: number): Uint8Array;
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}
