/** The reader and the search on damaged and hostile models: a result or an error with a code, never anything else. */
import { readFileSync } from "node:fs";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { discover } from "../../../src/attention/discover";
import { embeddingRows } from "../../../src/onnx/embedding-rows";
import { readWhole } from "../../../src/onnx/functions/read-whole";
import { GraphView } from "../../../src/onnx/graph-view";
import { type ByteSource, bytesSource } from "../../../src/onnx/source";
import { AttentionError } from "../../../src/shared/errors";
import { mutate } from "../../fuzz/mutate";
import { Random } from "../../fuzz/random";
import { parse, serialise } from "../../fuzz/wire-tree";
import {
  attentionGraph,
  type BuiltGraph,
  type BuiltNode,
  type BuiltTensor,
  buildModel,
  type BuiltValue,
} from "./model-builder";

const read = (file: string) => new Uint8Array(readFileSync(new URL(`../../../${file}`, import.meta.url)));
const bases = [
  buildModel(attentionGraph({ mask: new Array<number>(25).fill(0) })),
  ...[
    "plain",
    "mha-packed-qkv",
    "gqa-rotary",
    "exp-sum",
    "einsum-ellipsis",
    "opset11-flat",
    "in-function",
  ].map((name) => read(`test/operators/${name}.onnx`)),
  read("test/corpus/perceiver-torchscript17.onnx"),
];

const codes = new Set(["notOnnx", "truncated", "limits"]);

function open(file: ByteSource): string {
  try {
    const { model, source } = readWhole(file);
    discover(model, source);
    embeddingRows(
      GraphView.of(model, source, new Map(model.graph.inputs.map(({ name }) => [name, [2, 3, 4]]))),
    );
    return "opened";
  } catch (error) {
    if (error instanceof AttentionError && codes.has(error.code)) return error.code;
    throw error;
  }
}

const openBytes = (bytes: Uint8Array) => open(bytesSource(bytes));

/** Seconds of the processor, which a busy machine does not stretch as it does a clock. */
function seconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Ends soon, whatever it ends with: what explodes would take minutes. */
function openSoon(graph: BuiltGraph, opset?: number): string {
  const bytes = buildModel(graph, opset);
  const started = seconds();
  const result = openBytes(bytes);
  expect(seconds() - started).toBeLessThan(20);
  return result;
}

describe("mutated models", () => {
  it("of 5,000 seeds with bits flipped give an error with a code or open", () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 5_000; seed++) {
      const random = new Random(seed);
      const flipped = random.pick(bases).slice();
      for (let flips = random.below(6); flips >= 0; flips--) {
        const at = random.below(flipped.length);
        flipped[at] = flipped[at]! ^ (1 << random.below(8));
      }
      const result = openBytes(flipped);
      seen.set(result, (seen.get(result) ?? 0) + 1);
    }
    expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(5_000);
    expect(seen.get("opened")).toBeGreaterThan(500);
    expect(seen.get("truncated")).toBeGreaterThan(500);
  }, 60_000);

  it("of 1,000 seeds with fields changed give an error with a code or open", () => {
    const changes = new Set<string>();
    for (let seed = 0; seed < 1_000; seed++) {
      const random = new Random(seed);
      const { bytes, what } = mutate(random.pick(bases), random.pick(bases), seed);
      openBytes(bytes);
      what.forEach((change) => changes.add(change));
    }
    expect(changes.size).toBeGreaterThan(15);
  }, 60_000);

  it("are written as they were read where nothing is changed", () => {
    for (const base of bases)
      expect(Buffer.from(serialise(parse(base))).equals(Buffer.from(base))).toBe(true);
  });

  it("of any bytes give an error with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        openBytes(bytes);
      }),
      { seed: 5, numRuns: 2_000 },
    );
  });

  it("cut anywhere and joined to another give an error with a code or open", () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.nat(), fc.nat(), (end, start, first, second) => {
        const [a, b] = [bases[first % bases.length]!, bases[second % bases.length]!];
        openBytes(Buffer.concat([a.subarray(0, end), b.subarray(start)]));
      }),
      { seed: 6, numRuns: 500 },
    );
  });
});

