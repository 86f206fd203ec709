#!/usr/bin/env node
// The command line. It is built into dist/cli by `npm start`, `npm test` or `npm run build`.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = new URL("../dist/cli/main.cjs", import.meta.url);
if (existsSync(fileURLToPath(program))) {
  await import(program.href);
} else {
  console.error("The command line is not built yet: run `npm run build` first.");
  process.exitCode = 3;
}
