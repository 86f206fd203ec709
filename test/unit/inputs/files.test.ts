import { readFileSync } from "node:fs";
import path from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../../src/inputs/files/array-file";
import type { ArrayFile } from "../../../src/inputs/files/lazy-arrays";
import { root, temporaryFile, temporaryFolder } from "../engine/harness";

const folder = path.join(root, "test/fixtures/inputs");
const expected = JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8")) as Record<
  string,
  { dims: number[]; values: (number | string | boolean)[] }
>;

const values = (file: ArrayFile, name: string, part?: Parameters<ArrayFile["read"]>[1]) => {
  const { data, dtype } = file.read(name, part);
  return Array.from(data as ArrayLike<unknown>, (value) =>
    dtype === "bool"
      ? value === 1
      : typeof value !== "bigint"
        ? value
        : value > 2n ** 53n || value < -(2n ** 53n)
          ? String(value)
          : Number(value),
  );
};

describe.each(["stored.npz", "compressed.npz", "tensors.safetensors"])("%s, as NumPy wrote it", (name) => {
  it("gives every array, whole and in parts along each axis", () => {
    const file = openArrayFile(path.join(folder, name));
    expect(file.headers.size).toBe(name.endsWith(".npz") ? 12 : 7);
    for (const [array, { dims }] of file.headers) {
      const wanted = expected[array]!;
      expect(dims, array).toEqual(wanted.dims);
      expect(values(file, array), array).toEqual(wanted.values);
      dims.forEach((size, axis) => {
        const indices = [size - 1, 0].filter((index) => index >= 0 && index < size);
        if (indices.length === 0) return;
        const inner = dims.slice(axis + 1).reduce((all, dim) => all * dim, 1);
        const part = wanted.values.filter((_, at) => Math.floor(at / inner) % size === indices[0]);
        expect(values(file, array, { axis, indices: [indices[0]!] }), `${array} axis ${axis}`).toEqual(part);
        expect(file.read(array, { axis, indices }).dims[axis]).toBe(indices.length);
      });
    }
    file.close();
  });
});

