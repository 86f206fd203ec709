/** The text of a file: UTF-8, or UTF-16 that says so; anything else is refused rather than read with wrong letters. */
import { AttentionError } from "../../shared/errors";
import { refuseLarger } from "../limits";
import type { ByteFile } from "./byte-file";

export function fileText(file: ByteFile): string {
  refuseLarger("text", file.size, "The file", file.name);
  const bytes = file.read(0, file.size);
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AttentionError("fileUnreadable", "It is not text in UTF-8.", {
      where: file.name,
      fix: "Save it as UTF-8.",
      cause: error,
    });
  }
}
