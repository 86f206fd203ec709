/** The entries of *Select Provider*, in words. */
import { providerLabels, type ProviderName, type ProviderStatus } from "../shared/capture";
import type { ProviderChoice } from "../shared/document";

export interface ProviderItem {
  readonly choice: ProviderChoice;
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
}

/** Where a provider exists at all; elsewhere it is not offered. */
const platforms: Record<ProviderName, readonly NodeJS.Platform[] | "all"> = {
  tensorrt: ["linux", "win32"],
  cuda: ["linux", "win32"],
  dml: ["win32"],
  coreml: ["darwin"],
  webgpu: "all",
  cpu: "all",
};

/** Automatic, then what can run here, then what could run here with its advice. The present choice is marked. */
export function providerItems(
  statuses: readonly ProviderStatus[],
  now: ProviderChoice,
  platform: NodeJS.Platform,
): ProviderItem[] {
  const mark = (choice: ProviderChoice) => (choice === now ? "$(check) " : "");
  const offered = statuses.filter(({ name }) => {
    const where = platforms[name];
    return where === "all" || where.includes(platform) || name === now;
  });
  return [
    {
      choice: "auto",
      label: `${mark("auto")}Automatic`,
      description: "the first that passes a tiny run, CPU last",
    },
    ...offered
      .toSorted((a, b) => Number(b.available) - Number(a.available))
      .map(({ name, available, detail, advice }) => ({
        choice: name,
        label: `${mark(name)}${providerLabels[name]}`,
        // A reason can be long: the description is one line and cut, the detail is not.
        description: available ? detail : "not available",
        ...(available ? {} : { detail: [detail, advice].filter(Boolean).join(". ") }),
      })),
  ];
}
