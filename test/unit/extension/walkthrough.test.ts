/** The walkthrough's pictures are there and small. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../../..");
const { contributes } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

it("has a picture of at most 200 KB for each of the four steps of the walkthrough", () => {
  const [{ steps }] = contributes.walkthroughs;
  expect(steps).toHaveLength(4);
  for (const { media } of steps) {
    expect(media.altText).toBeTruthy();
    const file = path.join(root, media.image);
    expect(existsSync(file), media.image).toBe(true);
    expect(statSync(file).size).toBeLessThanOrEqual(200_000);
  }
});
