/** Exit codes (`decisions.md` 19): 0 done, 1 a failed expectation, 2 usage, 3 engine failure, 4 bad input. */
import type { ErrorCode } from "../shared/errors";

const badInput: ReadonlySet<ErrorCode> = new Set([
  "notOnnx",
  "truncated",
  "gitLfsPointer",
  "externalDataMissing",
  "externalDataRefused",
  "tooLarge",
  "limits",
  "fileNotFound",
  "fileUnreadable",
  "notCheckpointExport",
  "inputMismatch",
  "inputMissing",
  "inputTooLarge",
  "filterInvalid",
  "inputRefused",
  "frameUnreadable",
  "tokenizerInvalid",
  "manifestInvalid",
  "siteUnknown",
  "noAttention",
]);

export function exitCodeOf(code: ErrorCode): number {
  return badInput.has(code) ? 4 : 3;
}
