import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";

interface Packed {
  readonly text: string;
  readonly buffers: readonly ArrayBuffer[];
}
/** What is tested of `bench/view/wire.ts`, which belongs to another project of TypeScript. */
interface Wire {
  pack(message: unknown): Packed;
  unpack(packed: Packed): unknown;
  packedBytes(packed: Packed): number;
  toBlock(packed: Packed): Uint8Array<ArrayBuffer>;
  fromBlock(bytes: Uint8Array<ArrayBuffer>): { packed: Packed; rest: Uint8Array<ArrayBuffer> } | null;
}

let wire: Wire;
beforeAll(async () => {
  wire = await vi.importActual<Wire>("../../../bench/view/wire");
});

const buffer = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;

describe("a message to the view", () => {
  it("comes out of its block as it went in, buffers and all, with what follows left over", () => {
    const message = { id: 3, result: { cells: buffer(1, 2, 3), name: "Über", maxima: buffer() } };
    const block = wire.toBlock(wire.pack(message));
    const joined = new Uint8Array([...block, 7, 7]);
    const read = wire.fromBlock(joined);
    expect(read && wire.unpack(read.packed)).toEqual(message);
    expect([...(read?.rest ?? [])]).toEqual([7, 7]);
  });

  it("is not read before it is whole", () => {
    const block = wire.toBlock(wire.pack({ cells: buffer(1, 2, 3, 4) }));
    for (let length = 0; length < block.length; length++)
      expect(wire.fromBlock(block.subarray(0, length)), `${length} bytes`).toBeNull();
    expect(wire.fromBlock(block)?.rest).toHaveLength(0);
  });

  it("costs its buffers and the bytes of its text", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (cells, name) => {
        const without = wire.packedBytes(wire.pack({ name, cells: new ArrayBuffer(0) }));
        const packed = wire.pack({ name, cells: Uint8Array.from(cells).buffer });
        expect(wire.packedBytes(packed) - without).toBe(cells.length);
        expect(without).toBe(Buffer.byteLength(packed.text));
      }),
    );
  });
});