const oddNames = [
  "",
  "x",
  "y",
  "__proto__",
  "constructor",
  "toString",
  "a\0b",
  "\u202e",
  "\ud800",
  "x".repeat(300),
];
const name = fc.constantFrom(...oddNames, "p", "q", "w", "s", "probability", "split");
const odd = fc.constantFrom(
  0,
  1,
  -1,
  2,
  3,
  -2,
  -5,
  64,
  65,
  300,
  65_535,
  2 ** 31,
  -(2 ** 31),
  2 ** 52,
  -(2 ** 52),
);
const operators = (
  "Softmax LogSoftmax MatMul Einsum Gemm Reshape Transpose Concat Split Slice Gather GatherND GatherElements Expand Tile Pad " +
  "Unsqueeze Squeeze Constant ConstantOfShape Shape Size Range Where Add Mul Div Sub Mod Equal Min Max ReduceSum ReduceMax " +
  "ReduceMean Exp Sqrt Reciprocal Conv OneHot TopK ArgMax Flatten Cast FusedMatMul MatMulInteger QLinearMatMul Loop If Scan " +
  "DynamicQuantizeLinear LayerNormalization Attention MultiHeadAttention GroupQueryAttention QAttention DecoderAttention " +
  "PackedAttention PackedMultiHeadAttention SparseAttention DecoderMaskedMultiHeadAttention constructor __proto__ toString"
).split(" ");
const attributeNames =
  "axis axes perm equation keepdims allowzero start end num_heads kv_num_heads starts ends pads transA transB split batch_dims num_scan_inputs constructor".split(
    " ",
  );
const equation = fc.oneof(
  fc.constantFrom(
    "",
    "->",
    "ij,jk",
    "bhqd,bhkd->bhqk",
    "...qd,...kd->...qk",
    "i,i->",
    ",",
    "a->aaaa",
    "...->......",
  ),
  fc.string({ maxLength: 12, unit: fc.constantFrom(..."ijk,->. ") }),
);
const list = <T>(of: fc.Arbitrary<T>, most: number) => fc.array(of, { maxLength: most });

const node: fc.Arbitrary<BuiltNode> = fc.record({
  op: fc.constantFrom(...operators),
  inputs: list(name, 5),
  outputs: list(name, 3),
  domain: fc.constantFrom("", "", "", "com.microsoft", "constructor", "ai.onnx"),
  ints: fc.dictionary(fc.constantFrom(...attributeNames), odd, { maxKeys: 3 }),
  intLists: fc.dictionary(fc.constantFrom(...attributeNames), list(odd, 6), { maxKeys: 3 }),
  strings: fc.record({ equation }, { requiredKeys: [] }),
});
const initializer: fc.Arbitrary<BuiltTensor> = fc
  .record({ name, values: list(odd, 6), scalar: fc.boolean(), type: fc.constantFrom(1 as const, 7 as const) })
  .map(({ scalar, ...tensor }) => ({
    ...tensor,
    dims: scalar && tensor.values.length === 1 ? [] : [tensor.values.length],
  }));
const value: fc.Arbitrary<BuiltValue> = fc.record({
  name,
  type: fc.constantFrom(0, 1, 7, 9, 10, 99),
  dims: list(fc.oneof(odd, fc.constantFrom("n", "", "batch", "(a+b)", "2·n", "·")), 5),
});
const graph: fc.Arbitrary<BuiltGraph> = fc.record({
  nodes: list(node, 14),
  inputs: list(value, 4),
  outputs: list(value, 4),
  initializers: list(initializer, 5),
});

describe("hostile graphs", () => {
  it("of any nodes, names and numbers open", () => {
    fc.assert(
      fc.property(graph, fc.constantFrom(7, 11, 13, 17, 23), (built, opset) => {
        expect(codes.has(openBytes(buildModel(built, opset)))).toBe(false);
      }),
      { seed: 7, numRuns: 2_000 },
    );
  }, 60_000);

  it("with an odd tail behind real scores open", () => {
    // The scores are a product; what stands between them and the softmax is anything.
    fc.assert(
      fc.property(list(node, 6), fc.nat(), (tail, seed) => {
        const base = attentionGraph({});
        const at = base.nodes.findIndex(({ op }) => op === "Softmax");
        let last = "score";
        const spliced = tail.map((each, index) => {
          const made = { ...each, inputs: [last, ...each.inputs.slice(0, 3)], outputs: [`tail${index}`] };
          last = `tail${index}`;
          return made;
        });
        base.nodes.splice(seed % 2 ? at : at + 1, 0, ...spliced);
        const reader = base.nodes[seed % 2 ? at + tail.length : base.nodes.length - 1]!;
        if (seed % 2) reader.inputs = [last];
        openBytes(buildModel(base));
      }),
      { seed: 8, numRuns: 1_500 },
    );
  }, 60_000);

  it("with a body that is anything open", () => {
    fc.assert(
      fc.property(graph, node, fc.constantFrom("If", "Loop", "Scan"), (body, outer, op) => {
        const base = attentionGraph({});
        base.nodes.push({ ...outer, op, domain: "", bodies: { body, then_branch: body } });
        openBytes(buildModel(base));
      }),
      { seed: 9, numRuns: 500 },
    );
  }, 60_000);
});

