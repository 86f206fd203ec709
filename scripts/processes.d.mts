export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly quiet?: boolean;
}
export function run(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<{ code: number; output: string }>;
export function mustRun(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
export function npmCommand(): readonly [string, ...string[]];
export function npm(args: readonly string[], options?: RunOptions): Promise<string>;
export function findOnPath(names: readonly string[], searchPath?: string): string | undefined;
