export function setUp(): Promise<void>;
export function requireNode(least?: string, version?: string): void;
export function ensureDependencies(): Promise<void>;
export function dependenciesAreThere(folder?: string): boolean;
export function ensureBuild(): Promise<void>;
export function buildIsFresh(folder?: string): boolean;
