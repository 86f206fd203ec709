/** The few lines that Git LFS leaves in place of a file that was not fetched. */
import { AttentionError } from "../../shared/errors";

/** @param head the first bytes of a file */
export function isLfsPointer(head: Uint8Array): boolean {
  return /^(\u00ef\u00bb\u00bf)?\s*version https:\/\/git-lfs\.github\.com\/spec\//.test(
    new TextDecoder("latin1").decode(head.subarray(0, 200)),
  );
}

/** Refuses a recorded file that was not fetched. @param where what messages call it */
export function refuseLfsPointer(head: Uint8Array, where: string): void {
  if (isLfsPointer(head))
    throw new AttentionError("fileUnreadable", "It is a Git LFS pointer, and not the file itself.", {
      where,
      fix: "Run `git lfs pull` in the folder that it came with, or download the file itself.",
    });
}
