/** `attention-lens report MODEL`: the table of heads, and a page with every head's map. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { bytes } from "../shared/format";
import { type CaptureOptions, reportRun } from "./capture-command";
import { headTable } from "./head-table";
import { resolvePath, withEngine } from "./session";

export interface ReportOptions extends Pick<CaptureOptions, "inputs" | "provider"> {
  readonly html?: string;
  readonly png?: string;
}

export async function runReport(model: string, options: ReportOptions): Promise<void> {
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const capture = await client.capture({
      provider: options.provider,
      providerOrder: [],
      inputs: options.inputs === undefined ? null : resolvePath(options.inputs),
      sites: null,
    });
    process.stdout.write(`${headTable(capture)}\n`);
    reportRun(capture);
    const files = {
      html: options.html ? resolvePath(options.html) : null,
      png: options.png ? resolvePath(options.png) : null,
    };
    for (const file of [files.html, files.png]) if (file) mkdirSync(path.dirname(file), { recursive: true });
    if (files.html === null && files.png === null) return;
    const { bytes: written } = await client.writeReport(files);
    console.error(`${[options.html, options.png].filter(Boolean).join(", ")}: ${bytes(written)}`);
  });
}
