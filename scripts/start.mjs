// `npm start`: sets up what is missing, then shows the example's attention.
//   npm start                          VS Code: the example's source on the left, its visualizer on the right
//   npm start -- path/to/model.onnx    the same for another model
//   npm start -- --headless            no window: a table of heads, out/report.html, out/report.png
//   npm start -- --headless --all      the same for every example: out/<name>.html, out/<name>.png
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { exampleModel, examples, out, root } from "./paths.mjs";
import { run } from "./processes.mjs";
import { setUp } from "./setup.mjs";

const usage = `npm start -- [MODEL.onnx] [options]

  MODEL.onnx     the model to open (the decision transformer of examples/ when left out)
  --headless     no window: print the table of heads, write out/report.html and out/report.png
  --all          with --headless: every example, as out/<name>.html and out/<name>.png
  --browser      VS Code for the browser even where a desktop VS Code is installed
  --port PORT    port of VS Code for the browser (a free one when left out)
  --no-open      do not open the system's browser, only print the address
  --help         this text`;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  if (options === null) return 2;
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (!existsSync(options.model) || !statSync(options.model).isFile()) {
    console.error(`There is no model at ${options.model}.`);
    return 4;
  }
  await setUp();
  if (options.headless && options.all) return reportAll();
  if (options.headless) return report(options.model, "report");
  const { openVscode } = await import("./open.mjs");
  return openVscode(options);
}

/** The options, or null after saying what is wrong with them. */
function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        headless: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
        browser: { type: "boolean", default: false },
        "no-open": { type: "boolean", default: false },
        port: { type: "string", default: "0" },
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (values.all && (!values.headless || positionals.length > 0))
      throw new Error("--all goes with --headless, and names no model.");
    if (positionals.length > 1) throw new Error("Only one model can be named.");
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`${values.port} is not a port.`);
    // npm changes into the repository; the path is meant from where the person is.
    const from = process.env.npm_lifecycle_event === "start" ? process.env.INIT_CWD : undefined;
    const model = positionals[0] && path.resolve(from ?? process.cwd(), positionals[0]);
    return { ...values, port, model: model ?? exampleModel, open: !values["no-open"] };
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    return null;
  }
}

/** The main job without a window for every example; one that fails does not keep the others from it. */
async function reportAll() {
  const failed = [];
  const names = readdirSync(examples).filter((name) => existsSync(path.join(examples, name, "model.onnx")));
  for (const name of names) {
    console.log(`\n${name}`);
    if ((await report(path.join(examples, name, "model.onnx"), name)) !== 0) failed.push(name);
  }
  if (failed.length > 0) console.error(`No report of ${failed.join(", ")}.`);
  return failed.length > 0 ? 1 : 0;
}

/** The main job without a window. */
async function report(model, name) {
  mkdirSync(out, { recursive: true });
  const html = path.join(out, `${name}.html`);
  const png = path.join(out, `${name}.png`);
  const program = path.join(root, "bin", "attention-lens.mjs");
  const { code } = await run(process.execPath, [program, "report", model, "--html", html, "--png", png]);
  if (code !== 0) return code;
  for (const file of [html, png]) {
    if (!existsSync(file)) throw new Error(`${path.relative(root, file)} was not written.`);
    console.log(`${path.relative(root, file)}  ${Math.ceil(statSync(file).size / 1000)} KB`);
  }
  return 0;
}
