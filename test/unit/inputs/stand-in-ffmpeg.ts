/** Programs named ffmpeg on the PATH, for tests that must not depend on the real one. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "../engine/harness";

/** What the tests' machine has: found before a test puts its own in the place. */
export const hasFfmpeg = ((): boolean => {
  try {
    return execFileSync("ffmpeg", ["-version"]).length > 0;
  } catch {
    return false;
  }
})();

/** The PATH of this test: these folders alone, or before the others. */
export function onPath(folder: string, others: boolean): void {
  const before = process.env["PATH"];
  process.env["PATH"] = others ? `${folder}${path.delimiter}${before ?? ""}` : folder;
  onTestFinished(() => {
    process.env["PATH"] = before;
  });
}

/** A program for this test. @param body JavaScript, with the arguments as `args` */
export function standIn(body: string, name = "ffmpeg"): string {
  const folder = temporaryFolder();
  writeFileSync(
    path.join(folder, name),
    `#!${process.execPath}\nconst args = process.argv.slice(2);\n${body}\n`,
    { mode: 0o755 },
  );
  onPath(folder, true);
  return folder;
}

const sharp = JSON.stringify(createRequire(import.meta.url).resolve("sharp"));

/**
 * An ffmpeg that gives the frame after the time that it is asked for as one grey, as the frames of the LeRobot fixtures
 * are: 16 + 14 × the number of the frame at 10 a second.
 */
export function greyByTime(): void {
  standIn(`
    const from = Number(args[args.indexOf("-ss") + 1]);
    const grey = 16 + 14 * Math.ceil(from * 10 - 1e-6);
    const background = { r: grey, g: grey, b: grey };
    require(${sharp})({ create: { width: 32, height: 24, channels: 3, background } })
      .png().toBuffer().then((bytes) => process.stdout.write(bytes));
  `);
}
