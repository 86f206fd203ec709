/** Columns of a Parquet file, by range: only the row groups that hold the rows are read, and of these only the columns. */
import { type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors, decompressZstd } from "hyparquet-compressors";
import { AttentionError } from "../../shared/errors";
import { refuseLarger } from "../limits";
import type { ByteFile } from "./byte-file";
import { refuseLfsPointer } from "./lfs-pointer";

export interface ParquetFile {
  readonly name: string;
  readonly rows: number;
  /** Names of the outermost columns. */
  readonly columns: readonly string[];
  /** Rows [from, to) as objects; columns that the file lacks are left out. Numbers of 64 bits are bigints. */
  read(columns: readonly string[], from?: number, to?: number): Promise<Record<string, unknown>[]>;
}

/** A footer holds names and places; those of files in use are far smaller. */
const LONGEST_FOOTER = 256e6;

/** Reads the footer. The file stays the caller's to close. */
export async function openParquet(file: ByteFile): Promise<ParquetFile> {
  const buffer = {
    byteLength: file.size,
    slice: (start: number, end = file.size): ArrayBuffer => {
      // Negative places count from the end, as for an array.
      const from = start < 0 ? file.size + start : start;
      return file.read(from, end < 0 ? file.size + end : end).buffer as ArrayBuffer;
    },
  };
  refuseLfsPointer(file.read(0, Math.min(200, file.size)), file.name);
  const metadata = await readable(file.name, async () => {
    const length = footerLength(file);
    refuseLarger("arrays", length, "The footer", file.name);
    return parquetMetadataAsync(buffer, { initialFetchSize: length + 8 });
  });
  const rows = Number(metadata.num_rows);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  return {
    name: file.name,
    rows,
    columns,
    read: async (wanted, from = 0, to = rows) => {
      const found = wanted.filter((name) => columns.includes(name));
      if (from >= to || found.length === 0) return [];
      refuseCodecs(metadata, found, file.name);
      const bytes = bytesOf(metadata, found, from, to);
      refuseLarger("arrays", bytes, `What is unpacked for rows ${from} to ${to - 1}`, file.name);
      return readable(file.name, () =>
        parquetReadObjects({
          file: buffer,
          metadata,
          columns: found,
          rowStart: from,
          rowEnd: to,
          // Bytes of pictures are bytes; texts are marked as such in the schema.
          utf8: false,
          useOffsetIndex: true,
          compressors: bounded(bytes),
        }),
      );
    },
  };
}

/** The last eight bytes are the footer's length and a mark. */
function footerLength(file: ByteFile): number {
  if (file.size < 12)
    throw new AttentionError("fileUnreadable", "It is no Parquet file.", { where: file.name });
  const end = file.read(file.size - 8, file.size);
  if (new TextDecoder("latin1").decode(end.subarray(4)) !== "PAR1")
    throw new AttentionError("fileUnreadable", "It is no Parquet file: its end is not marked so.", {
      where: file.name,
    });
  const length = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
  if (length > file.size - 8 || length > LONGEST_FOOTER)
    throw new AttentionError("fileUnreadable", `Its footer of ${length} bytes is longer than the file.`, {
      where: file.name,
    });
  return length;
}

/** What is read here, beside what is not compressed. */
const readCodecs = new Set<string>(["UNCOMPRESSED", ...Object.keys(compressors), "SNAPPY", "ZSTD"]);

/** Refuses columns that are compressed in a way that is not read (LZO). */
function refuseCodecs(metadata: FileMetaData, columns: readonly string[], where: string): void {
  for (const { columns: chunks } of metadata.row_groups)
    for (const { meta_data } of chunks) {
      const name = meta_data?.path_in_schema[0] ?? "";
      if (!meta_data || !columns.includes(name) || readCodecs.has(meta_data.codec)) continue;
      throw new AttentionError(
        "fileUnreadable",
        `The column ${name} is compressed with ${meta_data.codec}, which is not read.`,
        {
          where,
          fix: 'Write the file again: pyarrow.parquet.write_table(table, file, compression="zstd").',
        },
      );
    }
}

/** Bytes that the row groups of these rows declare for columns, unpacked. */
function bytesOf(metadata: FileMetaData, columns: readonly string[], from: number, to: number): number {
  let start = 0;
  let bytes = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    if (start < to && end > from)
      for (const { meta_data } of group.columns)
        if (meta_data && columns.includes(meta_data.path_in_schema[0] ?? ""))
          bytes += Number(meta_data.total_uncompressed_size);
    start = end;
  }
  return bytes;
}

/** Pages may declare more than their column did: none is unpacked to more than all that was declared. */
function bounded(most: number): typeof compressors {
  const all = { ...compressors, ZSTD: (input: Uint8Array, length: number) => zstd(input, length) };
  return Object.fromEntries(
    Object.entries(all).map(([codec, unpack]) => [
      codec,
      (input: Uint8Array, length: number) => {
        if (length > most) throw new Error(`a page declares ${length} bytes, its columns ${most}`);
        return unpack(input, length);
      },
    ]),
  );
}

const zstd = (input: Uint8Array, length: number) => decompressZstd(input, new Uint8Array(length));

/** What the reader throws, as an error that names the file. */
async function readable<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AttentionError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new AttentionError("fileUnreadable", `It cannot be read as Parquet: ${why}.`, {
      where: name,
      cause: error,
    });
  }
}
