// `npm test`: sets up what is missing and runs everything; `npm test -- unit e2e` runs only those suites.
// The last line is `N passed, N failed`, with `, N skipped` where some were.
import { ensureDependencies, requireNode } from "./setup.mjs";

const asked = process.argv.slice(2);
const started = Date.now();

try {
  requireNode("20.19");
  await ensureDependencies();
  const { failure, suites, sum } = await import("./suites.mjs");
  const names = Object.keys(suites);
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no suite ${unknown.join(", ")}; there are: ${names.join(", ")}.`);
  }

  const results = [];
  for (const name of names.filter(isWanted)) {
    console.log(`\n━━ ${suites[name].title} ${"━".repeat(Math.max(0, 74 - suites[name].title.length))}`);
    const begun = Date.now();
    // A suite that throws has failed; the others still run.
    const counts = await suites[name].run().catch((error) => failure(`${name}: ${error.message}`));
    results.push({ name, counts, seconds: (Date.now() - begun) / 1000 });
  }
  conclude(results, sum(results.map((result) => result.counts)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}

/** Suites on built programs bring the build with them. */
function isWanted(name) {
  const onBuild = asked.some((other) => other !== "types" && other !== "lint");
  return asked.length === 0 || asked.includes(name) || (name === "build" && onBuild);
}

function conclude(results, total) {
  console.log(`\n━━ all, in ${((Date.now() - started) / 1000).toFixed(0)} s ${"━".repeat(60)}`);
  for (const { name, counts, seconds } of results) {
    console.log(`${name.padEnd(10)} ${words(counts).padEnd(36)} ${seconds.toFixed(1).padStart(6)} s`);
  }
  for (const words of total.failures) console.log(`✗ ${words}`);
  console.log(words(total));
  if (total.failed > 0) process.exitCode = 1;
}

function words({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
