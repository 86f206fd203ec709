/** `attention-lens report MODEL`: the table of heads, one offline page with the views, and a picture of all heads. */
import path from "node:path";
import { InvalidArgumentError } from "commander";
import { startingSpec } from "../shared/figure/figure-spec";
import { bytes } from "../shared/format";
import type { QueryText } from "../shared/query-choice";
import type { CaptureRequest } from "../shared/protocol";
import { type CaptureOptions, reportRun } from "./capture-command";
import { firstPlace, placesOf, requestAt, several } from "./captures";
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
    const capture = await client.capture(atOnePlace(request, options));
    placesOf(options.steps, "steps", capture.recording.steps);
    placesOf(options.pass, "pass", capture.recording.passes);
    process.stdout.write(`${headTable(capture)}\n`);
    reportRun(capture);
    const command = commandLine();
    if (page !== undefined) {
      makeFolder(path.dirname(resolvePath(page)));
      const { bytes: written, leftOut } = await client.writeReport({
        file: resolvePath(page),
        command,
        limitBytes: options.limit * 1e6,
        viewState: null,
        ...(options.query === undefined ? {} : { query: options.query }),
      });
      console.error(`${page}: ${bytes(written)}. It holds the model's input: its texts and frames.`);
      for (const sentence of leftOut) console.error(sentence);
    }
    if (options.png !== undefined) {
      makeFolder(path.dirname(resolvePath(options.png)));
      const spec = { ...startingSpec(capture.start), view: "summary" as const };
      const { bytes: written } = await client.writeFigure({
        spec,
        format: "png",
        file: resolvePath(options.png),
        command,
      });
      console.error(`${options.png}: ${bytes(written)}`);
    }
  });
}

/** A page shows one capture, so one step and one pass. */
function atOnePlace(request: CaptureRequest, options: ReportOptions): CaptureRequest {
  for (const [places, option, what] of [
    [options.steps, "--steps", "step"],
    [options.pass, "--pass", "pass"],
  ] as const)
    if (several(places))
      throw new InvalidArgumentError(`A report shows one ${what}: give ${option} one number.`);
  return requestAt(request, firstPlace(options));
}

export function parseLimit(text: string): number {
  const megabytes = Number(text);
  if (!(megabytes > 0 && megabytes <= 2000))
    throw new InvalidArgumentError("A limit is a number of megabytes from above 0 to 2000.");
  return megabytes;
}
