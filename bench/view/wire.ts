/**
 * A message on its way to a webview, in the form in which VS Code sends it between its processes: JSON, with the
 * buffers beside it and a reference in their place
 * (https://github.com/microsoft/vscode, `extHostWebviewMessaging.ts`). What is counted here is what travels.
 */

const REFERENCE = "$$buffer";

export interface Packed {
  readonly text: string;
  readonly buffers: readonly ArrayBuffer[];
}

export function pack(message: unknown): Packed {
  const buffers: ArrayBuffer[] = [];
  const text = JSON.stringify(message, (_key, value: unknown) => {
    if (!(value instanceof ArrayBuffer)) return value;
    buffers.push(value);
    return { [REFERENCE]: buffers.length - 1 };
  });
  return { text, buffers };
}

export function unpack({ text, buffers }: Packed): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || !(REFERENCE in value)) return value;
    return buffers[Number(value[REFERENCE])];
  });
}

/** Bytes of the text and of the buffers. */
export function packedBytes({ text, buffers }: Packed): number {
  return new TextEncoder().encode(text).length + buffers.reduce((all, each) => all + each.byteLength, 0);
}

/** One block: uint32 number of parts, uint32 length of each, then the parts: text first. */
export function toBlock({ text, buffers }: Packed): Uint8Array<ArrayBuffer> {
  const parts = [new TextEncoder().encode(text), ...buffers.map((each) => new Uint8Array(each))];
  const head = 4 * (parts.length + 1);
  const block = new Uint8Array(parts.reduce((all, part) => all + part.length, head));
  const view = new DataView(block.buffer);
  view.setUint32(0, parts.length);
  let at = head;
  for (const [index, part] of parts.entries()) {
    view.setUint32(4 * (index + 1), part.length);
    block.set(part, at);
    at += part.length;
  }
  return block;
}

/** The first block of these bytes and what is left of them; null while it is not whole. */
export function fromBlock(
  bytes: Uint8Array<ArrayBuffer>,
): { packed: Packed; rest: Uint8Array<ArrayBuffer> } | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0);
  const head = 4 * (count + 1);
  if (bytes.length < head) return null;
  const lengths = Array.from({ length: count }, (_, index) => view.getUint32(4 * (index + 1)));
  const end = lengths.reduce((all, length) => all + length, head);
  if (bytes.length < end) return null;
  let at = head;
  const parts = lengths.map((length) => bytes.slice(at, (at += length)));
  const [text, ...buffers] = parts;
  return {
    packed: { text: new TextDecoder().decode(text), buffers: buffers.map((part) => part.buffer) },
    rest: bytes.subarray(end),
  };
}
