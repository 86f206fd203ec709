export interface Browser {
  readonly executablePath: string;
  readonly args: string[];
  readonly from: "installed" | "carried";
}
export function findBrowser(options?: { carried?: boolean }): Promise<Browser>;
export function softwareVulkan(options?: { carried?: boolean }): Promise<Record<string, string> | null>;
