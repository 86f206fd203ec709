/** Files as other programs write them, and files that are damaged: read rightly, or refused with what is wrong. */
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../../src/inputs/files/array-file";
import { constantArray } from "../../../src/inputs/constant-array";
import { fitFeeds } from "../../../src/inputs/feeds";
import { oddValues } from "../../../src/inputs/odd-values";
import { temporaryFile } from "../engine/harness";

const table = (content: string | Uint8Array) => openArrayFile(temporaryFile("t.csv", content));
const column = (content: string | Uint8Array, name: string) => {
  const { dtype, data } = table(content).read(name);
  return { dtype, values: Array.from(data as ArrayLike<unknown>, (value) => value) };
};

describe("a table", () => {
  it.each([
    ["semicolons", "a;b\n0.5;2\n1;3\n"],
    ["semicolons and decimal commas", "a;b\n0,5;2\n1;3\n"],
    ["tabs", "a\tb\r\n0.5\t2\r\n1\t3\r\n"],
    ["line ends of old files", "a,b\r0.5,2\r1,3\r"],
    ["spaces and a byte order mark", '\ufeff a , "b" \n0.5, 2\n 1,3\n'],
    ["comments before the header", "# made by hand\r\n#\r\na,b\r\n0.5,2\r\n1,3"],
    ["UTF-16", new Uint8Array(Buffer.from("\ufeffa,b\n0.5,2\n1,3\n", "utf16le"))],
  ])("is read with %s", (_, content) => {
    expect(column(content, "a").values).toEqual([0.5, 1]);
    expect(column(content, "b").values).toEqual([2n, 3n]);
    expect(table(content).whole).toBe("t");
    expect(table(content).read("t").dims).toEqual([2, 2]);
  });

  it("has NaN where a number is missing, and texts where a column holds any", () => {
    const content = "speed,gap,note,done\n1,,,true\nNA,2,end,False\n";
    expect(column(content, "speed").values).toEqual([1, NaN]);
    expect(column(content, "gap").values).toEqual([NaN, 2]);
    expect(column(content, "note")).toEqual({ dtype: "string", values: ["", "end"] });
    expect(column(content, "done")).toEqual({ dtype: "bool", values: [1, 0] });
  });

  it("keeps columns of one name, and of none, apart", () => {
    const names = [...table("a,a,,a\n1,2,3,4\n").headers.keys()];
    expect(names).toEqual(["t", "a", "a (2)", "column 3", "a (3)"]);
  });

  it("does not take other writings for numbers", () => {
    expect(column('a\n0x10\n"1,000"\n', "a")).toEqual({ dtype: "string", values: ["0x10", "1,000"] });
  });

  it("is refused where letters are of another encoding, or a quote stays open", () => {
    expect(() => table(Uint8Array.from([0xe9, 0x2c, 0x62, 0x0a, 0x31, 0x2c, 0x32]))).toThrow(/UTF-8/);
    expect(() => table('a,b\n"1,2\n3,4\n')).toThrow(/never closed/);
  });
});

describe("JSON", () => {
  const json = (text: string) => () => openArrayFile(temporaryFile("t.json", text));

  it("is refused in words where lists are too deep, or a value is none", () => {
    const depth = 100_000;
    expect(json(`{"x": ${"[".repeat(depth)}${"]".repeat(depth)}}`)).toThrow(/nested more than 32 deep/);
    expect(json('{"x": [1, NaN]}')).toThrow(/JSON has no NaN/);
    expect(json('{"x": [1, null]}')).toThrow(/It holds null/);
    expect(json('{"x": [1, {"y": 2}]}')).toThrow(/It holds an object/);
  });

  it("has numbers in an empty list", () => {
    expect(json('{"x": []}')().headers.get("x")).toMatchObject({ dtype: "float64", dims: [0] });
  });
});

/** An npy file of version 1, or another. */
function npy(descr: string, shape: string, data: Uint8Array, version = 1): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + "\n";
  const start = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, 118, 0]);
  return new Uint8Array(Buffer.concat([start, new TextEncoder().encode(header), data]));
}

