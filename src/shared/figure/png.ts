/** PNG bytes from pixels, and base64: small and pure, so that a figure is the same in Node and in a browser. */
import { strToU8, zlibSync } from "fflate";
import type { Picture } from "./scene";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Filter "up": rows of a magnified map repeat, so that their differences are 0. */
const UP = 2;

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = ((crcTable[(value ^ byte) & 0xff] as number) ^ (value >>> 8)) >>> 0;
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** 8-bit true colour. */
export function encodePng({ width, height, rgb }: Picture): Uint8Array {
  const stride = width * 3;
  const filtered = new Uint8Array((stride + 1) * height);
  for (let row = 0; row < height; row++) {
    const to = row * (stride + 1);
    filtered[to] = UP;
    for (let at = 0; at < stride; at++) {
      const above = row === 0 ? 0 : (rgb[(row - 1) * stride + at] as number);
      filtered[to + 1 + at] = (rgb[row * stride + at] as number) - above;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2, 0, 0, 0], 8);
  return joined([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", zlibSync(filtered)),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** The same file with texts in it (`iTXt`, UTF-8), which every reader of PNG keeps or skips. */
export function withTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array {
  const chunks = Object.entries(texts).map(([keyword, text]) =>
    chunk("iTXt", joined([strToU8(keyword), new Uint8Array(5), strToU8(text)])),
  );
  // After the header, which is always first and 25 bytes long.
  const header = SIGNATURE.length + 25;
  return joined([png.subarray(0, header), ...chunks, png.subarray(header)]);
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [one = 0, two = 0, three = 0] = bytes.subarray(at, at + 3);
    const bits = (one << 16) | (two << 8) | three;
    const left = bytes.length - at;
    parts.push(
      (letters[bits >>> 18] as string) +
        (letters[(bits >>> 12) & 63] as string) +
        (left > 1 ? (letters[(bits >>> 6) & 63] as string) : "=") +
        (left > 2 ? (letters[bits & 63] as string) : "="),
    );
  }
  return parts.join("");
}
