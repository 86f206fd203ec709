// Models that this repository did not write, captured by its engine, against the maps of those who made them.
import { mkdtemp, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineClient } from "../../src/client/engine-client";
import { measure, type Row } from "./measure";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const { models } = JSON.parse(readFileSync(join(here, "corpus.json"), "utf8")) as { models: Row[] };

let client: EngineClient;
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "corpus-"));
  // One process for all models: starting one takes longer than most of them.
  client = new EngineClient({
    entry: join(root, "dist/engine/main.cjs"),
    trusted: true,
    log: () => undefined,
  });
});
afterAll(async () => {
  client.dispose();
  await rm(scratch, { recursive: true, force: true });
});

const failuresOf = async (row: Row) => (await measure(client, row, here, join(scratch, "maps.npz"))).failures;

describe.each(models.filter((row) => row.knownMiss === undefined))("$file", (row) => {
  it(row.expectedSites > 0 ? "gives every map, and no other" : "holds no attention", async () => {
    expect(await failuresOf(row)).toEqual([]);
  });
});

describe.each(models.filter((row) => row.knownMiss !== undefined))("$file", (row) => {
  it("is still a miss; where it is none, take its `knownMiss` out of the table", async () => {
    const failures = await failuresOf(row).catch((error: unknown) => [String(error)]);
    expect(failures).not.toEqual([]);
  });
});
