export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures?: readonly string[];
}
export function readCounts(name: string, file: string, code: number): Counts;
export function failure(words: string): Counts;
export function sum(counts: readonly Counts[]): Counts;