describe("NumPy's arrays", () => {
  it.each([
    ["|O", /Python objects, which are pickled/],
    ["<c8", /complex numbers/],
    ["<M8[s]", /dates/],
    ["<V2", /bfloat16/],
    ["<f16", /more than 64 bits/],
  ])("of %s are refused with what they hold", (descr, message) => {
    expect(() => openArrayFile(temporaryFile("x.npy", npy(descr, "(1,)", new Uint8Array(16))))).toThrow(
      message,
    );
  });

  it("of another version of the format are refused", () => {
    const content = npy("<f4", "(1,)", new Uint8Array(4), 9);
    expect(() => openArrayFile(temporaryFile("x.npy", content))).toThrow(/version 9/);
  });

  it("are refused where an archive's compressed bytes are damaged and unpack all the same", () => {
    const data = Uint8Array.from({ length: 4000 }, (_, at) => (at * 37) % 251);
    const archive = zipSync({ "x.npy": [npy("|u1", "(4000,)", data), { level: 9 }] });
    expect(openArrayFile(temporaryFile("x.npz", archive)).read("x").data).toEqual(data);
    // The checksum in the list of members, which stands for damage that leaves the stream whole.
    const list = Buffer.from(archive).indexOf(Uint8Array.from([0x50, 0x4b, 1, 2]));
    archive[list + 16]! ^= 1;
    expect(() => openArrayFile(temporaryFile("x.npz", archive)).read("x")).toThrow(/checksum/);
  });
});

describe("safetensors", () => {
  const file = (
    tensors: Record<string, { dtype: string; shape: number[]; at: [number, number] }>,
    bytes: number,
  ) => {
    const header = Buffer.from(
      JSON.stringify(
        Object.fromEntries(
          Object.entries(tensors).map(([name, { dtype, shape, at }]) => [
            name,
            { dtype, shape, data_offsets: at },
          ]),
        ),
      ),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return temporaryFile("x.safetensors", Buffer.concat([length, header, Buffer.alloc(bytes, 1)]));
  };

  it("are refused where bytes belong to no tensor: what follows would be read from the wrong place", () => {
    const at = (from: number, to: number) => ({
      x: { dtype: "U8", shape: [4], at: [from, to] as [number, number] },
    });
    expect(() => openArrayFile(file(at(0, 4), 7))).toThrow(/3 bytes at its end/);
    expect(() => openArrayFile(file(at(2, 6), 6))).toThrow(/from 0 to 2 belong to no tensor/);
    expect(openArrayFile(file(at(0, 4), 4)).read("x").dims).toEqual([4]);
  });

  it("list tensors of a type that is not read, and say so when they are asked for", () => {
    const opened = openArrayFile(
      file(
        { x: { dtype: "F8_E4M3", shape: [4], at: [0, 4] }, y: { dtype: "U8", shape: [1], at: [4, 5] } },
        5,
      ),
    );
    expect([...opened.headers.keys()]).toEqual(["x", "y"]);
    expect(() => opened.read("x")).toThrow(/F8_E4M3 are not read/);
    expect(opened.read("y").data[0]).toBe(1);
  });
});

describe("values that make no sense", () => {
  const odd = (dtype: string, data: Float32Array | Uint16Array) =>
    oddValues(new Map([["x", { dtype, dims: [data.length], data }]]));

  it("are counted, but for the −∞ of masks", () => {
    expect(odd("float32", Float32Array.of(1, NaN, NaN))).toEqual([
      expect.stringMatching(/^x holds 2 × NaN: /),
    ]);
    expect(odd("float32", Float32Array.of(Infinity, -Infinity, 1))[0]).toMatch(/2 × infinity/);
    expect(odd("float32", Float32Array.of(0, -Infinity))).toEqual([]);
    expect(odd("float16", Uint16Array.of(0x7c00, 0x7e00, 0x3c00))[0]).toMatch(/1 × NaN and 1 × infinity/);
    expect(odd("bfloat16", Uint16Array.of(0x7fc0, 0xff80))[0]).toMatch(/^x holds 1 × NaN: /);
  });

  it("are told where rounding made them", () => {
    const input = { name: "x", dtype: "float32", dims: [1] };
    const { feeds } = fitFeeds(
      [input],
      new Map([["x", { dtype: "float64", dims: [1], data: Float64Array.of(1e300) }]]),
      "",
    );
    expect(oddValues(feeds)[0]).toMatch(/1 × infinity/);
  });
});

describe("an input that the manifest writes out", () => {
  it("has the input's own type, so that no conversion is told", () => {
    const input = { name: "x", dtype: "float32", dims: [2] };
    expect(constantArray(input, { fill: "zeros" })).toEqual({
      dtype: "float32",
      dims: [2],
      data: new Float32Array(2),
    });
    expect(constantArray(input, { value: 0.5 })).toMatchObject({
      dtype: "float32",
      data: Float32Array.of(0.5, 0.5),
    });
    // What cannot be that is left for the run to refuse.
    expect(constantArray({ ...input, dtype: "int64" }, { value: 0.5 }).dtype).toBe("float64");
  });
});