describe("a stored archive", () => {
  it("is read by range: a step costs the step's bytes", () => {
    const step = 1000;
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (2000, ${step}), }`.padEnd(117) + "\n";
    const npy = new Uint8Array(128 + 2000 * step * 4);
    npy.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    npy.set(new TextEncoder().encode(header), 10);
    new Float32Array(npy.buffer, 128)[1234 * step] = 7;
    const file = openArrayFile(temporaryFile("long.npz", zipSync({ "x.npy": [npy, { level: 0 }] })));
    const { data, dims } = file.read("x", { axis: 0, indices: [1234] });
    expect(dims).toEqual([1, step]);
    expect(data[0]).toBe(7);
    // The values are a copy of their own, so the archive's bytes are not held by them.
    expect((data as Float32Array).buffer.byteLength).toBe(step * 4);
    file.close();
  });
});

describe("other files of arrays", () => {
  it("of one array are named after the file", () => {
    const file = openArrayFile(path.join(folder, "single.npy"));
    expect([...file.headers.keys()]).toEqual(["single"]);
    expect(values(file, "single")).toEqual(expected["floats"]!.values);
  });

  it("in JSON are nested lists", () => {
    const json = { ids: [[1, 2, 3]], x: [[0.5], [1]], on: [true, false], words: ["a", "b"] };
    const file = openArrayFile(temporaryFile("in.json", JSON.stringify(json)));
    expect(
      Object.fromEntries([...file.headers].map(([name, { dtype, dims }]) => [name, [dtype, ...dims]])),
    ).toEqual({
      ids: ["int64", 1, 3],
      x: ["float64", 2, 1],
      on: ["bool", 2],
      words: ["string", 2],
    });
    expect(() => openArrayFile(temporaryFile("bad.json", '{"x": [[1, 2], [3]]}'))).toThrow(
      /different lengths/,
    );
    expect(() => openArrayFile(temporaryFile("bad.json", "[1, 2"))).toThrow(/JSON/);
  });

  it("in CSV are columns by their names, and all numbers together", () => {
    const text = '# made by hand\r\nx,"y, quoted",word\r\n1,0.5,"say ""hi"""\r\n2,-1,b\r\n';
    const file = openArrayFile(temporaryFile("table.csv", text));
    expect([...file.headers.keys()]).toEqual(["table", "x", "y, quoted", "word"]);
    expect(file.read("table")).toEqual({
      dtype: "float64",
      dims: [2, 2],
      data: Float64Array.from([1, 0.5, 2, -1]),
    });
    expect(file.read("word").data).toEqual(['say "hi"', "b"]);
    expect(openArrayFile(temporaryFile("bare.csv", "1,2\n3,4")).read("bare").dims).toEqual([2, 2]);
    expect(() => openArrayFile(temporaryFile("bad.csv", "a,b\n1\n"))).toThrow(/Row 2 has 1 cells/);
  });
});

describe("files that are refused before they are unpacked", () => {
  it("by the size that an archive declares", () => {
    // Zeros shrink a thousandfold: 5 MB that declare to be 5 GB.
    const zip = zipSync({ "x.npy": new Uint8Array(5_000_000) });
    const view = new DataView(zip.buffer);
    for (let at = 0; at + 46 < zip.length; at++)
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 0xfffffff0, true);
    expect(() => openArrayFile(temporaryFile("bomb.npz", zip))).toThrow(
      expect.objectContaining({ code: "inputTooLarge" }) as Error,
    );
  });

  it("by the size that it declares, when it would unpack to more", () => {
    const zip = zipSync({ "x.npy": new Uint8Array(5_000_000) });
    const view = new DataView(zip.buffer);
    for (let at = 0; at + 46 < zip.length; at++)
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 1000, true);
    expect(() => openArrayFile(temporaryFile("liar.npz", zip))).toThrow(/does not unpack to the 1000 bytes/);
  });

  it("by what a tensor's header declares", () => {
    const tensors = (header: unknown, data: number) => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      const bytes = new Uint8Array(8 + json.length + data);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
      bytes.set(json, 8);
      return temporaryFile("x.safetensors", bytes);
    };
    const tensor = (from: number, to: number) => ({
      dtype: "F32",
      shape: [(to - from) / 4],
      data_offsets: [from, to],
    });
    expect(() => openArrayFile(tensors({ a: tensor(0, 16) }, 8))).toThrow(/outside the file/);
    expect(() => openArrayFile(tensors({ a: tensor(0, 8), b: tensor(4, 12) }, 12))).toThrow(/overlap/);
    const one = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    const twice = new TextEncoder().encode(`12345678{${one},${one}}1234`);
    new DataView(twice.buffer).setBigUint64(0, BigInt(twice.length - 12), true);
    expect(() => openArrayFile(temporaryFile("x.safetensors", twice))).toThrow(/names a twice/);
    const long = new Uint8Array(16);
    new DataView(long.buffer).setBigUint64(0, 2n ** 60n, true);
    expect(() => openArrayFile(temporaryFile("x.safetensors", long))).toThrow(/longer than the file/);
  });

  it("with a name that says nothing, or that is no file", () => {
    expect(() => openArrayFile(temporaryFile("x.pkl", "x"))).toThrow(/npz, .npy/);
    expect(() => openArrayFile(path.join(temporaryFolder(), "none.npz"))).toThrow(
      expect.objectContaining({ code: "fileNotFound" }) as Error,
    );
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999,), }".padEnd(117) + "\n";
    const npy = new Uint8Array(128);
    npy.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    npy.set(new TextEncoder().encode(header), 10);
    expect(() => openArrayFile(temporaryFile("short.npy", npy))).toThrow(
      /wants 399999996 bytes, and 0 are there/,
    );
  });
});
