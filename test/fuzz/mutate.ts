/** Damaged and hostile models: a base model with one to four seeded changes to its bytes or to its fields. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Random } from "./random";
import { type Field, type Message, messages, parse, serialise } from "./wire-tree";

const encode = (text: string) => new TextEncoder().encode(text);
const message = (kind: Message["kind"], ...fields: Field[]): Message => ({ kind, fields });
const field = (number: number, value: Field["value"]): Field => ({
  number,
  type: typeof value === "bigint" ? WireType.Varint : WireType.LengthDelimited,
  value,
});

const numbers = [0n, 1n, -1n, 2n, 3n, -2n, 64n, 65n, 257n, 65535n, 2n ** 31n, -(2n ** 31n), 2n ** 53n].concat(
  [2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 4_000_000_000n, 1_000_000_000n],
);

const names: readonly Uint8Array[] = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "__defineGetter__",
  "a\0b",
  "\u202eevil",
  "<img src=x onerror=alert(1)>",
  "</script>",
  "../../x",
  "'".repeat(50_000),
  "/".repeat(20_000),
  "layers.1.".repeat(5_000),
]
  .map(encode)
  .concat([Uint8Array.from([0xff, 0xfe, 0xc0, 0x80]), Uint8Array.from([0xed, 0xa0, 0x80])]);
const largeName = new Uint8Array(1 << 20).fill(0x61);

const operators = (
  "Softmax LogSoftmax MatMul Einsum Gemm Reshape Transpose Concat Split Slice Gather GatherND Expand Tile Pad Unsqueeze " +
  "Squeeze Constant ConstantOfShape Shape Range Where Add Mul Div Sub ReduceSum ReduceMax Exp If Loop Scan Attention " +
  "MultiHeadAttention GroupQueryAttention QAttention PackedAttention SparseAttention DecoderAttention FusedMatMul Conv OneHot " +
  "TopK Flatten Cast constructor __proto__ toString valueOf"
).split(" ");
const equations = [
  "",
  "->",
  ",,,->",
  "ij,jk",
  "ij,jk->ik->",
  "...i,...j",
  "ü,ü->ü",
  "i".repeat(5_000),
  "a,b->" + "ab".repeat(300),
];

/** Where a text stands as a name, by kind of message. */
const nameFields: Partial<Record<Message["kind"], readonly number[]>> = {
  graph: [2],
  node: [1, 2, 3, 4, 7],
  attribute: [1, 4],
  tensor: [8],
  value: [1],
  dim: [2],
  entry: [1, 2],
  function: [1, 4, 5, 10],
};

type Change = (tree: Message, random: Random, other: Message) => void;

/** A message of the tree that has fields, of a kind if one is given. */
function some(tree: Message, random: Random, kind?: Message["kind"]): Message | undefined {
  const all = messages(tree).filter((each) => each.fields.length > 0 && (!kind || each.kind === kind));
  return all.length ? random.pick(all) : undefined;
}

