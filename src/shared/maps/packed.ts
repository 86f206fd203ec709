/**
 * Arrays as bytes that compress well: the bytes of floats by their place (signs and exponents of probabilities are
 * alike), flags as bits. Nothing is rounded.
 */

/** Byte 3 of every number, then byte 2, 1, 0 (little endian). */
export function packFloats(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const packed = new Uint8Array(bytes.length);
  const count = values.length;
  for (let index = 0; index < count; index++)
    for (let place = 0; place < 4; place++)
      packed[(3 - place) * count + index] = bytes[index * 4 + place] as number;
  return packed;
}

export function unpackFloats(packed: Uint8Array): Float32Array<ArrayBuffer> {
  const count = packed.length / 4;
  const values = new Float32Array(count);
  const bytes = new Uint8Array(values.buffer);
  for (let index = 0; index < count; index++)
    for (let place = 0; place < 4; place++)
      bytes[index * 4 + place] = packed[(3 - place) * count + index] as number;
  return values;
}

/** Eight flags a byte, the first in the lowest bit. */
export function packFlags(flags: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(flags.length / 8));
  flags.forEach((flag, index) => {
    if (flag) packed[index >> 3] = (packed[index >> 3] as number) | (1 << (index & 7));
  });
  return packed;
}

export function unpackFlags(packed: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const flags = new Uint8Array(count);
  for (let index = 0; index < count; index++)
    flags[index] = ((packed[index >> 3] as number) >> (index & 7)) & 1;
  return flags;
}