describe("graphs that grow", () => {
  const chain = (
    length: number,
    make: (index: number) => BuiltNode,
    first: Partial<BuiltGraph> = {},
  ): BuiltGraph => ({
    ...first,
    nodes: Array.from({ length }, (_, index) => make(index)),
    inputs: first.inputs ?? [{ name: "v0", dims: [2, 3] }],
    outputs: [{ name: `v${length}`, dims: [2] }],
  });

  it("to 100,000 nodes in a row, also backwards, open", () => {
    const row = chain(100_000, (index) => ({
      op: "Relu",
      inputs: [`v${index}`],
      outputs: [`v${index + 1}`],
    }));
    expect(openSoon(row)).toBe("opened");
    const scores = chain(50_000, (index) => ({
      op: index % 2 ? "Add" : "Mul",
      inputs: [`v${index}`, `v${index}`],
      outputs: [`v${index + 1}`],
    }));
    scores.nodes.push({ op: "Softmax", inputs: ["v50000"], outputs: ["s"] });
    expect(openSoon({ ...scores, nodes: scores.nodes.reverse() })).toBe("opened");
  }, 30_000);

  it("to 200,000 softmaxes in one body open", () => {
    const body: BuiltGraph = {
      nodes: Array.from({ length: 200_000 }, (_, index) => ({
        op: "Softmax",
        inputs: ["a"],
        outputs: [`s${index}`],
      })),
    };
    const nodes = [{ op: "If", inputs: ["flag"], outputs: ["y"], bodies: { then_branch: body } }];
    expect(openSoon({ nodes, inputs: [{ name: "flag", dims: [] }] })).toBe("opened");
  }, 30_000);

  it("to thousands of softmaxes around nodes of thousands of inputs open", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => index);
    const nodes: BuiltNode[] = [
      { op: "Concat", inputs: many.map((index) => `x${index}`), outputs: ["wide"], ints: { axis: 0 } },
      ...many.map((index) => ({ op: "Softmax", inputs: ["wide"], outputs: [`s${index}`] })),
      ...many.map((index) => ({ op: "Mul", inputs: [`s${index}`, "hub"], outputs: [`m${index}`] })),
      { op: "Mul", inputs: many.map((index) => `s${index}`), outputs: ["hub"] },
    ];
    expect(openSoon({ nodes, inputs: [{ name: "x0", dims: [1, 2, 2] }] })).toBe("opened");
  }, 60_000);

  it("by doubling ranks, symbols and values open", () => {
    const doubled = (op: string, ints: Record<string, number> = {}) =>
      chain(200, (index) => ({ op, inputs: [`v${index}`, `v${index}`], outputs: [`v${index + 1}`], ints }));
    expect(openSoon(doubled("Gather"))).toBe("opened");
    expect(openSoon(doubled("Concat", { axis: 0 }))).toBe("opened");
    const shaped = (op: string): BuiltGraph => {
      const graph = doubled(op);
      graph.inputs = [{ name: "x", dims: ["n", "m"] }];
      graph.nodes.unshift({ op: "Shape", inputs: ["x"], outputs: ["v0"] });
      return graph;
    };
    for (const op of ["Add", "Sub", "Mul", "Concat"]) expect(openSoon(shaped(op)), op).toBe("opened");
    const axes = chain(500, (index) => ({
      op: "Unsqueeze",
      inputs: [`v${index}`],
      outputs: [`v${index + 1}`],
      intLists: { axes: Array.from({ length: 200 }, (_, axis) => axis) },
    }));
    expect(openSoon(axes, 11)).toBe("opened");
  }, 30_000);

  it("by nodes with many inputs, each of them many times the same, open", () => {
    const wide = chain(20, (index) => ({
      op: index === 19 ? "Div" : "Where",
      inputs: Array.from({ length: 2_000 }, () => `v${index}`),
      outputs: [`v${index + 1}`],
    }));
    expect(openSoon(wide)).toBe("opened");
    const most = attentionGraph({});
    most.nodes.push({ op: "Sum", inputs: Array.from({ length: 60_000 }, () => "x"), outputs: ["sum"] });
    expect(openSoon(most)).toBe("limits");
  }, 30_000);

  it("by axes, sizes and equations that cannot be open", () => {
    const absurd = [2 ** 31 - 1, -(2 ** 31), 2 ** 52, 1_000_000_000];
    for (const axis of absurd) {
      for (const op of ["Slice", "Pad", "Squeeze", "Unsqueeze", "ReduceSum", "Transpose"]) {
        const lists = { axes: [axis], perm: [axis, -1, 0], starts: [0], ends: [1], pads: [-9, -9] };
        expect(
          openSoon(
            chain(
              3,
              (index) => ({
                op,
                inputs: [`v${index}`],
                outputs: [`v${index + 1}`],
                intLists: lists,
              }),
              {},
            ),
            11,
          ),
          `${op} ${axis}`,
        ).toBe("opened");
      }
      for (const op of ["Concat", "Gather", "Softmax", "Split", "Flatten", "TopK", "OneHot", "ArgMax"]) {
        expect(
          openSoon(
            chain(3, (index) => ({
              op,
              inputs: [`v${index}`, "none"],
              outputs: [`v${index + 1}`],
              ints: { axis },
            })),
          ),
          `${op} ${axis}`,
        ).toBe("opened");
      }
      const target = { name: "target", dims: [3], values: [axis, -1, 0], type: 7 as const };
      for (const op of ["Reshape", "Expand", "Tile", "ConstantOfShape", "Range", "Pad"]) {
        expect(
          openSoon(
            chain(
              3,
              (index) => ({
                op,
                inputs: op === "ConstantOfShape" ? ["target"] : [`v${index}`, "target"],
                outputs: [`v${index + 1}`],
              }),
              { initializers: [target] },
            ),
          ),
          `${op} ${axis}`,
        ).toBe("opened");
      }
    }
    for (const equation of [
      "i".repeat(200_000),
      `${"a,".repeat(50_000)}->a`,
      "...,...->...",
      "ij,jk->kkkkkkkkkkkkk",
    ]) {
      const einsum = chain(2, (index) => ({
        op: "Einsum",
        inputs: [`v${index}`, `v${index}`],
        outputs: [`v${index + 1}`],
        strings: { equation },
      }));
      expect(openSoon(einsum)).toBe("opened");
    }
  }, 60_000);
});