const changes: Readonly<Record<string, Change>> = {
  "field removed": (tree, random) => {
    const at = some(tree, random);
    at?.fields.splice(random.below(at.fields.length), 1);
  },
  "field doubled": (tree, random) => {
    const at = some(tree, random);
    if (at) at.fields.splice(random.below(at.fields.length), 0, random.pick(at.fields));
  },
  "fields in another order": (tree, random) => {
    const at = some(tree, random, "graph");
    if (!at) return;
    const [i, j] = [random.below(at.fields.length), random.below(at.fields.length)];
    [at.fields[i], at.fields[j]] = [at.fields[j]!, at.fields[i]!];
  },
  "field from another model": (tree, random, other) => {
    const from = some(other, random);
    const to = from && some(tree, random, from.kind);
    if (to) to.fields.splice(random.below(to.fields.length), 0, random.pick(from.fields));
  },
  "field where it does not belong": (tree, random) => {
    const [from, to] = [some(tree, random), some(tree, random)];
    // Only bytes: a message that holds itself cannot be written.
    const moved = from?.fields.filter(
      ({ value }) => typeof value === "bigint" || value instanceof Uint8Array,
    );
    if (to && moved?.length) to.fields.push(random.pick(moved));
  },
  "absurd number": (tree, random) => {
    const all = messages(tree).flatMap((each) =>
      each.fields.filter(({ value }) => typeof value === "bigint"),
    );
    if (all.length) random.pick(all).value = random.pick(numbers);
  },
  "absurd dimensions": (tree, random) => {
    const at = some(tree, random, random.below(2) ? "tensor" : "dim");
    if (at) at.fields.push(field(1, random.pick(numbers)));
  },
  "absurd values of a small tensor": (tree, random) => {
    const all = messages(tree)
      .filter(({ kind }) => kind === "tensor")
      .flatMap((each) =>
        each.fields.filter(({ number, value }) => number === 9 && value instanceof Uint8Array),
      )
      .filter(({ value }) => (value as Uint8Array).length % 8 === 0 && (value as Uint8Array).length <= 64);
    if (!all.length) return;
    const chosen = random.pick(all);
    const count = (chosen.value as Uint8Array).length / 8;
    chosen.value = new Uint8Array(BigInt64Array.from({ length: count }, () => random.pick(numbers)).buffer);
  },
  "absurd list of an attribute": (tree, random) => {
    const at = some(tree, random, "attribute");
    if (!at) return;
    const count = random.pick([1, 2, 4, 8, 300]);
    for (let index = 0; index < count; index++) at.fields.push(field(8, random.pick(numbers)));
  },
  "another name": (tree, random) => {
    const texts = messages(tree).flatMap((each) =>
      each.fields.filter(
        ({ number, value }) => value instanceof Uint8Array && nameFields[each.kind]?.includes(number),
      ),
    );
    if (!texts.length) return;
    const chosen = random.pick(texts);
    const roll = random.below(100);
    // A name of the model itself makes cycles, duplicates and inputs that are outputs.
    chosen.value = roll < 60 ? random.pick(texts).value : roll < 99 ? random.pick(names) : largeName;
  },
  "another operator": (tree, random) => {
    const at = some(tree, random, "node");
    const type = at?.fields.find(({ number }) => number === 4);
    if (!at || !type) return;
    type.value = encode(random.pick(operators));
    if (random.below(3) === 0) at.fields.push(field(7, encode("com.microsoft")));
  },
  "garbage equation": (tree, random) => {
    const at = some(tree, random, "node");
    if (!at) return;
    at.fields.push(
      field(4, encode("Einsum")),
      field(5, message("attribute", field(1, encode("equation")), field(4, encode(random.pick(equations))))),
    );
  },
  "node that reads itself": (tree, random) => {
    const at = some(tree, random, "node");
    const output = at?.fields.find(({ number }) => number === 2);
    if (at && output) at.fields.unshift({ ...output, number: 1 });
  },
  "node without inputs or outputs": (tree, random) => {
    const at = some(tree, random, "node");
    const which = 1 + random.below(2);
    if (at) at.fields = at.fields.filter(({ number }) => number !== which);
  },
  "graph field repeated": (tree, random) => {
    const graph = tree.fields.find(({ number }) => number === 7);
    if (graph) for (let times = random.below(4); times >= 0; times--) tree.fields.push(graph);
  },
  "deep nesting": (tree, random) => {
    const at = some(tree, random, "node");
    if (!at) return;
    let inner: Message = message("graph", field(1, message("node", field(4, encode("Softmax")))));
    for (let depth = random.pick([1, 3, 20, 40, 200]); depth > 0; depth--) {
      const body = message("attribute", field(1, encode("body")), field(6, inner));
      inner = message("graph", field(1, message("node", field(4, encode("Loop")), field(5, body))));
    }
    at.fields.push(field(5, message("attribute", field(1, encode("body")), field(6, inner))));
  },
  "external data": (tree, random) => {
    const at = some(tree, random, "tensor");
    if (!at) return;
    const entry = (key: string, value: string) =>
      field(13, message("entry", field(1, encode(key)), field(2, encode(value))));
    const place = random.pick([
      "../x",
      "/etc/hostname",
      "C:\\x",
      "\\\\host\\x",
      "*/_ORT_MEM_ADDR_/*",
      "x\0y",
      "model.onnx",
    ]);
    at.fields.push(
      entry("location", place),
      entry("offset", random.pick(["-1", "0", "1e9", "9007199254740993"])),
    );
    at.fields.push(field(14, 1n));
  },
};

const kindsOfChange = Object.keys(changes);

/** Changes to the bytes, after those to the fields. */
function damage(bytes: Uint8Array, random: Random): { bytes: Uint8Array; what: string } | undefined {
  const roll = random.below(10);
  const result = bytes.slice();
  const place = () => random.below(result.length || 1);
  if (roll < 4) {
    for (let flips = random.below(8); flips >= 0; flips--) {
      const at = place();
      result[at] = (result[at] ?? 0) ^ (1 << random.below(8));
    }
    return { bytes: result, what: "bits flipped" };
  }
  if (roll === 4) return { bytes: result.subarray(0, place()), what: "cut" };
  if (roll === 5) {
    const bomb = new BinaryWriter()
      .tag(random.pick([1, 5, 7, 11, 13]), WireType.LengthDelimited)
      .uint32(random.pick([0x7fffffff, 0xffffffff, 1 << 20]))
      .finish();
    result.set(
      bomb.subarray(0, Math.max(0, result.length - 8)),
      Math.min(place(), Math.max(0, result.length - 8)),
    );
    return { bytes: result, what: "length bomb" };
  }
  if (roll === 6) {
    const [from, to] = [place(), place()];
    result.copyWithin(to, from, from + random.below(200));
    return { bytes: result, what: "bytes copied" };
  }
  return undefined;
}

/** The model of a seed, and what was done to it in words. */
export function mutate(
  base: Uint8Array,
  other: Uint8Array,
  seed: number,
): { bytes: Uint8Array; what: string[] } {
  const random = new Random(seed);
  const what: string[] = [];
  let bytes = base;
  if (random.below(4) > 0) {
    const tree = parse(base);
    const donor = parse(other);
    for (let times = random.below(4); times >= 0; times--) {
      const name = random.pick(kindsOfChange);
      changes[name]!(tree, random, donor);
      what.push(name);
    }
    bytes = serialise(tree);
  }
  const damaged = what.length === 0 || random.below(4) === 0 ? damage(bytes, random) : undefined;
  if (damaged) {
    bytes = damaged.bytes;
    what.push(damaged.what);
  }
  return { bytes, what };
}
