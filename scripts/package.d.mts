export const LIMIT_BYTES: number;
export function makePackage(target?: string): Promise<{ file: string; bytes: number }>;
export function ensurePackage(): Promise<{ file: string; bytes: number }>;
