/** The Parquet files below `meta` of a LeRobot data set of version 3. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { type ByteFile, diskFile } from "../files/byte-file";
import { openParquet } from "../files/parquet";

/** The file of a path of the data set, which may be read. */
export type Located = (named: string) => string;

/** A file that the data set lists. @param where its path in the data set */
export function listedFile(file: string, where: string): ByteFile {
  if (!existsSync(file))
    throw new AttentionError("fileNotFound", "The data set lists this file, and it is not there.", {
      where,
      fix: "Download the data set whole, or choose an episode whose files are there.",
    });
  return diskFile(file, where);
}

/** All rows of a file. @param wanted which of its columns are read */
export async function rowsOf(
  file: string,
  where: string,
  wanted: (column: string) => boolean = () => true,
): Promise<Record<string, unknown>[]> {
  const bytes = listedFile(file, where);
  try {
    const parquet = await openParquet(bytes);
    return await parquet.read(parquet.columns.filter(wanted));
  } finally {
    bytes.close();
  }
}

/** chunk-000/file-000.parquet … below a folder, in order. */
export function parquetFiles(folder: string): string[] {
  const entries = (at: string) => (existsSync(at) ? readdirSync(at).sort() : []);
  return entries(folder).flatMap((chunk) =>
    /^chunk-\d+$/.test(chunk)
      ? entries(path.join(folder, chunk))
          .filter((name) => /^file-\d+\.parquet$/.test(name))
          .map((name) => `${chunk}/${name}`)
      : [],
  );
}
