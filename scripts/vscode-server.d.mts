import type { ChildProcess } from "node:child_process";

export interface Server {
  readonly address: (folder: string) => string;
  readonly token: string;
  readonly port: number;
  readonly extensions: string;
  readonly logs: string;
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}
export interface ServerOptions {
  readonly home: string;
  readonly trusted: boolean;
  readonly extensions?: string;
  readonly port?: number;
  readonly env?: Record<string, string | undefined>;
  readonly settings?: Record<string, unknown>;
}
export const QUIET_SETTINGS: Readonly<Record<string, unknown>>;
export function startServer(options: ServerOptions): Promise<Server>;
export function installExtension(vsix: string, where: { home: string }): Promise<string>;
