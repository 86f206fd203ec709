/** `attention-lens report MODEL`: the table of heads, one offline page with the views, and a picture of all heads. */
import path from "node:path";
import { InvalidArgumentError } from "commander";
import type { EngineClient } from "../client/engine-client";
import type { Capture } from "../shared/capture";
import { startingSpec } from "../shared/figure/figure-spec";
import { bytes } from "../shared/format";
import type { QueryText } from "../shared/query-choice";
import { type CaptureOptions, reportRun } from "./capture-command";
import { capturesAlong, fileOf, several } from "./captures";
import { commandLine } from "./command-line";
import { makeFolder } from "./figure-command";
import { inputChoice, type InputOptions } from "./input-options";
import { headTable } from "./head-table";
import { resolvePath, withEngine } from "./session";

export interface ReportOptions extends InputOptions, Pick<CaptureOptions, "samples" | "site" | "provider"> {
  readonly out?: string;
  /** The older name of `--out`. */
  readonly html?: string;
  readonly png?: string;
  readonly scores?: boolean;
  readonly query?: QueryText;
  /** Megabytes of maps in the page. */
  readonly limit: number;
}

export async function runReport(model: string, options: ReportOptions): Promise<void> {
  const page = options.out ?? options.html;
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const request = {
      provider: options.provider,
      providerOrder: [],
      input: inputChoice(options, options.samples),
      sites: options.site ?? null,
      scores: options.scores === true,
    };
    // A page shows one capture, so each step and each pass has one of its own.
    for await (const at of capturesAlong(client, request, options)) {
      const { steps, passes } = at.capture.recording;
      if (several(options.steps)) console.error(`${steps?.name ?? "step"} ${at.step}`);
      if (several(options.pass)) console.error(`${passes?.name ?? "pass"} ${at.pass}`);
      process.stdout.write(`${headTable(at.capture)}\n`);
      reportRun(at.capture);
      if (page !== undefined) await writePage(client, fileOf(page, at, options), options);
      if (options.png !== undefined)
        await writePicture(client, fileOf(options.png, at, options), at.capture.start);
    }
  });
}

async function writePage(client: EngineClient, page: string, options: ReportOptions): Promise<void> {
  makeFolder(path.dirname(resolvePath(page)));
  const { bytes: written, leftOut } = await client.writeReport({
    file: resolvePath(page),
    command: commandLine(),
    limitBytes: options.limit * 1e6,
    viewState: null,
    ...(options.query === undefined ? {} : { query: options.query }),
  });
  console.error(`${page}: ${bytes(written)}. It holds the model's input: its texts and frames.`);
  for (const sentence of leftOut) console.error(sentence);
}

async function writePicture(client: EngineClient, file: string, start: Capture["start"]): Promise<void> {
  makeFolder(path.dirname(resolvePath(file)));
  const spec = { ...startingSpec(start), view: "summary" as const };
  const { bytes: written } = await client.writeFigure({
    spec,
    format: "png",
    file: resolvePath(file),
    command: commandLine(),
  });
  console.error(`${file}: ${bytes(written)}`);
}

export function parseLimit(text: string): number {
  const megabytes = Number(text);
  if (!(megabytes > 0 && megabytes <= 2000))
    throw new InvalidArgumentError("A limit is a number of megabytes from above 0 to 2000.");
  return megabytes;
}
