// Reads tar archives as npm publishes them (ustar, with pax and GNU long names), so that no `tar` program is
// needed. Files and folders only: links in an archive are refused.
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import { createGunzip } from "node:zlib";

const BLOCK = 512;

/**
 * @typedef {object} Entry
 * @property {string} name Path inside the archive, with `/`.
 * @property {"file" | "folder"} type
 * @property {number} size Bytes.
 * @property {number} mode Permission bits.
 */

/**
 * Unpack a tar stream into `folder`.
 * @param {AsyncIterable<Buffer>} stream Uncompressed tar bytes.
 * @param {string} folder Where to; made when missing.
 * @param {(name: string) => string | null} [place] Where an entry goes below `folder`; null leaves it out.
 * @returns {Promise<number>} How many files were written.
 */
export async function unpackTar(stream, folder, place = (name) => name) {
  const bytes = byteReader(stream);
  let written = 0;
  let longName = null;
  for (;;) {
    const header = await bytes.read(BLOCK);
    if (header === null || header.every((byte) => byte === 0)) return written;
    const size = octal(header, 124, 12);
    const kind = String.fromCharCode(header[156] || 48);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (kind === "x" || kind === "g" || kind === "L") {
      const text = (await bytes.read(size)).toString("utf8");
      await bytes.read(padding);
      if (kind === "L") longName = text.replace(/\0.*$/s, "");
      if (kind === "x") longName = paxPath(text) ?? longName;
      continue;
    }
    const name = longName ?? headerName(header);
    longName = null;
    const target = kind === "0" || kind === "5" ? place(name) : null;
    if (target === null || kind === "5") {
      if (target !== null) await mkdir(inside(folder, target), { recursive: true });
      await bytes.skip(size + padding);
      continue;
    }
    await writeEntry(bytes, inside(folder, target), size, octal(header, 100, 8));
    await bytes.skip(padding);
    written += 1;
  }
}

/** As `unpackTar`, from a `.tgz` file. */
export function unpackTarball(file, folder, place) {
  return unpackTar(createReadStream(file).pipe(createGunzip()), folder, place);
}

async function writeEntry(bytes, file, size, mode) {
  await mkdir(path.dirname(file), { recursive: true });
  // npm gives executables their bit; nothing is left unreadable or writable by others.
  const handle = await open(file, "w", (mode & 0o111) === 0 ? 0o644 : 0o755);
  try {
    let left = size;
    while (left > 0) {
      const chunk = await bytes.read(Math.min(left, 1 << 20));
      if (chunk === null) throw new Error(`The archive ends inside ${file}.`);
      await handle.write(chunk);
      left -= chunk.length;
    }
  } finally {
    await handle.close();
  }
}

/** A path below `folder`; a name that leads out of it is an error. */
function inside(folder, name) {
  const target = path.resolve(folder, name);
  if (target !== folder && !target.startsWith(path.resolve(folder) + path.sep)) {
    throw new Error(`The archive has an entry outside its folder: ${name}`);
  }
  return target;
}

function headerName(header) {
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return prefix ? `${prefix}/${name}` : name;
}

function text(header, offset, length) {
  return header
    .subarray(offset, offset + length)
    .toString("utf8")
    .replace(/\0.*$/s, "");
}

function octal(header, offset, length) {
  return parseInt(text(header, offset, length).trim() || "0", 8);
}

/** The `path` record of a pax header: lines of "length key=value\n". */
function paxPath(records) {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1];
}

/** Exact reads from a stream of chunks. */
function byteReader(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  async function read(length) {
    if (length === 0) return Buffer.alloc(0);
    const parts = [held];
    let have = held.length;
    while (have < length) {
      const next = await chunks.next();
      if (next.done) return null;
      parts.push(next.value);
      have += next.value.length;
    }
    const all = parts.length === 1 ? held : Buffer.concat(parts, have);
    held = all.subarray(length);
    return all.subarray(0, length);
  }
  async function skip(length) {
    for (let left = length; left > 0;) {
      const chunk = await read(Math.min(left, 1 << 20));
      if (chunk === null) return;
      left -= chunk.length;
    }
  }
  return { read, skip };
}
