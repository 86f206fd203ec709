/**
 * Whether the header of a safetensors file is sound: an unsigned 64-bit length, then that many bytes of JSON with
 * the type, shape and byte range of each tensor (https://github.com/huggingface/safetensors#format).
 */
import * as z from "zod";

/** The format's own limit for a header. */
const MOST_HEADER_BYTES = 100_000_000;

const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

/** Keys of the outermost object in the order of the text, repeated ones as often as they stand there. */
function outermostKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  const token = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g;
  for (const [text, inside, colon] of json.matchAll(token)) {
    if (inside !== undefined) {
      if (depth === 1 && colon !== undefined) keys.push(inside);
    } else depth += text === "{" || text === "[" ? 1 : -1;
  }
  return keys;
}

function headerProblem(json: string, dataBytes: number): string | null {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    return "its header is not JSON";
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    return "its header is not an object";
  const keys = outermostKeys(json);
  if (new Set(keys).size !== keys.length) return "its header names a tensor twice";
  const ranges: [number, number][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const tensor = tensorSchema.safeParse(value);
    if (!tensor.success) return `its header says nothing usable of the tensor ${name.slice(0, 80)}`;
    const [start, end] = tensor.data.data_offsets;
    if (end < start || end > dataBytes) return `the tensor ${name.slice(0, 80)} lies outside the file`;
    if (end > start) ranges.push([start, end]);
  }
  ranges.sort(([a], [b]) => a - b);
  let used = 0;
  for (const [start, end] of ranges) {
    if (start < used) return "its tensors overlap";
    used = end;
  }
  return null;
}

/** What is wrong with the header, or null. Nothing is allocated before its length was compared with the file's. */
export async function safetensorsProblem(
  size: number,
  read: (bytes: number, position: number) => Promise<Buffer>,
): Promise<string | null> {
  const prefix = await read(8, 0);
  if (prefix.length < 8) return "it is cut short";
  const length = prefix.readBigUInt64LE(0);
  if (length > BigInt(size - 8)) return `its header would be ${length} bytes long and the file has ${size}`;
  if (length > BigInt(MOST_HEADER_BYTES)) return `its header of ${length} bytes is over the limit of 100 MB`;
  const bytes = await read(Number(length), 8);
  return headerProblem(bytes.toString("utf8"), size - 8 - Number(length));
}
