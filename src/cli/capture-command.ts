/** `attention-lens capture MODEL`: one run, every map as npz, sites and figures as JSON and CSV. */
import { type Capture, type ProviderName, providerLabels } from "../shared/capture";
import { bytes, counted } from "../shared/format";
import type { EngineClient } from "../client/engine-client";
import { AttentionError } from "../shared/errors";
import type { CaptureRequest } from "../shared/protocol";
import { captureToFolder, folderWords } from "./capture-folder";
import { commandLine } from "./command-line";
import { capturesAlong, fileOf, several } from "./captures";
import { inputChoice, type InputOptions } from "./input-options";
import { headTable } from "./head-table";
import { writeText } from "./output";
import { resolvePath, withEngine } from "./session";

export interface CaptureOptions extends InputOptions {
  readonly samples?: number[];
  readonly site?: string[];
  readonly out?: string;
  readonly outDir?: string;
  readonly json?: string;
  readonly csv?: string;
  readonly scores?: boolean;
  readonly provider: ProviderName | "auto";
}

export async function runCapture(model: string, options: CaptureOptions): Promise<void> {
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const request = {
      provider: options.provider,
      providerOrder: [],
      input: inputChoice(options, options.samples),
      sites: options.site ?? null,
      scores: options.scores === true,
    };
    if (options.outDir !== undefined) return toFolder(client, request, options, options.outDir);
    const command = commandLine();
    for await (const at of capturesAlong(client, request, options)) {
      const { capture, step, pass } = at;
      if (options.out !== undefined) {
        const file = fileOf(options.out, at, options);
        const { bytes: written } = await client.writeData({
          format: "npz",
          file: resolvePath(file),
          command,
        });
        console.error(`${file}: ${bytes(written)}`);
      }
      for (const format of ["json", "csv"] as const) {
        const file = options[format];
        if (file !== undefined)
          writeText(fileOf(file, at, options), await client.dataText({ format, command }));
      }
      const { steps, passes } = capture.recording;
      const where = [
        ...(several(options.steps) ? [`${steps?.name ?? "step"} ${step}`] : []),
        ...(several(options.pass) ? [`${passes?.name ?? "pass"} ${pass}`] : []),
      ];
      if (where.length > 0) console.error(where.join(", "));
      if (options.json !== "-" && options.csv !== "-") process.stdout.write(`${headTable(capture)}\n`);
      reportRun(capture);
    }
  });
}

async function toFolder(
  client: EngineClient,
  request: CaptureRequest,
  options: CaptureOptions,
  folder: string,
): Promise<void> {
  if (options.out ?? options.json ?? options.csv)
    throw new AttentionError("writeFailed", "--out-dir writes npz files alone.", {
      fix: "Leave out --out, --json and --csv, or give them without --out-dir and with {step} or {pass} in their names.",
    });
  const place = { folder: resolvePath(folder), command: commandLine() };
  const result = await captureToFolder(client, request, options, place, console.error);
  console.error(folderWords(result));
}

/** What ran where, on standard error. */
export function reportRun(capture: Capture): void {
  const { provider } = capture;
  const run = capture.phases.find((phase) => phase.name === "run")?.ms ?? 0;
  const heads = capture.sites.reduce((all, site) => all + site.heads, 0);
  console.error(
    `${counted(heads, "head")} of ${counted(capture.sites.length, "site")}, ${capture.input.label}, ${providerLabels[provider.used]}, run ${run.toFixed(0)} ms`,
  );
  for (const { name, reason } of provider.refused)
    console.error(`${providerLabels[name]} was not used: ${reason}`);
  if (provider.advice) console.error(provider.advice);
  for (const notice of capture.notices) console.error(notice);
  for (const assumed of new Set(capture.axes.flatMap((axis) => axis.assumed ?? [])))
    console.error(`Assumed labels: ${assumed}`);
}
