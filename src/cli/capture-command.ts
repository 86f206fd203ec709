/** `attention-lens capture MODEL`: one run, every map as npz, sites and figures as JSON and CSV. */
import { type Capture, type ProviderName, providerLabels } from "../shared/capture";
import { bytes, count } from "../shared/format";
import { commandLine } from "./command-line";
import { headTable } from "./head-table";
import { writeText } from "./output";
import { resolvePath, withEngine } from "./session";

export interface CaptureOptions {
  readonly inputs?: string;
  readonly site?: string[];
  readonly out?: string;
  readonly json?: string;
  readonly csv?: string;
  readonly scores?: boolean;
  readonly provider: ProviderName | "auto";
}

export async function runCapture(model: string, options: CaptureOptions): Promise<void> {
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const capture = await client.capture({
      provider: options.provider,
      providerOrder: [],
      input: options.inputs === undefined ? null : { file: resolvePath(options.inputs) },
      sites: options.site ?? null,
      scores: options.scores === true,
    });
    const command = commandLine();
    if (options.out !== undefined) {
      const { bytes: written } = await client.writeData({
        format: "npz",
        file: resolvePath(options.out),
        command,
      });
      console.error(`${options.out}: ${bytes(written)}`);
    }
    for (const format of ["json", "csv"] as const) {
      const file = options[format];
      if (file !== undefined) writeText(file, await client.dataText({ format, command }));
    }
    if (options.json !== "-" && options.csv !== "-") process.stdout.write(`${headTable(capture)}\n`);
    reportRun(capture);
  });
}

/** What ran where, on standard error. */
export function reportRun(capture: Capture): void {
  const { provider } = capture;
  const run = capture.phases.find((phase) => phase.name === "run")?.ms ?? 0;
  const heads = capture.sites.reduce((all, site) => all + site.heads, 0);
  console.error(
    `${count(heads)} heads of ${count(capture.sites.length)} sites, ${capture.input.label}, ${providerLabels[provider.used]}, run ${run.toFixed(0)} ms`,
  );
  for (const { name, reason } of provider.refused)
    console.error(`${providerLabels[name]} was not used: ${reason}`);
  if (provider.advice) console.error(provider.advice);
  for (const notice of capture.notices) console.error(notice);
}