describe("files that grow", () => {
  const wrap = (field: number, content: Uint8Array) =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
  const repeat = (bytes: Uint8Array, times: number) => {
    const all = new Uint8Array(bytes.length * times);
    for (let index = 0; index < times; index++) all.set(bytes, index * bytes.length);
    return all;
  };
  const empty = (field: number) => wrap(field, new Uint8Array(0));

  it("by empty nodes, graphs, values and functions are refused in time and memory", () => {
    const started = seconds();
    for (const field of [11, 12]) expect(openBytes(wrap(7, repeat(empty(field), 60_000)))).toBe("limits");
    for (const field of [7, 25]) expect(openBytes(repeat(empty(field), 60_000))).toBe("limits");
    expect(openBytes(wrap(7, repeat(empty(1), 1_100_000)))).toBe("limits");
    expect(openBytes(wrap(7, repeat(empty(5), 5_100_000)))).toBe("limits");
    expect(seconds() - started).toBeLessThan(20);
  }, 60_000);

  it("by names and lists without end are refused or stepped over", () => {
    const sparse = (size: number, start: Uint8Array): ByteSource => ({
      size,
      read: (offset, length) => {
        const part = new Uint8Array(Math.min(length, size - offset));
        if (offset < start.length) part.set(start.subarray(offset, offset + length));
        return part;
      },
    });
    const header = (field: number, length: number) =>
      new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
    const nested = (...fields: number[]) => {
      // graph → node → …: the last is a text of almost the whole file.
      let length = 1_900_000_000;
      const headers = fields.map((field) => {
        length -= 12;
        return header(field, length);
      });
      return sparse(2_000_000_000, new Uint8Array(Buffer.concat(headers)));
    };
    const started = seconds();
    expect(open(nested(7, 1, 3))).toBe("limits");
    expect(open(nested(7, 5, 8))).toBe("limits");
    // Text and numbers of an attribute may be a compiled model or a forest: stepped over, and the file ends later.
    expect(open(nested(7, 1, 5, 4))).toBe("truncated");
    expect(open(nested(7, 1, 5, 8))).toBe("truncated");
    expect(open(nested(7, 5, 9))).toBe("truncated");
    expect(seconds() - started).toBeLessThan(1);
  });

  it("by a field that protobuf would merge are refused, so that no check reads the other", () => {
    const base = parse(buildModel({ nodes: [{ op: "Constant", inputs: [], outputs: ["c"] }] }));
    const text = (number: number, value: string) => wrap(number, new TextEncoder().encode(value));
    const tensor = wrap(5, text(8, "t"));
    const attribute = new Uint8Array(Buffer.concat([text(1, "value"), tensor, tensor]));
    const node = new Uint8Array(Buffer.concat([text(2, "d"), text(4, "Constant"), wrap(5, attribute)]));
    expect(openBytes(new Uint8Array(Buffer.concat([serialise(base), wrap(7, wrap(1, node))])))).toBe(
      "limits",
    );
    const entry = (key: string, value: string) =>
      wrap(13, new Uint8Array(Buffer.concat([text(1, key), text(2, value)])));
    const twice = new Uint8Array(
      Buffer.concat([text(8, "w"), entry("location", "/etc/hostname"), entry("location", "w.bin")]),
    );
    expect(openBytes(new Uint8Array(Buffer.concat([serialise(base), wrap(7, wrap(5, twice))])))).toBe(
      "limits",
    );
  });
});
