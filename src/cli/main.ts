/** Entry of the command line. Data go to standard output, messages and progress to standard error. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type ProviderName, providerLabels } from "../shared/capture";
import { colourMapNames } from "../shared/colour-maps";
import { scaleNames } from "../shared/colour-scale";
import { AttentionError, oneLine } from "../shared/errors";
import { defaultSpec, figureViews, paperSizes } from "../shared/figure/figure-spec";
import { figureThemes } from "../shared/figure/figure-theme";
import { runCapture } from "./capture-command";
import { exitCodeOf } from "./exit-codes";
import {
  parseFormats,
  parseHeads,
  parseNumbers,
  parseQuery,
  parseRange,
  parseSize,
  parseViews,
  runFigure,
} from "./figure-command";
import { withInputOptions } from "./input-options";
import { runInspect } from "./inspect-command";
import { runManifestCheck, runManifestInit } from "./manifest-command";
import { runProviders } from "./providers-command";
import { parseLimit, runReport } from "./report-command";
import { parseSamples, runStats } from "./stats-command";
import { runWeights } from "./weights-command";

const list = (value: string, before: string[] | undefined) => [...(before ?? []), value];

function program(): Command {
  const provider = () =>
    new Option("--provider <name>", "execution provider")
      .choices(["auto", ...Object.keys(providerLabels)] as ("auto" | ProviderName)[])
      .default("auto");
  const command = new Command("attention-lens")
    .description("See what a transformer attends to: finds and captures the attention of any ONNX export.")
    .showHelpAfterError()
    .exitOverride();
  command
    .command("inspect <model>")
    .description("list the attention sites that the graph holds, without running it")
    .option("--explain <site>", "how one site was found and is captured: what a report of a miss needs")
    .option("--json <file>", "write the same as JSON; - for standard output")
    .action(runInspect);
  command
    .command("weights <file>")
    .description("list modules and weights of a model or a safetensors file: types, sizes, bias, parameters")
    .option("--json <file>", "write the same as JSON; - for standard output")
    .action(runWeights);
  withInputOptions(command.command("capture <model>"))
    .description("run the model once and write every attention map")
    .option("--site <pattern>", "only sites whose name or id matches (* and ?); may be repeated", list)
    .option(
      "--scores",
      "write the scores before the softmax as well: scores/site_000 and, after the mask, masked_scores/site_000",
    )
    .option("--samples <list>", "samples of the recording that make the batch, as 0:10", parseNumbers)
    .option(
      "--out <npz>",
      "maps as site_000, site_001 …: float32 [batch, heads, queries, keys]; {step} and {pass} for several",
    )
    .option(
      "--out-dir <folder>",
      "one npz for each of --steps (all without it) and --pass, whole or not at all; those that are there and the same are skipped",
    )
    .option("--json <file>", "sites, figures of every head, provider and timings; - for standard output")
    .option("--csv <file>", "figures of every head, a row for each; - for standard output")
    .addOption(provider())
    .action(runCapture);
  withInputOptions(command.command("figure <model>"))
    .description("run the model once and draw figures: PNG, SVG (text and axes as vectors) or PDF")
    .option("--site <pattern>", "only sites whose name or id matches (* and ?); may be repeated", list)
    .option("--view <names>", `${figureViews.join(", ")} or all; several with commas`, parseViews, [
      defaultSpec.view,
    ])
    .option("--layers <list>", "layers, as 0,8 or 0:4 (the end left out); all without it", parseNumbers)
    .option("--heads <list>", "all, or heads and mean, as mean,0,2", parseHeads, defaultSpec.heads)
    .option(
      "--samples <list>",
      "samples of the recording, else elements of the batch, as 0:10; all of the batch without it",
      parseNumbers,
    )
    .option(
      "--query <query>",
      "for tokens: a number, last, a token of a segment as action[0], or mean(action); the manifest's without it, else last",
      parseQuery,
    )
    .option("--out <file>", "one figure; .png, .svg or .pdf")
    .option("--out-dir <folder>", "a folder for all figures")
    .option(
      "--name <template>",
      "names below --out-dir: {view} {sample} {step} {pass} {layer} {head} {component} {site} {model}",
    )
    .option("--format <names>", "png, svg, pdf; several with commas", parseFormats)
    .option(
      "--size <size>",
      `${paperSizes.join(" (85 mm) or ")} (178 mm) of a paper, or WIDTHxHEIGHT pixels`,
      parseSize,
      defaultSpec.size,
    )
    .option("--title <text>", 'instead of the figure\'s own; "" for none')
    .option(
      "--range <end>",
      "where the colours end: auto, maximum, p99 or a probability; the manifest's without it, else auto",
      parseRange,
    )
    .addOption(
      new Option("--colormap <name>", "colours; the manifest's without it, else magma").choices(
        colourMapNames,
      ),
    )
    .addOption(
      new Option("--scale <name>", "of the colours; the manifest's without it, else linear").choices(
        scaleNames,
      ),
    )
    .addOption(new Option("--theme <name>", "ground").choices(figureThemes).default(defaultSpec.theme))
    .addOption(provider())
    .action(runFigure);
  withInputOptions(command.command("report <model>"))
    .description(
      "print the table of heads and write one offline page with the views, and a picture of all heads",
    )
    .option("--site <pattern>", "only sites whose name or id matches (* and ?); may be repeated", list)
    .option("--samples <list>", "samples of the recording that make the batch, as 0:10", parseNumbers)
    .option(
      "--out <file>",
      "the page: views with hover and zoom, in one file that opens without a network; {step} for several steps",
    )
    .option(
      "--query <query>",
      "the query that the page follows first: a number, last, a token of a segment as action[0], or mean(action)",
      parseQuery,
    )
    .option("--png <file>", "all heads and their entropy as a picture")
    .option("--scores", "keep the scores before the softmax as well, before and after the mask")
    .option("--limit <megabytes>", "maps in the page at most; what is left out is said", parseLimit, 50)
    .addOption(new Option("--html <file>", "the page, as --out").hideHelp())
    .addOption(provider())
    .action(runReport);
  withInputOptions(command.command("stats <model>"))
    .description("print the four figures of the last query's attention per layer, overall and per head")
    .option("--site <pattern>", "only sites whose name or id matches (* and ?); may be repeated", list)
    .option(
      "--samples <list>",
      "how many samples of the recording (10, unless the manifest says it), or which: 0,3 or 0:10",
      parseSamples,
    )
    .option("--json <file>", "write the same as JSON; - for standard output")
    .addOption(provider())
    .action(runStats);
  const manifest = command.command("manifest").description("the file beside a model that names its tokens");
  manifest
    .command("check <model>")
    .description("list what is wrong with the manifest, with lines; ends with 1 where there is an error")
    .option("--json <file>", "write the same as JSON; - for standard output")
    .action(runManifestCheck);
  manifest
    .command("init <model>")
    .description("write a manifest to begin with, from what graph and data show")
    .option("--out <file>", "instead of the manifest beside the model; - for standard output")
    .option("--force", "write over a manifest that is there")
    .action(runManifestInit);
  command
    .command("providers")
    .description("show which execution providers run here")
    .option("--json <file>", "write the same as JSON; - for standard output")
    .action(runProviders);
  return command;
}

async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander writes what it finds itself; what a command finds once it runs is written here.
      if (error instanceof InvalidArgumentError) console.error(`attention-lens: ${error.message}`);
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const wrapped = AttentionError.wrap(error);
    console.error(`attention-lens: ${oneLine(wrapped.report())}`);
    process.exitCode = exitCodeOf(wrapped.code);
  }
}

void main();
